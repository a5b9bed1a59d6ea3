"""Doubles in a feature store: notes that are the same recording as one before them, left out or kept on one side."""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
import pandas as pd

from timbre_core.datasets.duplicates import SAME, SAME_AS_KEPT, Near, Twins, find_twins, linked_instruments
from timbre_core.datasets.library import Library
from timbre_core.datasets.notes import LEFT_OUT
from timbre_core.datasets.signals import read_signal
from timbre_core.errors import TimbreError
from timbre_core.features.settings import StoredFeatures
from timbre_core.freed_memory import WORK, keep_freed_memory


class Settled(NamedTuple):
    """What becomes of doubles: which rows are kept, the splits of all, of each double the row whose recording it is, and
    the groups of instruments that were in several splits."""

    kept: np.ndarray
    split: pd.Series
    double_of: dict[int, int]
    moved: list[list[str]]


def settle_doubles(
    library: Library,
    readable: np.ndarray,
    marks: np.ndarray,
    settings: StoredFeatures,
    keep: bool,
    progress: bool = False,
) -> Settled:
    """Find the doubles among the readable notes of a library and decide about them.

    They are left out unless `keep`. Instruments that share recordings go to the split where most of their notes are; where
    notes of one instrument are in several splits anyway, only the doubles go to the split of their first.

    Args:
        readable: (n_notes,) bool. marks: (n_notes, BANDS), zeros for what is no sound.
    """
    notes = library.notes
    rows = np.flatnonzero(readable & marks.any(axis=1))
    twins = (
        _twins(library, rows, marks, settings, progress) if len(rows) else []
    )  # pictures are no sounds, and have no rate
    split = notes["split"].copy()
    moved = []
    linked = linked_instruments(notes, twins)
    for group in sorted(set(linked.values())):
        names = [name for name, its in linked.items() if its == group]
        mine = notes["instrument"].isin(names) & (split != LEFT_OUT)
        each = split[mine].groupby(notes.loc[mine, "instrument"]).nunique()
        if split[mine].nunique() > 1 and (each == 1).all():
            split[mine] = split[mine].mode().iloc[0]
            moved.append(names)
    kept = readable.copy()
    double_of = {}
    for first, second, _ in twins:
        double_of[second] = first
        split.iloc[second] = split.iloc[first]
        kept[second] = keep
    return Settled(kept, split, double_of, moved)


def _twins(
    library: Library, rows: np.ndarray, marks: np.ndarray, settings: StoredFeatures, progress: bool
) -> list[Twins]:
    def read(number: int) -> np.ndarray:
        try:
            return read_signal(library, int(rows[number]), settings)
        except TimbreError:
            return np.zeros(1, dtype=np.float32)  # deleted meanwhile

    keep_freed_memory(WORK)
    found = find_twins(Near(marks[rows], SAME_AS_KEPT), read, SAME, settings.sample_rate, progress)
    return [Twins(int(rows[first]), int(rows[second]), correlation) for first, second, correlation in found]


def tell_doubles(library: Library, settled: Settled, kept: bool) -> None:
    """What was decided, on stderr."""
    names = library.notes["note_id"]
    for instruments in settled.moved:
        print(f"{', '.join(instruments)} share recordings: all of them are in one split.", file=sys.stderr)
    if settled.double_of and not kept:
        double, first = next(iter(settled.double_of.items()))
        count = len(settled.double_of)
        print(
            f"{count} of {len(names)} notes {'is' if count == 1 else 'are'} the same recording as another one, level aside "
            f"({names.iat[double]} as {names.iat[first]}), and left out: --keep-doubles keeps them.",
            file=sys.stderr,
        )
