"""Work done by threads, in order: decoding of files and FFTs run outside Python's lock."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from timbre_core.datasets.interrupts import interrupts_deferred

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_WORTH_A_BAR = 100  # items; fewer are done within a second or so
_TOLD_EVERY = 0.2  # seconds
_WAITING = 4  # items for each thread that are begun before they are asked for


def in_threads(
    work: Callable[[_Item], _Result], items: Sequence[_Item], unit: str, desc: str, progress: bool = True
) -> Iterator[tuple[_Item, _Result]]:
    """Every item with what `work` makes of it, in order, with a progress bar where there are many."""
    from tqdm import tqdm

    quiet = not progress or len(items) < _WORTH_A_BAR
    count = os.cpu_count() or 1
    begun = ahead(work, items, count, _WAITING * count)
    for item, future in tqdm(begun, total=len(items), unit=unit, desc=desc, disable=quiet):
        yield item, future.result()


def ahead(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    threads: int,
    most: int,
    start: Callable[[], object] | None = None,
) -> Iterator[tuple[_Item, Future[_Result]]]:
    """Every item with what becomes of it, in order, while threads work on at most `most` items after it.

    start: called in each thread before its first work. What is left when nobody asks any more is not begun.
    """
    waiting: deque[tuple[_Item, Future[_Result]]] = deque()
    with ThreadPoolExecutor(threads, initializer=start) as pool:
        try:
            for item in items:
                with interrupts_deferred():
                    waiting.append((item, pool.submit(work, item)))
                if len(waiting) > most:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            for _, future in waiting:
                future.cancel()


class _Ended(Exception):
    """Nobody asks for the work any more."""


def shared_out(
    work: Callable[[_Item, Callable[[int], object]], _Result],
    items: Sequence[_Item],
    threads: int,
    tell: Callable[[int], object],
) -> list[_Result]:
    """What `work` makes of long items, in any order, in at most so many threads; in this one where that is 1, or one item.

    work: also gets a function to be called now and then with how much more is done, which ends the work where this thread is
    interrupted, or another one failed. tell: hears of what is done, in this thread.
    """
    threads = min(threads, len(items))
    if threads <= 1:
        return [work(item, tell) for item in items]
    left, made, ended = deque(items), deque[_Result](), threading.Event()
    done: deque[int] = deque()

    def count(more: int) -> None:
        if ended.is_set():
            raise _Ended
        if more:
            done.append(more)

    def one_after_the_other() -> None:
        while True:
            try:
                item = left.popleft()
            except IndexError:
                return
            made.append(work(item, count))

    with ThreadPoolExecutor(threads) as pool:
        try:
            with interrupts_deferred():
                running = {pool.submit(one_after_the_other) for _ in range(threads)}
            while running:
                finished, running = wait(running, _TOLD_EVERY, FIRST_COMPLETED)
                tell(sum(done.popleft() for _ in range(len(done))))
                for future in finished:
                    future.result()
        finally:
            ended.set()
    return list(made)
