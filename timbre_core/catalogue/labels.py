"""Which files of a folder are a library's notes, and what they are labelled: as the folder's reader proposes, and by hand."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from timbre_core.catalogue.database import reading, writing
from timbre_core.catalogue.libraries import OwnLibrary
from timbre_core.datasets.audio_files import audio_files
from timbre_core.datasets.dynamics import read_velocity
from timbre_core.datasets.notes import drop_bad_labels
from timbre_core.datasets.octaves import find_shifts, tell_shifts, transposed
from timbre_core.datasets.parquet import parquet_files
from timbre_core.datasets.pitch_names import read_pitch
from timbre_core.datasets.roots import read_files
from timbre_core.errors import TimbreError

FIELDS = ("instrument", "family", "source", "pitch", "velocity")
"""What people can correct."""
_CURE = "the folders that this app may read: start it with TIMBRE_ROOTS set to all that it may"


@dataclass
class Proposal:
    """The note table of a folder (see datasets.notes), what cannot be used, and sentences on what was decided and why."""

    notes: pd.DataFrame
    skipped: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def propose_labels(root: Path, settings: dict[str, Any]) -> Proposal:
    """What a folder's files are by their names, folders, tables and SFZ files; pitches that nothing tells stay unknown here.

    settings: `pattern`, `transpose` (semitones) and `octave`, of which "auto" listens and corrects; `within`, folders that no
    link may lead out of (None: any). Raises TimbreError for a folder without sounds.
    """
    said: list[str] = []
    _check_no_shards(root)
    notes, skipped = read_files(root, settings.get("pattern"), said)
    notes, astray = _within(root, notes, settings.get("within"))
    notes["pitch"] = notes["pitch"] + int(settings.get("transpose") or 0)
    if settings.get("octave") == "auto":
        shifts = _shifts(root, notes, True)
        said += tell_shifts(str(root), notes, shifts, True)
        notes = transposed(notes, shifts)
    notes, bad = drop_bad_labels(notes, str(root) + "/" + notes["audio"])
    prefix = f"{root}: "
    return Proposal(notes, skipped + astray + bad, [sentence.removeprefix(prefix) for sentence in said])


def _check_no_shards(root: Path) -> None:
    """Raises TimbreError for a folder whose sounds are all inside Parquet files: notes of a library are files."""
    if parquet_files(root) and not audio_files(root):
        raise TimbreError(
            f"{root}: its sounds are inside Parquet files, and a library's are files of their own: `project CHECKPOINT --data "
            "DIR --name NAME` puts them on a map."
        )


def _within(
    root: Path, notes: pd.DataFrame, places: Sequence[str] | None
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The notes whose files, links resolved, lie in one of some folders; and the others, with the reason."""
    if places is None:
        return notes, []
    real = [(root / path).resolve() for path in notes["audio"]]
    inside = [any(file.is_relative_to(place) for place in places) for file in real]
    reason = f"is a link out of {_CURE}"
    astray = [(str(root / path), reason) for path, good in zip(notes["audio"], inside, strict=True) if not good]
    if len(astray) == len(notes):
        raise TimbreError(f"{root}: all its sounds are links out of {_CURE}.")
    return notes[inside].reset_index(drop=True), astray


def check_octaves(root: Path, notes: pd.DataFrame) -> list[str]:
    """Sentences on instruments that sound a fixed interval off their labels; listens to some notes of each."""
    shifts = _shifts(root, notes, False)
    return [sentence.removeprefix(f"{root}: ") for sentence in tell_shifts(str(root), notes, shifts, False)]


def _shifts(root: Path, notes: pd.DataFrame, every: bool) -> list[Any]:
    import numpy as np

    from timbre_core.datasets.measured_pitch import RATE
    from timbre_core.features.audio import load_audio

    def load(place: str) -> np.ndarray:
        return load_audio(root / place, RATE, remarks=[])

    return find_shifts(root, notes, load, every, progress=False)


def correct_label(library: OwnLibrary, paths: Sequence[str], name: str, value: str) -> None:
    """Set a label of files by hand, for good: it counts before all that is proposed; an empty value takes that back.

    Raises TimbreError for a pitch or velocity that is none.
    """
    told = checked_label(name, value)
    with writing("libraries") as database:
        for path in paths:
            if told is None:
                database.execute(
                    "DELETE FROM labels WHERE library = ? AND path = ? AND field = ?", (library.id, path, name)
                )
                continue
            database.execute(
                "INSERT INTO labels VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (library.id, path, name, str(told)),
            )
            estimated = ", pitch_estimated = 0" if name == "pitch" else ""
            database.execute(
                f"UPDATE notes SET {name} = ?{estimated} WHERE library = ? AND path = ?", (told, library.id, path)
            )
        database.execute("UPDATE libraries SET revision = revision + 1 WHERE id = ?", (library.id,))


def with_corrections(library: OwnLibrary, notes: pd.DataFrame) -> pd.DataFrame:
    """A proposal's notes with what was corrected by hand."""
    with reading() as database:
        found = database.execute("SELECT path, field, value FROM labels WHERE library = ?", (library.id,)).fetchall()
    if not found:
        return notes
    rows = {path: row for row, path in enumerate(notes["audio"])}
    notes = notes.reset_index(drop=True)
    for path, name, value in found:
        if path in rows:
            notes.loc[rows[path], name] = float(value) if name in ("pitch", "velocity") else value
    return notes


def checked_label(name: str, text: str) -> str | float | None:
    """A label as it is kept, None for an empty one. Raises TimbreError for a label or a value that there is not."""
    if name not in FIELDS:
        raise TimbreError(f"there is no label {name[:40]!r}: choose from {', '.join(FIELDS)}.")
    text = text.strip()
    if not text:
        return None
    if name == "pitch":
        pitch = read_pitch(text)
        if not 0 <= pitch <= 127:
            raise TimbreError(f"pitch {text[:20]!r} is outside MIDI's 0-127: correct it.")
        return pitch
    return read_velocity(text) if name == "velocity" else text[:100]


def file_state(path: Path) -> tuple[int, int]:
    """Size and time of the last change (ns) of a file; (-1, -1) for one that is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns


def known(value: float | None) -> float | None:
    """A number for the database: None where it is not known."""
    return None if value is None or math.isnan(value) else float(value)
