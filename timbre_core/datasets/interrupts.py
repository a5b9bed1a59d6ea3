"""Ctrl-C and the processes and threads that this one starts."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

_Result = TypeVar("_Result")

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What asks a process to stop: Ctrl-C, what service managers and containers send, and a terminal that is closed."""


@contextlib.contextmanager
def interrupts_not_inherited() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal, and only the parent deals with it, when the block is done: processes that
    are started in it are never interrupted, from their first moment on (but on Windows, where they have to ignore it)."""
    with interrupts_deferred():
        if not hasattr(signal, "pthread_sigmask"):
            yield
            return
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # started later, it would lift the block
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Ctrl-C, and other signals that would raise an error, are answered when the block is done. A thread whose start they cut
    short would be waited for by nobody, and Python would end while it computes: torch aborts the process then."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    answers: dict[int, Callable[..., Any]] = {number: each for number, each in before.items() if callable(each)}
    if threading.current_thread() is not threading.main_thread() or not answers:
        yield
        return
    came: list[tuple[Any, ...]] = []

    def note(*call: Any) -> None:
        came.append(call)

    for number in answers:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, answer in answers.items():
            signal.signal(number, answer)
        if came:
            answers[came[0][0]](*came[0])


class _Ended(BaseException):
    """Nobody wants any more what a thread works on."""


class Endable:
    """Work in other threads that can be ended before it is done: within the next call of compiled code, as Ctrl-C does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._ended = False

    def __call__(self, work: Callable[[], _Result]) -> _Result:
        """What `work` gives, in this thread. Raises BaseException where it is ended."""
        thread = threading.get_ident()
        with self._lock:
            if self._ended:
                raise _Ended
            self._running.add(thread)
        try:
            return work()
        finally:
            with self._lock:  # from here on nothing is raised in this thread any more
                self._running.discard(thread)

    def end(self) -> None:
        """End what is at work, and begin no more."""
        with self._lock:
            self._ended = True
            for thread in self._running:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Ended))
