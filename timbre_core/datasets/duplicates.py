"""Near-duplicates among a library's notes: the same recording twice, at another level, cut or resampled (see
`features.recording`).

Every note is read once for its fingerprint; pairs that these do not rule out are compared sample by sample.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, KeysView, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from timbre_core.datasets.threads import in_threads, shared_out
from timbre_core.features.audio import AudioError
from timbre_core.features.recording import (
    BANDS,
    Levels,
    fingerprint,
    in_common,
    levels,
    reach,
    recording_correlation,
    undelayed_correlation,
)

if TYPE_CHECKING:
    import pandas as pd

    from timbre_core.datasets.library import Library

SAME = 0.99
"""Sounds that correlate more than this, level aside, are the same recording."""
SAME_AS_KEPT = SAME - 5e-4
"""What fingerprints of sounds that are the same tell at least where they were kept in 16 bits, which rounds them."""

COPY = 0.003
"""Fingerprints so near to each other are of one recording at another level or in another lossless format: of 1,000 files made of
850 NSynth notes, two of different recordings were never nearer than twice this."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_RATE = 16_000  # Hz
_ROUNDING = 1e-5  # of a product of levels in float32
_DIRECTIONS = 12  # of the fingerprints that differ most: enough to rule out nearly all pairs
_KEPT = 64  # sounds that are kept while their pairs are compared,
_KEPT_LEVELS = 512  # and their levels in narrow bands: 18,000 numbers where they are 4 s long
_THREADS = 8  # at most: each keeps its own, 80 MB of 4 s at 44.1 kHz
_WORTH_A_BAR = 500  # sounds
_FEW = 200  # fingerprints that are looked through one by one


class Twins(NamedTuple):
    """Two rows that are the same recording, the first one first, and by how much they correlate at least."""

    first: int
    second: int
    correlation: float


def find_duplicates(
    library: Library,
    correlation: float = SAME,
    progress: bool = True,
    among: Sequence[int] | np.ndarray | None = None,
) -> list[Twins]:
    """Notes of a library that are the same recording as one before them: each with that one, in order.

    Of several that are the same, all are given with the first. Pictures and notes that cannot be read are no duplicates.
    among: rows to look through, all by default.
    """
    from timbre_core.datasets.pictures import picture_place

    places = library.notes["audio"].to_numpy()
    looked = range(len(places)) if among is None else [int(row) for row in among]

    def mark(row: int) -> np.ndarray | None:
        if picture_place(str(places[row])):
            return None
        try:
            return fingerprint(library.load(row, _RATE), _RATE)
        except AudioError:
            return None

    marked = [
        (row, found) for row, found in in_threads(mark, looked, "note", "fingerprints", progress) if found is not None
    ]
    rows = [row for row, _ in marked]
    marks = np.stack([found for _, found in marked]) if marked else np.empty((0, BANDS), dtype=np.float32)
    twins = find_twins(Near(marks, correlation), lambda i: library.load(rows[i], _RATE), correlation, progress=progress)
    return [Twins(rows[first], rows[second], found) for first, second, found in twins]


def recording_names(notes: pd.DataFrame, twins: Iterable[Twins]) -> pd.Series:
    """For each row of a note table the id of the first note that is its recording: its own, where no other one is."""
    names = notes["note_id"].copy()
    for first, second, _ in twins:
        names.iloc[second] = notes["note_id"].iloc[first]
    return names


def linked_instruments(notes: pd.DataFrame, twins: Iterable[Twins]) -> dict[str, str]:
    """Instruments of which some notes are the same recording, each with the name of its group; others are not there.

    notes: a note table, whose rows the twins are.
    """
    group: dict[str, str] = {}

    def of(name: str) -> str:
        while group.get(name, name) != name:
            name = group[name]
        return name

    names = notes["instrument"].to_numpy()
    for first, second, _ in twins:
        a, b = sorted((of(str(names[first])), of(str(names[second]))))
        if a != b:
            group[a], group[b] = a, a
    return {name: of(name) for name in sorted(group)}


class Near:
    """Which sounds may be the same recording, by their fingerprints (n_sounds, BANDS): asked for one after the other, so that
    memory stays small where thousands are."""

    def __init__(self, fingerprints: np.ndarray, correlation: float = SAME) -> None:
        self._marks = fingerprints
        self._far = reach(correlation)
        self._tree = None
        if len(fingerprints) <= _FEW:
            return
        from scipy.spatial import cKDTree

        centred = fingerprints - fingerprints.mean(axis=0)
        # Distances in some directions are never longer than those in all of them.
        _, directions = np.linalg.eigh(centred.T @ centred)
        self._few = centred @ directions[:, -_DIRECTIONS:]
        self._tree = cKDTree(self._few)

    def __len__(self) -> int:
        return len(self._marks)

    def after(self, number: int) -> np.ndarray:
        """The numbers above `number` of all sounds that may be the same, in order: none that is the same is missing."""
        if self._tree is None:
            found = np.arange(number + 1, len(self._marks))
        else:
            found = np.array(self._tree.query_ball_point(self._few[number], self._far), dtype=np.int64)
            found = np.sort(found[found > number])
        return found[self.distances(number, found) <= self._far]

    def distances(self, number: int, others: np.ndarray) -> np.ndarray:
        """How far the fingerprints of other sounds (n,) are from a sound's: (n,)."""
        found: np.ndarray = np.linalg.norm(self._marks[others] - self._marks[number], axis=1)
        return found


