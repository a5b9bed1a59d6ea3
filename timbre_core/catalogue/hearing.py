"""Which of a few sounds are the same recording, in whatever process: imports little, so that it begins at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from timbre_core.datasets.duplicates import SAME, SAME_AS_KEPT, Near, find_twins
from timbre_core.errors import TimbreError
from timbre_core.features.audio import load_audio

_RATE = 16_000  # Hz


class Alike(NamedTuple):
    """Sounds of which each may be the same recording as some other: their rows, paths, and fingerprints (n, BANDS).

    firsts: the numbers of those that are to be compared with the later ones, None for all.
    """

    rows: list[int]
    paths: list[str]
    marks: np.ndarray
    firsts: list[int] | None = None

    @property
    def compared(self) -> int:
        """How many sounds that is."""
        return len(self.rows) if self.firsts is None else len(self.firsts)


class Same(NamedTuple):
    """Of so many `compared` sounds those that are one before them: (row, that one's row)."""

    pairs: list[tuple[int, int]]
    compared: int


def open_ears(_: None) -> Callable[[Sequence[Alike]], list[Same]]:
    """What compares groups of sounds in a process of a crew."""
    return lambda task: [Same(same_of(group, lambda looked: None), group.compared) for group in task]


def nothing_same(group: Alike) -> Same:
    """What is told of sounds whose comparison ended the process that did it."""
    return Same([], group.compared)


def same_of(group: Alike, tell: Callable[[int], None]) -> list[tuple[int, int]]:
    """Rows that are the same recording as one before them, and that one's; `tell` is told how many sounds were read."""
    looked: set[int] = set()

    def read(number: int) -> np.ndarray:
        looked.add(number)
        tell(len(looked))
        try:
            return load_audio(Path(group.paths[number]).read_bytes(), _RATE, remarks=[])
        except (TimbreError, OSError):
            return np.zeros(1, dtype=np.float32)  # deleted meanwhile

    # In this thread: `tell` may write and raise, and where there are more processes, each core has one.
    twins = find_twins(Near(group.marks, SAME_AS_KEPT), read, SAME, _RATE, firsts=group.firsts, threads=1)
    return [(group.rows[second], group.rows[first]) for first, second, _ in twins]
