"""Work done by other processes, in order.

Processes, not threads, where work is many short steps: threads take turns at Python's lock between them, which costs more than
half of the second core (measured for analysis: 1.4 times one thread's rate, where two processes reach 1.9 times). They
are spawned and read their tasks from a pipe of their own: when the parent is gone, even killed, the pipe ends and so do they.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from timbre_core.datasets.interrupts import interrupts_not_inherited
from timbre_core.errors import TimbreError

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

# Tasks that a process has been given and not finished: one that it works on, one that waits.
_TASKS_AHEAD = 2


class Processes(AbstractContextManager["Processes[_Task, _Result]"], Generic[_Task, _Result]):
    """`count` processes that work until they are closed; on the way out tasks in hand are finished, and no more begun.

    opened: opens what does a task, once in each process; a function of a module, perhaps with arguments bound by `partial`.
    """

    def __init__(self, count: int, opened: Callable[[], AbstractContextManager[Callable[[_Task], _Result]]]) -> None:
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []
        context = multiprocessing.get_context("spawn")  # a fork would inherit torch's threads halfway through
        with interrupts_not_inherited():
            for _ in range(count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, opened), daemon=True)
                process.start()
                theirs.close()
                self._processes.append(process)
                self._pipes.append(ours)

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join()

    def done(self, tasks: Iterable[_Task]) -> Generator[_Result, None, None]:
        """What becomes of each task, in order; memory does not grow with their number.

        Raises what a task raised, and TimbreError when a process dies.
        """
        waiting: deque[Connection] = deque()
        try:
            for number, task in enumerate(tasks):
                pipe = self._pipes[number % len(self._pipes)]
                pipe.send(task)
                waiting.append(pipe)
                if len(waiting) >= _TASKS_AHEAD * len(self._pipes):
                    yield _received(waiting.popleft())
            while waiting:
                yield _received(waiting.popleft())
        except GeneratorExit:
            for pipe in waiting:  # what is under way is not the beginning of the next call's answer
                pipe.recv()
            raise
        except (EOFError, BrokenPipeError, ConnectionError) as error:
            raise TimbreError(
                "A worker process ended unexpectedly (out of memory?): run the same command again with fewer --workers."
            ) from error


def _received(pipe: Connection) -> Any:
    result = pipe.recv()
    if isinstance(result, BaseException):
        raise result
    return result


def _work(pipe: Connection, opened: Callable[[], AbstractContextManager[Callable[[Any], Any]]]) -> None:
    """A process: do the tasks that come through `pipe` until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it is not inherited (Windows)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionError), opened() as work:
        while True:
            task = pipe.recv()
            try:
                pipe.send(work(task))
            except Exception as error:  # handed to the parent, which raises it
                pipe.send(error)
