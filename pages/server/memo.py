"""A bounded memory of results that several threads ask for at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class Memo:
    """Keeps results up to `max_weight` in all, the least recently used forgotten first. Thread-safe.

    Threads that ask for the same key at once share one computation, which runs in the thread that asked first: a
    computation may ask for other keys as long as keys do not depend on each other in a circle. Errors are not kept.
    """

    def __init__(self, max_weight: int, weigh: Callable[[Any], int] = lambda value: 1) -> None:
        self._max = max_weight
        self._weigh = weigh
        self._lock = threading.Lock()
        self._futures: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._weights: dict[Hashable, int] = {}

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The result kept for `key`, or that of `make()`."""
        with self._lock:
            future = self._futures.get(key)
            mine = future is None
            if future is None:
                future = self._futures[key] = Future()
            self._futures.move_to_end(key)
        if not mine:
            return future.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                self._futures.pop(key, None)
            future.set_exception(error)
            raise
        future.set_result(value)
        with self._lock:
            self._weights[key] = self._weigh(value)
            self._forget()
        return value

    def _forget(self) -> None:
        for key in list(self._futures):
            if sum(self._weights.values()) <= self._max or len(self._weights) <= 1:
                return
            if key in self._weights:
                del self._weights[key], self._futures[key]
