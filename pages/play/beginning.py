"""The note that Play begins with where nobody chose one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pages.server.catalog import NoteMap

_FIRST = "brass"  # a family that goes on while a key is held
_MIDDLE = 60.0
_MOST_TRIED = 6  # families whose recordings are looked for: where these are not on this machine, hardly any are


def beginning(notes: NoteMap) -> str | None:
    """The id of a typical note whose instrument sounds from its recordings, so that the first keys are heard as recorded;
    the first typical one where none does, None for a map without notes."""
    from pages.play.engine import recorded_pitches

    first = None
    for tried, row in zip(range(_MOST_TRIED), typical_rows(notes), strict=False):
        if recorded_pitches(notes, row):
            return notes.ids[row]
        first = row if not tried else first
    return None if first is None else notes.ids[first]


def typical_rows(notes: NoteMap) -> Iterator[int]:
    """Of each family the row of the note nearest to its mean among those nearest in pitch to middle C."""
    if not notes.ids:
        return
    families = notes.labels["family"].astype(str).to_numpy() if notes.families else np.full(len(notes.ids), "")
    named = sorted(notes.families or [""], key=lambda name: name != _FIRST)
    for name in named:
        rows = np.flatnonzero(families == name)
        if "pitch" in notes.labels:
            off = np.abs(notes.labels["pitch"].to_numpy(np.float64)[rows] - _MIDDLE)
            near = rows[off == np.nanmin(off)] if np.isfinite(off).any() else rows
        else:
            near = rows
        yield int(near[notes.distances(notes.means[rows].mean(axis=0))[near].argmin()])
