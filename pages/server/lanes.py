"""Threads that take on the most urgent of what waits, not what came first."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

_T = TypeVar("_T")


class Lanes:
    """A pool of threads behind several lanes: of all that waits, what is due first is done first (earliest deadline first).

    What came through a patient lane is due that many seconds later, so others overtake it, but not forever: no lane starves.

    clock: seconds, rising.
    """

    def __init__(
        self,
        threads: int,
        name: str,
        initializer: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=initializer)
        self._clock = clock
        self._lock = threading.Lock()
        self._came = itertools.count()
        self._waiting: list[tuple[float, int, Future[Any], Callable[[], Any]]] = []

    def lane(self, patience: float) -> Executor:
        """A way into the pool for work that is due in `patience` seconds."""
        return _Lane(self, patience)

    def enter(self, patience: float, work: Callable[[], _T]) -> Future[_T]:
        """Work to be done when its turn comes; cancelled before that, it is left out."""
        future: Future[_T] = Future()
        with self._lock:
            heapq.heappush(self._waiting, (self._clock() + patience, next(self._came), future, work))
        self._pool.submit(self._do_next)
        return future

    def _do_next(self) -> None:
        with self._lock:
            _, _, future, work = heapq.heappop(self._waiting)
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)


class _Lane(Executor):
    def __init__(self, lanes: Lanes, patience: float) -> None:
        self._lanes = lanes
        self._patience = patience

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        return self._lanes.enter(self._patience, lambda: fn(*args, **kwargs))
