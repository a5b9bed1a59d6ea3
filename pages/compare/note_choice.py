"""The notes of several maps, named so that people find them by typing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pages.server.catalog import NoteMap
from pages.server.memo import Memo
from pages.server.words import instrument_name, note_name, readable

MOST_OFFERED = 5_000
_named = Memo(8)


def note_labels(maps: Sequence[NoteMap], also: str | None = None) -> dict[str, str]:
    """Note id -> label such as `trumpet C4 · brass · velocity 100` or `7 · theo · take 3`.

    Of the notes on any of the maps, by instrument and pitch.

    Of more than MOST_OFFERED notes every n-th is offered, and `also`: a list that long is not searched by eye.
    """
    key = tuple((notes.checkpoint.path, notes.version) for notes in maps)
    labels = _named.get(key, lambda: _labels(maps))
    step = -(-len(labels) // MOST_OFFERED)
    return {note: label for row, (note, label) in enumerate(labels.items()) if row % step == 0 or note == also}


def start_note(labels: dict[str, str], maps: Sequence[NoteMap]) -> str:
    """The note that is shown when none was asked for: one that is on every map, a middle C where there is one."""
    shared = [note for note in labels if all(note in notes.rows for notes in maps)] or list(labels)
    return next((note for note in shared if f" {note_name(60)} " in labels[note]), shared[0])


def where_told(maps: Mapping[str, NoteMap], titles: Mapping[str, str], note: str) -> str:
    """On which of the maps a note is marked, in a sentence; empty where it is on all of them."""
    has = [name for name, notes in maps.items() if note in notes.rows]
    if not has or len(has) == len(maps):
        return ""
    notes = maps[has[0]]
    own = " Sounds of your own lie on the map that they were added to." if notes.is_own(notes.rows[note]) else ""
    where = " and ".join(titles[name] for name in has)
    return f"This {notes.words.note} is marked on the map of {where}: the others do not have it.{own}"


def _labels(maps: Sequence[NoteMap]) -> dict[str, str]:
    tables = pd.concat([_described(notes) for notes in maps]).drop_duplicates("note_id")
    ordered = tables.sort_values(["instrument", "pitch", "note_id"], kind="stable")
    return dict(zip(ordered["note_id"], ordered["label"], strict=True))


def _described(notes: NoteMap) -> pd.DataFrame:
    def column(name: str) -> np.ndarray:
        missing = pd.Series([None] * len(notes.ids))
        return notes.labels.get(name, missing).to_numpy()

    instruments = [
        instrument_name(str(name or note)) for name, note in zip(column("instrument"), notes.ids, strict=True)
    ]
    pitches, velocities = (pd.to_numeric(column(name), errors="coerce").astype(float) for name in ("pitch", "velocity"))
    labels = []
    rows = zip(instruments, pitches, column("family"), velocities, notes.details, strict=True)
    for instrument, pitch, family, velocity, detail in rows:
        words = readable(str(family or "")).replace("unknown", "")
        parts = [f"{instrument} {note_name(pitch)}".strip(), words] if np.isfinite(pitch) else [words, instrument]
        parts += [f"velocity {velocity:g}"] if np.isfinite(velocity) else []
        parts.append(detail)
        labels.append(" · ".join(dict.fromkeys(part for part in parts if part)))
    return pd.DataFrame({"note_id": notes.ids, "instrument": instruments, "pitch": pitches, "label": labels})
