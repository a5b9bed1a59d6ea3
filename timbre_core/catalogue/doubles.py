"""Near-duplicates in a library: notes that are the same recording, at another level, cut or converted, in groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from timbre_core.catalogue.database import writing
from timbre_core.catalogue.libraries import OwnLibrary, notes_of
from timbre_core.catalogue.progress import Report
from timbre_core.datasets.duplicates import SAME, Near, find_twins
from timbre_core.errors import TimbreError
from timbre_core.features.audio import load_audio

_RATE = 16_000  # Hz
_ROUNDED = 5e-4  # of a correlation, that fingerprints kept in 16 bits may be off
# Fingerprints so near to each other are of one recording at another level or in another lossless format, and need not be heard
# again: of 1,000 files made of 850 NSynth notes, two of different recordings were never nearer than twice this.
_COPY = 0.003


def group_doubles(library: OwnLibrary, report: Report) -> int:
    """Give each note of a library the id of the first one that is its recording; returns how many are such doubles.

    Files of the same bytes need not be heard.
    """
    notes = notes_of(library)
    count = int(notes["place"].max()) + 1 if len(notes) else 0
    report("looking for doubles", 0, len(notes))
    ids = notes["id"].to_numpy()
    first_of = notes.groupby("content")["id"].transform("min").to_numpy()
    rows = np.flatnonzero(ids == first_of)
    marks = np.asarray(library.array("mark", count)[notes["place"].to_numpy()[rows]], dtype=np.float32)
    paths = [Path(library.root) / path for path in notes["path"].to_numpy()[rows]]
    looked = 0

    def read(number: int) -> np.ndarray:
        nonlocal looked
        looked += 1
        if looked % 16 == 0:
            report("looking for doubles", min(looked, len(notes)), len(notes))
        try:
            return load_audio(paths[number], _RATE, remarks=[])
        except TimbreError:
            return np.zeros(1, dtype=np.float32)  # deleted meanwhile

    groups = dict(zip(ids.tolist(), first_of.tolist(), strict=True))
    if len(marks):
        copies = _copies(marks)
        heard = np.array([row for row in range(len(marks)) if row not in copies])
        pairs = list(copies.items())
        twins = find_twins(Near(marks[heard], SAME - _ROUNDED), lambda number: read(int(heard[number])), SAME, _RATE)
        pairs += [(int(heard[second]), int(heard[first])) for first, second, _ in twins]
        for second, first in pairs:
            groups[int(ids[rows[second]])] = int(ids[rows[first]])
    groups = {note: groups.get(first, first) for note, first in groups.items()}
    before = dict(zip(ids.tolist(), notes["recording"].tolist(), strict=True))
    changed = [(first, note) for note, first in groups.items() if before[note] != first]
    if changed:
        with writing("libraries") as database:
            database.executemany("UPDATE notes SET recording = ? WHERE id = ?", changed)
            database.execute("UPDATE libraries SET revision = revision + 1 WHERE id = ?", (library.id,))
    return sum(note != first for note, first in groups.items())


def _copies(marks: np.ndarray) -> dict[int, int]:
    """Rows of fingerprints (n, BANDS) that are those of a row before them, with the first such row."""
    near = Near(marks, 1 - _COPY**2 / 2)
    copies: dict[int, int] = {}
    for first in range(len(marks)):
        if first not in copies:
            copies.update({int(second): first for second in near.after(first) if int(second) not in copies})
    return copies
