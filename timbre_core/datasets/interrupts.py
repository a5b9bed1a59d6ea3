"""Ctrl-C and the processes and threads that this one starts."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

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
