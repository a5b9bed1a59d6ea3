"""The note table: one row per note, the same columns wherever the notes come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.datasets.pitch_names import read_pitch as parse_pitch

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


__all__ = ["LEFT_OUT", "METADATA", "NOTE_COLUMNS", "SPLITS", "UNKNOWN", "drop_bad_labels", "note_table", "parse_pitch"]
