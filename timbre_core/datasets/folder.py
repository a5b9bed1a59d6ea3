"""Any folder of audio files as notes: labels from a table, from file names, or measured.

A `metadata.csv` in the folder has a header line with the column `file` (path below the folder) and any of `instrument`,
`family`, `source`, `pitch` (60 or C4), `velocity` (1-127), `split` (train, valid or test); other columns are ignored and
cells may be empty. Only the files it lists are used. Without it, labels come from a file-name pattern (see
datasets.pattern). What neither tells is taken from the folders: a note's instrument is the folder it lies in, its
family the folder around that one (or the same folder, directly below the root). A missing pitch is measured.
"""

from __future__ import annotations

import contextlib
import csv
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from timbre_core.datasets.audio_files import audio_files
from timbre_core.datasets.measured_pitch import measure_missing_pitches
from timbre_core.datasets.notes import METADATA, SPLITS, UNKNOWN, drop_bad_labels, note_table, parse_pitch
from timbre_core.datasets.pattern import LABELS, NamePattern, parse_pattern
from timbre_core.errors import TimbreError, os_errors

_UNSAFE = re.compile(r"[^A-Za-z0-9 ._+#-]")
_SPLIT_NAMES = {name: name for name in SPLITS} | {"": "", "validation": "valid", "val": "valid", "training": "train"}

Skipped = list[tuple[str, str]]


def read_folder(
    root: Path, pattern: str | None = None, estimate: bool = True, progress: bool = True
) -> tuple[pd.DataFrame, Skipped]:
    """The note table of a folder of audio files, searched with all its subfolders.

    pattern: a file-name pattern, see datasets.pattern. estimate: measure pitches that no label gives (kept in the user's
    cache, so that it happens once); they are rounded to the semitone and marked in `pitch_estimated`.
    Returns (notes, skipped) with (file, reason) of everything left out. Raises TimbreError when the folder cannot be
    read, the pattern or the table cannot be understood, or no note is left.
    """
    files = audio_files(root)
    if not files:
        raise TimbreError(f"{root}: no audio file in it (wav, flac, ogg, mp3, aiff): check the path.")
    named = parse_pattern(pattern) if pattern else None
    table = root / METADATA
    if table.is_file():
        labels, skipped = _labels_from_csv(table, files, named)
    else:
        labels, skipped = _labels_from_names(root, files, named)
    if not labels:
        raise TimbreError(f"{root}: no usable note: {skipped[0][0]}: {skipped[0][1]} ({len(skipped)} such).")
    notes, bad = _to_notes(root, labels)
    skipped += bad
    if estimate:
        notes, bad = measure_missing_pitches(root, notes, progress)
        skipped += bad
    if notes.empty:
        raise TimbreError(f"{root}: no usable note: {skipped[0][0]}: {skipped[0][1]} ({len(skipped)} such).")
    return notes, skipped


def _labels_from_names(
    root: Path, files: Sequence[str], pattern: NamePattern | None
) -> tuple[dict[str, dict[str, str]], Skipped]:
    labels: dict[str, dict[str, str]] = {}
    skipped: Skipped = []
    for file in files:
        found = pattern.match(file) if pattern else {}
        if found is None:
            assert pattern is not None
            skipped.append((str(root / file), f"its name does not fit the pattern {pattern.text!r}"))
        else:
            labels[file] = found
    return labels, skipped


def _labels_from_csv(
    table: Path, files: Sequence[str], pattern: NamePattern | None
) -> tuple[dict[str, dict[str, str]], Skipped]:
    known = set(files)
    labels: dict[str, dict[str, str]] = {}
    skipped: Skipped = []
    try:
        with os_errors(table), open(table, encoding="utf-8-sig", newline="") as stream:
            header = stream.readline()
            stream.seek(0)
            # Spreadsheets of countries with a decimal comma write semicolons.
            reader = csv.DictReader(stream, delimiter=max(",;\t", key=header.count))
            if "file" not in (reader.fieldnames or []):
                raise TimbreError(f"{table}: no column 'file' in its first line: add it, with paths below the folder.")
            for row in reader:
                file = (row.get("file") or "").strip().replace("\\", "/").removeprefix("./")
                where = f"{table}, line {reader.line_num}"
                if file not in known:
                    skipped.append((where, f"there is no audio file {file!r} in the folder: correct the path"))
                elif file in labels:
                    skipped.append((where, f"{file!r} is listed a second time: delete the line"))
                else:
                    given = {name: (row.get(name) or "").strip() for name in LABELS}
                    from_name = (pattern.match(file) if pattern else None) or {}
                    labels[file] = from_name | {name: text for name, text in given.items() if text}
    except (UnicodeDecodeError, csv.Error) as error:
        raise TimbreError(f"{table}: not a table in UTF-8 ({error}): save it as CSV UTF-8.") from error
    unlisted = len(known) - len(labels)
    if unlisted:
        skipped.append((str(table), f"{unlisted} audio files of the folder are not listed: add lines to use them"))
    return labels, skipped


def _to_notes(root: Path, labels: dict[str, dict[str, str]]) -> tuple[pd.DataFrame, Skipped]:
    columns: dict[str, list[Any]] = {name: [] for name in ("note_id", "audio", *LABELS)}
    skipped: Skipped = []
    taken: set[str] = set()
    for file, given in labels.items():
        folders = file.split("/")[:-1]
        try:
            row: dict[str, Any] = {
                "instrument": given.get("instrument") or (folders[-1] if folders else root.resolve().name),
                "family": given.get("family") or (folders[-2:][0] if folders else UNKNOWN),
                "source": given.get("source") or UNKNOWN,
                "pitch": parse_pitch(given["pitch"]) if given.get("pitch") else math.nan,
                "velocity": _number(given.get("velocity", ""), "velocity"),
                "split": _split(given.get("split", "")),
            }
        except TimbreError as error:
            skipped.append((str(root / file), str(error).rstrip(".")))
            continue
        row |= {"note_id": _note_id(file, taken), "audio": file}
        for name, value in row.items():
            columns[name].append(value)
    notes = note_table(columns)
    notes, bad = drop_bad_labels(notes, str(root) + "/" + notes["audio"])
    return notes, skipped + bad


def _number(text: str, field: str) -> float:
    if not text:
        return math.nan
    with contextlib.suppress(ValueError):
        number = float(text)
        if not math.isnan(number):
            return number
    raise TimbreError(f"{field} {text!r} is no number: correct it.")


def _split(text: str) -> str:
    if text.lower() not in _SPLIT_NAMES:
        raise TimbreError(f"split {text!r} is none of train, valid, test: correct it.")
    return _SPLIT_NAMES[text.lower()]


def _note_id(file: str, taken: set[str]) -> str:
    """A unique name that is safe as a file name, made of the path without its ending."""
    base = _UNSAFE.sub("_", file.rpartition(".")[0].replace("/", ".")).strip(". ")[:100]
    base = base if base[:1].isalnum() else f"n{base}"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name
