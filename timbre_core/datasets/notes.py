"""The note table: one row per note, the same columns wherever the notes come from."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.errors import TimbreError
from timbre_core.features.pitch import parse_note_name

UNKNOWN = "unknown"
METADATA = "metadata.csv"
"""The table in a folder of recordings that says what they are (see datasets.folder)."""

# note_id: unique name. pitch: MIDI, NaN unknown. velocity: MIDI 1-127, NaN unknown. split: train, valid, test, left_out or "".
# root: index into Library.roots. audio: path below that root (posix); in a Parquet library the row's number.
NOTE_COLUMNS: dict[str, str] = {
    "note_id": "str",
    "instrument": "str",
    "family": "str",
    "source": "str",
    "pitch": "float64",
    "pitch_estimated": "bool",
    "velocity": "float64",
    "split": "str",
    "root": "int64",
    "audio": "str",
}
SPLITS = ("train", "valid", "test")
LEFT_OUT = "left_out"
"""The split of notes that a recipe takes out of all three: see `DataSettings.leave_out`."""

_DEFAULTS: dict[str, Any] = {
    "instrument": UNKNOWN,
    "family": UNKNOWN,
    "source": UNKNOWN,
    "pitch": np.nan,
    "pitch_estimated": False,
    "velocity": np.nan,
    "split": "",
    "root": 0,
}


def note_table(columns: Mapping[str, Sequence[Any] | pd.Series | np.ndarray]) -> pd.DataFrame:
    """A note table from those columns that are known (at least note_id and audio); the others get their defaults."""
    size = len(columns["note_id"])
    table = {
        name: pd.Series(
            list(columns[name]) if name in columns else [_DEFAULTS[name]] * size,
            dtype=dtype,
        )
        for name, dtype in NOTE_COLUMNS.items()
    }
    return pd.DataFrame(table)


def drop_bad_labels(notes: pd.DataFrame, names: pd.Series) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Leave out rows whose pitch or velocity is out of MIDI's range.

    names: what to call each row's file. Returns the good rows (index reset) and (name, reason) of the others.
    """
    pitch, velocity = notes["pitch"], notes["velocity"]
    bad_pitch = pitch.notna() & ~pitch.between(0, 127)
    bad_velocity = velocity.notna() & ~velocity.between(0, 127)
    skipped = [
        (str(name), f"{field} {value:g} is outside 0-127: correct its label")
        for field, values, bad in (("pitch", pitch, bad_pitch), ("velocity", velocity, bad_velocity & ~bad_pitch))
        for name, value in zip(names[bad], values[bad], strict=True)
    ]
    return notes[~(bad_pitch | bad_velocity)].reset_index(drop=True), skipped


def parse_pitch(text: str) -> float:
    """MIDI pitch of '60', '60.5' or a note name such as 'C4' (60), 'C#4', 'Bb3', 'As3'. Raises TimbreError otherwise."""
    text = text.strip()
    with contextlib.suppress(ValueError):
        number = float(text)
        if not math.isnan(number):
            return number
    try:
        # File names often spell a sharp "s".
        return float(parse_note_name(text[:1] + text[1:].replace("s", "#")))
    except TimbreError as error:
        raise TimbreError(
            f"pitch {text!r} is neither a MIDI number nor a note name: write 60, C4, C#4 or Bb3."
        ) from error
