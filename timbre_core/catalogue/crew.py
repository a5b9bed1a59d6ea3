"""Worker processes that read sounds: each has a pipe of its own, ends when the parent is gone, and costs its task alone when
it dies (a decoder may, on a damaged file)."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

from timbre_core.datasets.audio_files import has_sounds
from timbre_core.datasets.interrupts import interrupts_not_inherited

MODULES = (
    *("torch", "soundfile", "soxr", "scipy.fft", "safetensors.torch", "timbre_core.checkpoint", "timbre_core.decoding"),
    *("timbre_core.devices", "timbre_core.learned_code", "timbre_core.models.coder", "timbre_core.models.weights"),
    *("timbre_core.features.brightness", "timbre_core.features.descriptors", "timbre_core.features.frames"),
    *("timbre_core.features.heard_pitch", "timbre_core.features.recording", "timbre_core.recipes.networks"),
    *("timbre_core.catalogue.reading", "timbre_core.catalogue.hearing"),
)
"""What reading needs, for processes to import once."""

PARALLEL = 24
"""Sounds to be read from which on a second process is worth its start."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_TASKS_AHEAD = 2
_BEHIND = 5  # niceness: pages that are looked at come first
# A server that has imported what all need, once, and forks: a second process costs nothing more. Elsewhere fork is not safe.
_FORKS = sys.platform == "linux"


def prepare(modules: Sequence[str]) -> None:
    """Begin to import what the processes of a later `Crew` need; returns at once. Importing these must start no thread."""
    if _FORKS:
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload(list(modules))
        _ensure_server()


def _ensure_server() -> None:
    from multiprocessing import forkserver

    with interrupts_not_inherited():
        forkserver.ensure_running()
    atexit.unregister(_end_server)
    atexit.register(_end_server)


def _end_server() -> None:
    """End a server that still imports as this process ends: it would find out when it has, seconds later."""
    from multiprocessing import forkserver

    number = getattr(forkserver._forkserver, "_forkserver_pid", None)
    if number is not None:
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGTERM)


def prepare_for(root: Path) -> None:
    """`prepare` for reading a new folder, where several processes will: with few sounds nothing is imported for nothing."""
    if has_sounds(root, PARALLEL):
        prepare(MODULES)


def step_back(process: int | None) -> None:
    """Let a process come after all that is not nice, for good, where the system knows of that: systems take niceness back
    from nobody but the administrator, and processes that it starts afterwards are as nice."""
    if process is not None and hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process, max(_BEHIND, os.getpriority(os.PRIO_PROCESS, process)))


class Crew(Generic[_Item, _Result]):
    """`count` processes that turn items into results, in whatever order they are done.

    open_work: makes, once in each process, the function that turns a task (a list of items) into as many results; it and its
    argument go to the processes by name, so it is a module's function. lost: the result of an item whose reading ended its
    process twice.
    """

    def __init__(
        self,
        open_work: Callable[[Any], Callable[[Sequence[_Item]], list[_Result]]],
        argument: Any,
        lost: Callable[[_Item], _Result],
        count: int,
    ) -> None:
        self._start = (open_work, argument)
        self._lost = lost
        self._is_behind = False
        self._hands: list[_Hand[_Item]] = [self._hire() for _ in range(count)]

    def __enter__(self) -> Crew[_Item, _Result]:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.pipe.close()
        for hand in self._hands:
            hand.process.join(5)
            if hand.process.is_alive():
                hand.process.terminate()

    def step_back(self) -> None:
        """Let the processes come after all that is not nice, from now on: nobody waits for them."""
        self._is_behind = True
        for hand in self._hands:
            step_back(hand.process.pid)

    def _hire(self) -> _Hand[_Item]:
        context = multiprocessing.get_context("forkserver") if _FORKS else multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, *self._start), daemon=True)
        if _FORKS:
            _ensure_server()
        # The wait for what a server imports may be interrupted: what it forks then finds its pipe closed, and ends.
        with contextlib.nullcontext() if _FORKS else interrupts_not_inherited():
            process.start()
        theirs.close()
        if self._is_behind:
            step_back(process.pid)
        return _Hand(process, ours, deque())

    def results(self, items: Sequence[_Item], size: int) -> Iterator[list[_Result]]:
        """The results of all items, `size` of them a task; closing the iterator leaves what has not begun undone."""
        tasks = deque(items[start : start + size] for start in range(0, len(items), size))
        busy = True
        while busy:
            for hand in self._hands:
                while tasks and len(hand.tasks) < _TASKS_AHEAD:
                    task = tasks.popleft()
                    hand.tasks.append(task)
                    with contextlib.suppress(OSError):  # it died: seen below, where its pipe ends
                        hand.pipe.send(task)
            working = {hand.pipe: place for place, hand in enumerate(self._hands) if hand.tasks}
            busy = bool(working)
            for pipe in multiprocessing.connection.wait(list(working)) if working else ():
                place = working[pipe]  # type: ignore[index]
                hand = self._hands[place]
                try:
                    result = hand.pipe.recv()
                except (EOFError, OSError):
                    first, *others = hand.tasks
                    tasks.extendleft(reversed(others))
                    hand.pipe.close()
                    self._hands[place] = self._hire()
                    if len(first) == 1:
                        yield [self._lost(first[0])]
                    else:
                        tasks.extendleft([item] for item in reversed(first))
                    continue
                hand.tasks.popleft()
                if isinstance(result, BaseException):
                    raise result
                yield result


class _Hand(Generic[_Item]):
    def __init__(self, process: BaseProcess, pipe: Connection, tasks: deque[Sequence[_Item]]) -> None:
        self.process, self.pipe, self.tasks = process, pipe, tasks


def _work(pipe: Connection, open_work: Callable[[Any], Callable[[Any], Any]], argument: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionError):
        try:
            work = open_work(argument)
        except Exception as error:
            pipe.send(error)
            return
        while True:
            task = pipe.recv()
            try:
                pipe.send(work(task))
            except Exception as error:
                pipe.send(error)
