"""Which notes of a table a recipe's filter means."""

from __future__ import annotations

import pandas as pd

from timbre_core.datasets.settings import NoteFilter, span


def agrees(notes: pd.DataFrame, wanted: NoteFilter) -> pd.Series:
    """Which rows of a note table agree with all fields that a filter gives. Unknown pitches agree with none."""
    chosen = pd.Series(True, index=notes.index)
    for column, names in (
        ("instrument", wanted.instruments),
        ("family", wanted.families),
        ("source", wanted.sources),
    ):
        if names:
            chosen &= notes[column].isin(names)
    for column, values in (("pitch", wanted.pitches), ("velocity", wanted.velocities)):
        if values:
            rounded = notes[column].round()
            spans = [rounded.between(*span(value)) for value in values]
            chosen &= pd.concat(spans, axis=1).any(axis=1)
    return chosen
