"""Near-duplicates in a library: notes that are the same recording, at another level, cut or converted, in groups."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from timbre_core.catalogue.crew import Crew
from timbre_core.catalogue.database import writing
from timbre_core.catalogue.hearing import Alike, nothing_same, open_ears, same_of
from timbre_core.catalogue.libraries import OwnLibrary, notes_of
from timbre_core.catalogue.progress import Report
from timbre_core.datasets.duplicates import COPY, SAME_AS_KEPT, Near, alike_groups, first_of_all

_PHASE = "looking for doubles"
_TASK = 4  # groups of sounds that a process hears between two reports
_LARGE = 64  # sounds of a group from which on its sounds are shared out, so many at once
_PARALLEL = 48  # sounds from which on a second process is worth its start


def group_doubles(library: OwnLibrary, report: Report, workers: int = 0, in_background: bool = False) -> int:
    """Give each note of a library the id of the first one that is its recording; returns how many are such doubles.

    Files of the same bytes need not be heard. workers: processes that hear the others, 0 for this one; in_background:
    whether other programs come first.
    """
    notes = notes_of(library)
    report(_PHASE, 0, 0)
    if notes.empty:
        return 0
    count = int(notes["place"].max()) + 1
    ids = notes["id"].to_numpy()
    first_of = notes.groupby("content")["id"].transform("min").to_numpy()
    rows = np.flatnonzero(ids == first_of)
    marks = np.asarray(library.array("mark", count)[notes["place"].to_numpy()[rows]], dtype=np.float32)
    paths = [os.path.join(library.root, path) for path in notes["path"].to_numpy()[rows]]
    groups = dict(zip(ids.tolist(), first_of.tolist(), strict=True))
    if len(marks):
        copies = _copies(marks)
        heard = np.array([row for row in range(len(marks)) if row not in copies])
        parts = [heard[part] for part in alike_groups(Near(marks[heard], SAME_AS_KEPT))]
        alike = [Alike(part.tolist(), [paths[row] for row in part], marks[part]) for part in parts]
        found = _compared(alike, partial(_of_all, report, len(notes)), workers, in_background)
        for second, first in [*copies.items(), *found]:
            groups[int(ids[rows[second]])] = int(ids[rows[first]])
    report(_PHASE, len(notes), len(notes))
    groups = {note: groups.get(first, first) for note, first in groups.items()}
    before = dict(zip(ids.tolist(), notes["recording"].tolist(), strict=True))
    changed = [(first, note) for note, first in groups.items() if before[note] != first]
    if changed:
        with writing("libraries") as database:
            database.executemany("UPDATE notes SET recording = ? WHERE id = ?", changed)
            database.execute("UPDATE libraries SET revision = revision + 1 WHERE id = ?", (library.id,))
    return sum(note != first for note, first in groups.items())


def _of_all(report: Report, count: int, phase: str, done: int, total: int) -> None:
    """Report on the sounds that must be heard as a part of all, of which the others are known without."""
    report(phase, count - total + done, count)


def _copies(marks: np.ndarray) -> dict[int, int]:
    """Rows of fingerprints (n, BANDS) that are those of a row before them, with the first such row."""
    near = Near(marks, 1 - COPY**2 / 2)
    copies: dict[int, int] = {}
    for first in range(len(marks)):
        if first not in copies:
            copies.update({int(second): first for second in near.after(first) if int(second) not in copies})
    return copies


def _compared(
    alike: Sequence[Alike], report: Report, workers: int, in_background: bool = False
) -> list[tuple[int, int]]:
    """The rows of sounds that are the same as one before them, and that one's."""
    total = sum(len(group.rows) for group in alike)
    pairs: list[tuple[int, int]] = []
    done = 0
    if workers and total >= _PARALLEL:
        with Crew(open_ears, None, nothing_same, workers) as crew:
            if in_background:
                crew.step_back()
            for results in crew.results([part for group in alike for part in _parts(group)], _TASK):
                for same in results:
                    pairs += [(first, second) for second, first in same.pairs]
                    done += same.compared
                report(_PHASE, done, total)
        return [(second, first) for first, second in first_of_all(pairs)]
    for group in alike:
        before = done
        pairs += same_of(group, lambda looked, before=before: report(_PHASE, before + looked, total))  # type: ignore[misc]
        done += len(group.rows)
    return pairs


def _parts(group: Alike) -> Iterator[Alike]:
    """A group, or parts of a large one: some of its sounds and the later ones that each of them may be the same as."""
    if len(group.rows) <= _LARGE:
        yield group
        return
    near = Near(group.marks, SAME_AS_KEPT)
    for begin in range(0, len(near), _LARGE):
        firsts = range(begin, min(begin + _LARGE, len(near)))
        members = np.unique(np.concatenate([firsts, *(near.after(first) for first in firsts)])).astype(int)
        numbers = np.searchsorted(members, firsts)
        rows, paths = [group.rows[each] for each in members], [group.paths[each] for each in members]
        yield Alike(rows, paths, group.marks[members], numbers.tolist())