def alike_groups(near: Near) -> list[np.ndarray]:
    """Numbers of the sounds that may be the same as another, rising, in groups between which none are: the largest first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    copies: set[int] = set()  # what is near to a copy is, but for a hair, near to what it is a copy of
    after = []
    for number in range(len(near)):
        after.append(near.after(number) if number not in copies else np.empty(0, dtype=np.int64))
        copies.update(after[-1][near.distances(number, after[-1]) <= COPY].tolist())
    one, other = (
        np.repeat(np.arange(len(near)), [len(each) for each in after]),
        np.concatenate([*after, np.empty(0, np.int64)]),
    )
    _, group = connected_components(
        coo_array((np.ones(len(one)), (one, other)), (len(near), len(near))), directed=False
    )
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    return sorted((each for each in members if len(each) > 1), key=len, reverse=True)


def find_twins(
    near: Near,
    read: Callable[[int], np.ndarray],
    correlation: float = SAME,
    sample_rate: int = _RATE,
    progress: bool = False,
    firsts: Sequence[int] | None = None,
    threads: int = _THREADS,
) -> list[Twins]:
    """Sounds that correlate by more than `correlation` with one before them, each with the first that it does with.

    What is the same as one before it is compared with no other one. read: a sound (n_samples,) at `sample_rate` by its
    number. firsts: a part of the work, to be shared out: all pairs of these sounds and the later ones that are the same, of
    which `first_of_all` chooses. threads: at most so many call `read`, this one alone where it is 1; a group of sounds that may
    be the same is one thread's.
    """
    from tqdm import tqdm

    if not len(near):
        return []
    if firsts is not None:
        return sorted(_twins_of(firsts, near, read, correlation, sample_rate, all_pairs=True))
    # Group by group, so that what is kept is what is asked for next.
    groups = [range(len(near))] if len(near) <= _KEPT else [group.tolist() for group in alike_groups(near)]
    total = sum(map(len, groups))

    def compare(group: Sequence[int], tell: Callable[[int], object]) -> list[Twins]:
        return _twins_of(group, near, read, correlation, sample_rate, tell)

    with tqdm(total=total, unit="note", desc="comparing", disable=not progress or total < _WORTH_A_BAR) as bar:
        found = shared_out(compare, groups, min(threads, os.cpu_count() or 1), bar.update)
        return sorted(twin for twins in found for twin in twins)


def _twins_of(
    firsts: Sequence[int],
    near: Near,
    read: Callable[[int], np.ndarray],
    correlation: float,
    sample_rate: int,
    tell: Callable[[int], object] = lambda more: None,
    all_pairs: bool = False,
) -> list[Twins]:
    """The twins of these sounds: see `find_twins`. tell: is told of every sound, and, with 0, of what is between them, where it
    may raise. all_pairs: sounds that are the same as an earlier one, too."""
    sounds: _Kept[int, np.ndarray] = _Kept(read, _KEPT)
    told: _Kept[tuple[int, int], Levels] = _Kept(lambda of: levels(sounds[of[0]], sample_rate, of[1]), _KEPT_LEVELS)
    lengths: dict[int, int] = {}

    def length(number: int) -> int:
        if number not in lengths:
            lengths[number] = len(sounds[number])
        return lengths[number]

    twins: list[Twins] = []
    known: set[int] = set()
    for first in firsts:
        tell(1)
        if first in known:
            continue
        for second in map(int, near.after(first)):
            if second in known:
                continue
            tell(0)
            n_fft, excess = in_common(length(first), length(second), sample_rate, correlation)
            # Most that are the same are not delayed: that is told at once, unless it takes reading them again.
            found = undelayed_correlation(sounds[first], sounds[second]) if {first, second} <= sounds.keys() else 0.0
            if found <= correlation:
                if told[first, n_fft].most(told[second, n_fft]) <= correlation - excess - _ROUNDING:
                    continue
                found = recording_correlation(
                    sounds[first], sample_rate, sounds[second], sample_rate, enough=correlation
                )
            if found > correlation:
                if not all_pairs:
                    known.add(second)
                twins.append(Twins(first, second, found))
    return twins


def first_of_all(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of pairs (first, second) of sounds that are the same those that `find_twins` gives: each sound with the first one."""
    known: set[int] = set()
    chosen = []
    for first, second in sorted(pairs):
        if first not in known and second not in known:
            known.add(second)
            chosen.append((first, second))
    return chosen


class _Kept(Generic[_Key, _Value]):
    """What was made last of keys that are asked for again and again."""

    def __init__(self, make: Callable[[_Key], _Value], most: int) -> None:
        self._make, self._most = make, most
        self._values: OrderedDict[_Key, _Value] = OrderedDict()

    def keys(self) -> KeysView[_Key]:
        return self._values.keys()

    def __getitem__(self, key: _Key) -> _Value:
        if key not in self._values:
            self._values[key] = self._make(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        self._values.move_to_end(key)
        return self._values[key]
