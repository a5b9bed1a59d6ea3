"""Files worked on by threads: decoding and FFTs run outside Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_WORTH_A_BAR = 100  # items; fewer are done within a second or so


def in_threads(
    work: Callable[[_Item], _Result], items: Sequence[_Item], unit: str, desc: str, progress: bool = True
) -> Iterator[tuple[_Item, _Result]]:
    """Every item with what `work` makes of it, in order, with a progress bar where there are many."""
    from tqdm import tqdm

    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        quiet = not progress or len(items) < _WORTH_A_BAR
        results = tqdm(pool.map(work, items), total=len(items), unit=unit, desc=desc, disable=quiet)
        yield from zip(items, results, strict=True)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
