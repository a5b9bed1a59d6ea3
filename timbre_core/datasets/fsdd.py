"""Spoken digits in the layout of the Free Spoken Digit Dataset: recordings named `{digit}_{speaker}_{index}.wav`.

A digit is a note's family and its speaker the instrument, so whatever tells families and instruments apart (maps, probes,
generation from a family, splits that hold instruments out) does so with digits and speakers. There is no pitch.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pandas as pd

from timbre_core.datasets.audio_files import audio_files
from timbre_core.datasets.heard import pitches_agree
from timbre_core.datasets.instrument_words import family_of
from timbre_core.datasets.notes import note_table
from timbre_core.errors import TimbreError

_NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>[A-Za-z][A-Za-z0-9-]{0,63}|[0-9]{1,3})_(?P<index>[0-9]{1,9})")
_LOWEST_PITCH = 12  # MIDI; a folder whose indices begin below is counted


def digits_folder(root: Path) -> bool:
    """Whether at least half of the recordings in `root` and its subfolders are named like spoken digits.

    `1_piano_60.wav` may be a note's take, instrument and pitch: speakers are no instruments, and numbers that are heard as
    pitches are no indices. Speakers may be numbers (AudioMNIST) where each has a folder, or all ten digits are there.
    """
    files = audio_files(root)
    named = {file: found for file in files if (found := _named(file))}
    if not named or 2 * len(named) < len(files):
        return False
    speakers = {found["speaker"] for found in named.values()}
    digits = {found["digit"] for found in named.values()}
    numbered = [file for file, found in named.items() if found["speaker"].isdigit()]
    in_folders = all(file.split("/")[-2:-1] == [named[file]["speaker"]] for file in numbered)
    if numbered and not in_folders and len(digits) < 10:
        return False
    if 2 * sum(bool(family_of(speaker)) for speaker in speakers) > len(speakers):
        return False
    indices = [float(found["index"]) for found in named.values()]
    if min(indices) < _LOWEST_PITCH or max(indices) > 127:
        return True
    return not pitches_agree(root)(list(named), indices)


def read_digits(root: Path) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The note table of a folder of spoken digits, and (file, reason) for every file that is not named like one.

    Subfolders (`recordings`, one for each speaker) are read too. Raises TimbreError when the folder cannot be read or no
    file is named like a digit.
    """
    columns: dict[str, list[str]] = {name: [] for name in ("note_id", "instrument", "family", "source", "audio")}
    skipped: list[tuple[str, str]] = []
    for file in audio_files(root):
        found = _named(file)
        if found is None:
            reason = "its name does not say DIGIT_SPEAKER_INDEX.wav, such as 7_jackson_32.wav: rename it"
            skipped.append((str(root / file), reason))
            continue
        columns["note_id"].append(found.string)
        columns["instrument"].append(found["speaker"])
        columns["family"].append(found["digit"])
        columns["source"].append("speech")
        columns["audio"].append(file)
    if not columns["note_id"]:
        raise TimbreError(f"{root}: no sound named DIGIT_SPEAKER_INDEX.wav in it, such as 7_jackson_32.wav.")
    return note_table(columns), skipped


def _named(file: str) -> re.Match[str] | None:
    return _NAME.fullmatch(PurePosixPath(file).stem)
