"""Any folder of audio files as notes: labels from a table, from file names, or measured.

A `metadata.csv` in the folder has a header line with the column `file` (path below the folder) and any of `instrument`,
`family`, `source`, `pitch` (60 or C4), `velocity` (1-127, or ppp to fff), `split` (train, valid or test) and `transpose`
(semitones that are added to the pitch); cells may be empty, other columns are told. Only the files it lists are used.
Without it, labels come from a file-name pattern (see datasets.pattern). What neither tells is taken from the folders: a
note's instrument is the folder it lies in, its family the folder around that one (or the same folder, directly below the
root). A missing pitch is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from timbre_core.datasets.audio_files import Listing, list_folder
from timbre_core.datasets.label_values import Labels, note_values
from timbre_core.datasets.measured_pitch import measure_missing_pitches
from timbre_core.datasets.notes import METADATA, UNKNOWN
from timbre_core.datasets.pattern import NamePattern, parse_pattern
from timbre_core.datasets.table import find_tables, read_table
from timbre_core.errors import TimbreError

Skipped = list[tuple[str, str]]


def read_folder(
    root: Path,
    pattern: str | None = None,
    estimate: bool = True,
    progress: bool = True,
    said: list[str] | None = None,
) -> tuple[pd.DataFrame, Skipped]:
    """The note table of a folder of audio files, searched with all its subfolders.

    pattern: a file-name pattern, see datasets.pattern. estimate: measure pitches that no label gives (kept in the user's
    cache, so that it happens once); they are rounded to the semitone and marked in `pitch_estimated`. said: takes what was
    decided, a sentence each. Returns (notes, skipped) with (file, reason) of everything left out. Raises TimbreError when
    the folder cannot be read, the pattern or the table cannot be understood, or no note is left.
    """
    told: list[str] = [] if said is None else said
    listing = list_folder(root)
    if not listing.files:
        raise TimbreError(_nothing_in(root, listing))
    named = parse_pattern(pattern) if pattern else None
    tables, others = find_tables(listing.tables)
    skipped = [*listing.skipped, *((str(root), sentence) for sentence in listing.unread)]
    told += [f"{root / name}: not used: tables of labels are called {METADATA}" for name in others]
    if tables:
        labels, bad = _labels_from_tables(root, tables, listing.files, named, told)
    else:
        labels, bad = _labels_from_names(root, listing.files, named)
    skipped += bad
    if not labels:
        raise TimbreError(_no_note(root, bad))
    for file, given in labels.items():
        _from_folders(root, file, given)
    notes, bad = note_values(list(labels.values()), list(labels), [str(root / file) for file in labels])
    skipped += bad
    if estimate:
        notes, bad = measure_missing_pitches(root, notes, progress)
        skipped += bad
    if notes.empty:
        raise TimbreError(_no_note(root, skipped))
    return notes, skipped


def _no_note(root: Path, skipped: Skipped) -> str:
    if not skipped:
        return f"{root}: no usable note: its table lists no file."
    more = f" ({len(skipped)} such)" if len(skipped) > 1 else ""
    return f"{root}: no usable note: {skipped[0][0]}: {skipped[0][1]}{more}."


def _nothing_in(root: Path, listing: Listing) -> str:
    if listing.unread:
        return f"{root}: no audio file in it that can be read: {'; '.join(listing.unread)}."
    if listing.skipped:
        return f"{root}: no audio file in it: {listing.skipped[0][0]}: {listing.skipped[0][1]}."
    return f"{root}: no audio file in it (wav, flac, ogg, mp3, aiff): check the path."


def _labels_from_names(
    root: Path, files: Sequence[str], pattern: NamePattern | None
) -> tuple[dict[str, Labels], Skipped]:
    labels: dict[str, Labels] = {}
    skipped: Skipped = []
    for file in files:
        found = pattern.match(file) if pattern else {}
        if found is None:
            assert pattern is not None
            reason = f"its name does not fit the pattern {pattern.text!r}: {pattern.explain(file)}"
            skipped.append((str(root / file), reason))
        else:
            labels[file] = found
    return labels, skipped


def _labels_from_tables(
    root: Path, tables: Sequence[str], files: Sequence[str], pattern: NamePattern | None, said: list[str]
) -> tuple[dict[str, Labels], Skipped]:
    labels: dict[str, Labels] = {}
    skipped: Skipped = []
    for name in tables:
        table = read_table(root, name, files)
        skipped += table.skipped
        said += table.said
        for file, given in table.labels.items():
            from_name = (pattern.match(file) if pattern else None) or {}
            labels.setdefault(file, from_name | given)
        if "family" in table.fields:
            _fill_families(table.labels)
    unlisted = len(set(files) - set(labels))
    if unlisted and labels:
        where = str(root / tables[0])
        skipped.append((where, f"{unlisted} audio files of the folder are not listed: add lines to use them"))
    return labels, skipped


def _fill_families(labels: dict[str, Labels]) -> None:
    """An instrument's family, where only some of its lines say it."""
    known = {
        given["instrument"]: given["family"] for given in labels.values() if {"instrument", "family"} <= set(given)
    }
    for given in labels.values():
        if "family" not in given and given.get("instrument") in known:
            given["family"] = known[given["instrument"]]


def _from_folders(root: Path, file: str, given: Labels) -> None:
    folders = file.split("/")[:-1]
    given.setdefault("instrument", folders[-1] if folders else root.resolve().name)
    given.setdefault("family", folders[-2:][0] if folders else UNKNOWN)
