"""Spoken digits in the layout of the Free Spoken Digit Dataset: wav files named `{digit}_{speaker}_{index}.wav`.

A digit is a note's family and its speaker the instrument, so whatever tells families and instruments apart (maps, probes,
generation from a family, splits that hold instruments out) does so with digits and speakers. There is no pitch.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pandas as pd

from timbre_core.datasets.notes import note_table
from timbre_core.errors import TimbreError, os_errors

_NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>[A-Za-z][A-Za-z0-9-]{0,63})_(?P<index>[0-9]{1,9})\.wav")
_RECORDINGS = "recordings"


def digits_folder(root: Path) -> str | None:
    """Where below `root` the spoken digits are ("." or "recordings"); None where most wav files are called otherwise."""
    for below in (".", _RECORDINGS):
        names = _wav_names(root / below)
        if names:
            named = sum(_NAME.fullmatch(name) is not None for name in names)
            return below if 2 * named > len(names) else None
    return None


def read_digits(root: Path) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The note table of a folder of spoken digits, and (file, reason) for every file that is not named like one.

    Raises TimbreError when the folder cannot be read or no file is named like a digit.
    """
    below = digits_folder(root)
    if below is None:
        raise TimbreError(f"{root}: no wav files named DIGIT_SPEAKER_INDEX.wav in it, such as 7_jackson_32.wav.")
    columns: dict[str, list[str]] = {name: [] for name in ("note_id", "instrument", "family", "source", "audio")}
    skipped: list[tuple[str, str]] = []
    for name in _wav_names(root / below):
        found = _NAME.fullmatch(name)
        if found is None:
            reason = "its name does not say DIGIT_SPEAKER_INDEX.wav, such as 7_jackson_32.wav: rename it"
            skipped.append((str(root / below / name), reason))
            continue
        columns["note_id"].append(name[: -len(".wav")])
        columns["instrument"].append(found["speaker"])
        columns["family"].append(found["digit"])
        columns["source"].append("speech")
        columns["audio"].append(name if below == "." else f"{below}/{name}")
    return note_table(columns), skipped


def _wav_names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with os_errors(folder):
        return sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".wav"))
