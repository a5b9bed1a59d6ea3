"""Any folder of audio files as notes: labels from a table, from file names, or measured.

A `metadata.csv` in the folder has a header line with the column `file` (path below the folder) and any of `instrument`,
`family`, `source`, `pitch` (60 or C4), `velocity` (1-127, or ppp to fff), `split` (train, valid or test, or the number of a
fold: see datasets.folds) and `transpose` (semitones that are added to the pitch); pitches may be in Hz (`f0`, `frequency`), or a
letter (`note`) and an `octave`: see datasets.pitch_columns. Cells may be empty, other columns are told. Only the files it lists
are used.
Without it, labels come from a file-name pattern (see datasets.pattern). What neither tells is taken from the folders: a
note's instrument is the folder it lies in, its family the folder around that one (or the same folder, directly below the
root). A missing pitch is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from timbre_core.datasets.audio_files import Listing, list_folder
from timbre_core.datasets.folds import folds_to_splits
from timbre_core.datasets.heard import pitches_agree
from timbre_core.datasets.label_sources import Sources, decide
from timbre_core.datasets.label_values import Labels, note_values, without_unclear_pitches
from timbre_core.datasets.measured_pitch import measure_missing_pitches
from timbre_core.datasets.name_labels import read_names
from timbre_core.datasets.notes import METADATA
from timbre_core.datasets.pattern import NamePattern, parse_pattern
from timbre_core.datasets.pitch_names import is_note_name
from timbre_core.datasets.root_keys import root_keys
from timbre_core.datasets.sfz import read_mappings
from timbre_core.datasets.table import find_tables, read_table
from timbre_core.errors import TimbreError
from timbre_core.wording import counted

Skipped = list[tuple[str, str]]

_NAMED = 6  # things that are not read, of a folder without any sound


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
    skipped = [*listing.skipped, *listing.unread_below(root)]
    told += _unused(root, others)
    sources = Sources()
    files: Sequence[str] = listing.files
    if tables:
        bad = _read_tables(root, tables, files, sources, told)
        files = list(sources.table)
    elif named:
        bad = _read_pattern(root, files, named, sources)
        files = list(sources.pattern)
    else:
        files, bad = _read_other_sources(root, listing, sources, told, progress)
    if named and tables:
        sources.pattern = {file: found for file in files if (found := named.match(file))}
    skipped += bad
    if not files:
        raise TimbreError(_no_note(root, bad))
    labels, sentences = decide(root, files, sources)
    told += sentences
    folds = folds_to_splits(labels.values())
    told += [f"{root}: {folds}"] if folds else []
    notes, bad = note_values(list(labels.values()), list(labels), [str(root / file) for file in labels])
    skipped += bad
    if estimate:
        notes, bad = measure_missing_pitches(root, notes, progress)
        skipped += bad
    if notes.empty:
        raise TimbreError(_no_note(root, skipped))
    return notes, skipped


def _read_other_sources(
    root: Path, listing: Listing, sources: Sources, said: list[str], progress: bool
) -> tuple[Sequence[str], Skipped]:
    """What SFZ files, names and the files themselves say; returns the files of one note each, and what is left out."""
    mappings = read_mappings(root, listing.mappings, listing.files)
    sources.mapping, skipped = mappings.labels, mappings.skipped
    said += mappings.said
    sources.names = read_names(listing.files, pitches_agree(root))
    unclear = without_unclear_pitches(sources.names.labels)
    if unclear:
        said.append(f"{root}: {counted(len(unclear), 'pitch', 'pitches')} not taken from names: {unclear[0]}")
    sources.keys = root_keys(root, listing.files, progress)
    for file, (low, high) in sources.names.ranges.items():
        if file not in sources.mapping and file not in mappings.releases:
            cure = f"cut it into notes, or tell its pitch in {METADATA}"
            which = f"{low} to {high}" if is_note_name(high) else f"{low} {high}"
            reason = f"its name says that it holds several notes ({which}): {cure}"
            skipped.append((str(root / file), reason))
    left_out = (sources.names.ranges.keys() - sources.mapping.keys()) | mappings.releases
    return [file for file in listing.files if file not in left_out], skipped


def _unused(root: Path, tables: Sequence[str]) -> list[str]:
    """Sentences on tables that may be of labels and are called something else, and on mappings of other samplers."""
    mappings = [name for name in tables if name.lower().endswith(".dspreset")]
    tables = [name for name in tables if name not in mappings]
    if mappings:
        more = f" and {len(mappings) - 1} more" if len(mappings) > 1 else ""
        return [
            f"{root / mappings[0]}{more}: not used: keys are read from SFZ files, so save it as one where they are labels",
            *_unused(root, tables),
        ]
    if not tables:
        return []
    more = f" and {len(tables) - 1} more" if len(tables) > 1 else ""
    return [f"{root / tables[0]}{more}: not used: tables of labels are called {METADATA}, so rename it where it is one"]


def _no_note(root: Path, skipped: Skipped) -> str:
    if not skipped:
        return f"{root}: no usable note: its table lists no file."
    more = f" ({len(skipped)} such)" if len(skipped) > 1 else ""
    return f"{root}: no usable note: {skipped[0][0]}: {skipped[0][1]}{more}."


def _nothing_in(root: Path, listing: Listing) -> str:
    if listing.unread:
        rest = f"; and {len(listing.unread) - _NAMED} more" if len(listing.unread) > _NAMED else ""
        return f"{root}: no audio file in it that can be read: {'; '.join(listing.unread[:_NAMED])}{rest}."
    if listing.skipped:
        return f"{root}: no audio file in it: {listing.skipped[0][0]}: {listing.skipped[0][1]}."
    return f"{root}: no audio file in it (wav, flac, ogg, mp3, aiff): check the path."


def _read_pattern(root: Path, files: Sequence[str], pattern: NamePattern, sources: Sources) -> Skipped:
    skipped: Skipped = []
    for file in files:
        found = pattern.match(file)
        if found is None:
            reason = f"its name does not fit the pattern {pattern.text!r}: {pattern.explain(file)}"
            skipped.append((str(root / file), reason))
        else:
            sources.pattern[file] = found
    return skipped


def _read_tables(root: Path, tables: Sequence[str], files: Sequence[str], sources: Sources, said: list[str]) -> Skipped:
    skipped: Skipped = []
    for name in tables:
        table = read_table(root, name, files)
        skipped += table.skipped
        said += table.said
        if "family" in table.fields:
            _fill_families(table.labels)
        sources.table = table.labels | sources.table
        sources.columns |= table.fields
    unlisted = len(set(files) - set(sources.table))
    if unlisted and sources.table:
        where = str(root / tables[0])
        skipped.append((where, f"{counted(unlisted, 'audio file')} of the folder not listed: add lines to use them"))
    return skipped


def _fill_families(labels: dict[str, Labels]) -> None:
    """An instrument's family, where only some of its lines say it."""
    known = {
        given["instrument"]: given["family"] for given in labels.values() if {"instrument", "family"} <= set(given)
    }
    for given in labels.values():
        if "family" not in given and given.get("instrument") in known:
            given["family"] = known[given["instrument"]]
