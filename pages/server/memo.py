"""A bounded memory of results that several threads ask for at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from pages.server.memory import kept_bytes

_T = TypeVar("_T")


class Shelf:
    """Keeps results of some weight in all, the least recently used forgotten first; any number of memos may share one."""

    def __init__(self, max_weight: int) -> None:
        self.max_weight = max_weight
        self.lock = threading.Lock()
        self.futures: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._weights: dict[Hashable, int] = {}
        self._total = 0

    @property
    def weight(self) -> int:
        """Of all that is kept."""
        return self._total

    def weighed(self, key: Hashable, weight: int) -> None:
        """A result is there: others make room for it."""
        with self.lock:
            self._weights[key] = weight
            self._total += weight
            for old in list(self.futures):
                if self._total <= self.max_weight or len(self._weights) <= 1:
                    return
                if old in self._weights:
                    self._total -= self._weights.pop(old)
                    del self.futures[old]

    def failed(self, key: Hashable) -> None:
        """There will be no result."""
        with self.lock:
            self.futures.pop(key, None)


_sounds = Shelf(kept_bytes())


class Memo:
    """Keeps results up to `max_weight` in all, the least recently used forgotten first. Thread-safe.

    Threads that ask for the same key at once share one computation, which runs in the thread that asked first: a
    computation may ask for other keys as long as keys do not depend on each other in a circle. Errors are not kept.
    """

    def __init__(
        self, max_weight: int, weigh: Callable[[Any], int] = lambda value: 1, shelf: Shelf | None = None
    ) -> None:
        self._shelf = Shelf(max_weight) if shelf is None else shelf
        self._weigh = weigh

    @classmethod
    def of_bytes(cls, weigh: Callable[[Any], int]) -> Memo:
        """A memo of sounds and pictures: all of these share the bytes of `memory.kept_bytes`."""
        return cls(0, weigh, _sounds)

    def within(self, key: Hashable, max_weight: int) -> Memo:
        """The memo that is kept for `key`, of up to `max_weight`: what is in it is forgotten with it."""
        return self.get(key, lambda: Memo(max_weight))

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The result kept for `key`, or that of `make()`."""
        shelf, key = self._shelf, (id(self), key)
        with shelf.lock:
            future = shelf.futures.get(key)
            mine = future is None
            if future is None:
                future = shelf.futures[key] = Future()
            shelf.futures.move_to_end(key)
        if not mine:
            return future.result()
        try:
            value = make()
        except BaseException as error:
            shelf.failed(key)
            future.set_exception(error)
            raise
        future.set_result(value)
        shelf.weighed(key, self._weigh(value))
        return value
