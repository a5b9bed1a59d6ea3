"""Roots: the folders and files that a library is gathered from, each read by what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from timbre_core.datasets.audio_files import audio_files, list_folder, unread_beside
from timbre_core.datasets.fsdd import digits_folder, read_digits
from timbre_core.datasets.known_factors import KNOWN_FACTORS, known_factors_path
from timbre_core.datasets.nsynth import nsynth_folders, read_nsynth
from timbre_core.datasets.parquet import (
    parquet_files,
    read_parquet_folder,
    read_parquet_notes,
)
from timbre_core.datasets.pattern import parse_pattern
from timbre_core.datasets.pictures import (
    BUNDLED,
    bundled_path,
    picture_files,
    read_bundled,
    read_pictures,
)
from timbre_core.datasets.table import find_tables
from timbre_core.errors import TimbreError
from timbre_core.files import as_on_disk

STARTER = "starter"
MADE_HERE = (STARTER, KNOWN_FACTORS)
"""Roots whose names say what is in them: their notes are the same wherever and whenever they are made."""


def root_path(root: str) -> Path:
    """Where a root's files are: the path itself, or the file that comes with a package or is made, for the names of
    such data."""
    if root == STARTER:
        from timbre_core.datasets.starter import starter_path

        return starter_path()
    if root == BUNDLED:
        return bundled_path()
    if root == KNOWN_FACTORS:
        return known_factors_path()
    return as_on_disk(root)


def read_root(
    root: str, pattern: str | None, progress: bool, said: list[str]
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """A root's notes, and (file, reason) for what cannot be used; `said` takes what was decided about them."""
    if pattern is not None:
        parse_pattern(pattern)  # so that one that means nothing is told of whatever data
    if root == BUNDLED:
        return read_bundled()
    path = root_path(root)
    if not path.exists():
        raise TimbreError(f"{root}: there is no such folder or file: check the path.")
    if pattern is not None and (root in MADE_HERE or path.is_file() or nsynth_folders(path)):
        said.append(f"{root}: labels come with these notes: the pattern {pattern[:80]!r} is not used")
    if path.suffix == ".parquet" and path.is_file():
        return read_parquet_notes(path, said)
    if picture_files(path):
        return read_pictures(path)
    if not path.is_dir():
        raise TimbreError(f"{root}: neither a folder nor a .parquet library: give the folder that holds the notes.")
    folders = nsynth_folders(path)
    if folders:
        return read_nsynth(path, folders, said)
    digits = _digits(path, pattern, said)
    if digits is not None:
        return digits
    shards = parquet_files(path)
    if shards and not audio_files(path):
        return read_parquet_folder(path, shards, said)
    from timbre_core.datasets.folder import read_folder

    return read_folder(path, pattern, progress=progress, said=said)


def read_files(path: Path, pattern: str | None, said: list[str]) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The notes of a folder of sound files, in any layout that `read_root` knows; pitches that nothing tells stay unknown."""
    from timbre_core.datasets.folder import read_folder

    folders = nsynth_folders(path)
    if folders:
        return read_nsynth(path, folders, said)
    digits = _digits(path, pattern, said)
    return digits or read_folder(path, pattern, estimate=False, progress=False, said=said)


def _digits(path: Path, pattern: str | None, said: list[str]) -> tuple[pd.DataFrame, list[tuple[str, str]]] | None:
    """A folder of spoken digits, None for others and where labels are told in another way."""
    if pattern is not None or find_tables(list_folder(path).tables)[0] or not digits_folder(path):
        return None
    notes, skipped = read_digits(path)
    said.append(
        f"{path}: read as spoken digits (DIGIT_SPEAKER_INDEX): the digit is the family, the speaker the instrument"
    )
    return notes, skipped + unread_beside(path)


def tell_roots_apart(notes: pd.DataFrame, roots: Sequence[str]) -> pd.DataFrame:
    """Put the root's name before note ids and instruments that occur in several roots.

    Two data sets both have a "guitar_acoustic_010": taken for one instrument it could be in training and test at once.
    """
    labels = [root_path(root).stem if root == STARTER else Path(root).expanduser().resolve().name for root in roots]
    labels = [label if labels.count(label) == 1 else f"{label}{i}" for i, label in enumerate(labels)]
    prefix = notes["root"].map(dict(enumerate(labels))) + "+"
    notes = notes.copy()
    notes["note_id"] = notes["note_id"].where(~notes["note_id"].duplicated(keep=False), prefix + notes["note_id"])
    shared = notes.groupby("instrument")["root"].transform("nunique") > 1
    notes["instrument"] = notes["instrument"].where(~shared, prefix + notes["instrument"])
    return notes


def without_root(instrument: str) -> str:
    """An instrument's own name: where several roots have one of that name, `open_library` puts "root+" before it."""
    return instrument.partition("+")[2] or instrument
