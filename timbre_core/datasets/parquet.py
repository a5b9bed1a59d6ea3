"""Libraries in Parquet files: note labels beside a column that holds each note's encoded file.

The project's own are one file with the columns `note_id` and `audio` (bytes). Data sets on the web (Hugging Face's) are
folders of shards, `train-00000-of-00003.parquet`, whose `audio` is a struct of bytes and path, and whose labels may be
numbers that the file's own metadata names; or, written after decoding, samples and their rate. Labels are read
without touching the audio, one note's audio without the others'.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from timbre_core.datasets.column_checks import match_checked
from timbre_core.datasets.columns import PARTS, match_columns
from timbre_core.datasets.folds import fold_number, folds_to_splits
from timbre_core.datasets.label_values import Labels, note_values
from timbre_core.datasets.notes import NOTE_COLUMNS, drop_bad_labels, note_table
from timbre_core.datasets.parquet_columns import audio_column, class_names, is_bytes, is_label, rate_column
from timbre_core.datasets.pitch_columns import settle_pitches
from timbre_core.datasets.split_names import split_of
from timbre_core.errors import TimbreError, explain_os_error, os_errors
from timbre_core.features.sound_files import is_left_behind

FIELDS = ("note_id", "instrument", "family", "source", "pitch", "velocity", "split", "transpose", *PARTS)
_PLACE = re.compile(r"(?P<file>.*\.parquet):(?P<row>[0-9]+)", re.IGNORECASE)
_SHARD = re.compile(r"(?P<split>.+?)-[0-9]{5}-of-[0-9]{5}(?:-[0-9a-f]+)?")
_DEEPEST = 3
_BUFFER = 2**18  # bytes that are read at once

Skipped = list[tuple[str, str]]


def parquet_place(root: Path, audio: str) -> tuple[Path, int] | None:
    """The Parquet file and the row that a note's audio is in; None where it is a file of its own."""
    if root.suffix == ".parquet" and root.is_file():
        return root, int(audio)
    place = _PLACE.fullmatch(audio)
    return (root / place["file"], int(place["row"])) if place else None


def file_of(audio: str) -> str:
    """The file below a root that a note's audio is in."""
    place = _PLACE.fullmatch(audio)
    return place["file"] if place else audio


def parquet_files(root: Path) -> list[str]:
    """Parquet files with sounds below a folder (posix paths), at most three folders deep."""
    found = []
    with os_errors(root):
        for folder, folders, names in os.walk(root):
            below = Path(folder).relative_to(root)
            folders[:] = [n for n in sorted(folders) if not is_left_behind(n)] if len(below.parts) < _DEEPEST else []
            found += [(below / name).as_posix() for name in sorted(names) if _is_parquet(name)]
    return [name for name in found if _holds_audio(root / name)]


def _is_parquet(name: str) -> bool:
    return name.lower().endswith(".parquet") and not is_left_behind(name)


def read_parquet_folder(root: Path, files: list[str], said: list[str] | None = None) -> tuple[pd.DataFrame, Skipped]:
    """The note table of a folder of Parquet shards `files`, of which a damaged one costs itself alone.

    Shards called train, validation and test are the splits. Raises TimbreError when no shard holds a usable note.
    """
    tables: list[pd.DataFrame] = []
    skipped: Skipped = []
    told: list[str] = [] if said is None else said
    folds = set().union(*(_folds(root / name) for name in files)) if len(files) > 1 else set[int]()
    for name in files:
        try:
            notes, bad = read_parquet_notes(root / name, told, folds, root)
        except TimbreError as error:
            where, _, reason = str(error).partition(": ")
            skipped.append((where, reason.rstrip(".")))
            continue
        notes["audio"] = name + ":" + notes["audio"]
        tables.append(notes)
        skipped += bad
    if not tables:
        raise TimbreError(f"{skipped[0][0]}: {skipped[0][1]} ({len(skipped)} such).")
    notes = pd.concat(tables, ignore_index=True)
    again = notes.groupby("note_id").cumcount()
    notes["note_id"] = notes["note_id"].where(again == 0, notes["note_id"] + "-" + (again + 1).astype(str))
    told[:] = list(dict.fromkeys(told))
    return notes, skipped


def read_parquet_notes(
    path: Path, said: list[str] | None = None, folds: Iterable[int] = (), root: Path | None = None
) -> tuple[pd.DataFrame, Skipped]:
    """The note table of a Parquet file and (name, reason) of rows with bad labels. Reads no audio.

    said: takes sentences on which column is what. folds: those of all files that belong together. root: the
    folder that was given, folders below which say what is in them. Raises TimbreError when
    it holds no usable note.
    """
    with open_parquet(path) as file:
        try:
            notes, skipped = _own(file) if _is_own(file) else _foreign(file, path, said, folds, root)
        except (pa.ArrowException, OSError, ValueError, TypeError) as error:
            raise TimbreError(
                f"{path}: its labels cannot be read ({first_line(error)}): get the file again."
            ) from error
    notes, bad = drop_bad_labels(notes, str(path) + ", note " + notes["note_id"])
    skipped = skipped + bad
    if notes.empty:
        why = f": {skipped[0][1]} ({len(skipped)} such)" if skipped else ", and no row"
        raise TimbreError(f"{path}: holds no usable note{why}: get the file again, or correct it.")
    return notes, skipped


def open_parquet(path: Path) -> pq.ParquetFile:
    """A file that holds sounds, open. Raises TimbreError for any other."""
    try:
        # As quick as a file that is mapped, which takes as much memory as was ever read of it, and ends the process where
        # somebody cuts it short.
        file = pq.ParquetFile(path, buffer_size=_BUFFER)
    except OSError as error:
        if error.errno:
            raise TimbreError(explain_os_error(error, path)) from error
        raise TimbreError(f"{path}: not a Parquet file or truncated: get it again.") from error
    except pa.ArrowException as error:
        raise TimbreError(f"{path}: not a Parquet file or truncated: get it again.") from error
    if audio_column(file.schema_arrow) is None:
        raise TimbreError(
            f"{path}: has no column 'audio' of bytes, of bytes and path, or of array and sampling_rate: it is not a library "
            "of notes."
        )
    return file


def _is_own(file: pq.ParquetFile) -> bool:
    schema = file.schema_arrow
    return {"note_id", "audio"} <= set(schema.names) and is_bytes(schema.field("audio").type)


def _own(file: pq.ParquetFile) -> tuple[pd.DataFrame, Skipped]:
    known = [name for name in file.schema_arrow.names if name in NOTE_COLUMNS and name not in ("audio", "root")]
    labels = file.read(columns=known).to_pandas()
    return note_table({name: labels[name] for name in known} | {"audio": [str(i) for i in range(len(labels))]}), []


def _foreign(
    file: pq.ParquetFile, path: Path, said: list[str] | None, folds: Iterable[int], root: Path | None
) -> tuple[pd.DataFrame, Skipped]:
    """A data set of other makers: labels from the columns whose names say so."""
    schema, audio = file.schema_arrow, str(audio_column(file.schema_arrow))
    sounds = (audio, rate_column(schema, audio))
    plain = [name for name in schema.names if name not in sounds and is_label(schema.field(name).type)]
    names, count, around = class_names(schema), file.metadata.num_rows, _in_path(path, root)
    read = {name: [text] * count for name, text in around.items() if name not in plain}

    def cells(name: str) -> list[str]:
        if name not in read:
            read[name] = [_as_text(value, names.get(name)) for value in file.read(columns=[name]).column(0).to_pylist()]
        return read[name]

    columns = match_checked([*plain, *read], FIELDS, cells)
    if said is not None:
        unused = [name for name in [*schema.names, *around] if name not in sounds and name not in columns.of.values()]
        used = columns.renamed + [f"not used: {', '.join(map(repr, unused))}"] * bool(unused)
        if used:
            said.append(f"{path.parent}: {'; '.join(used)}")
    texts = {field: cells(column) for field, column in columns.of.items()}
    paths = _paths(file, audio, count)
    split = split_of(found["split"] if (found := _SHARD.fullmatch(path.stem)) else path.stem)
    rows: list[Labels] = []
    for row in range(count):
        given = {field: column[row] for field, column in texts.items() if column[row]}
        given.setdefault("note_id", _name_of(paths[row]) or f"{path.stem}-{row:06d}")
        official = split in ("valid", "test") and fold_number(given.get("split", "")) is not None
        rows.append(given | ({"split": split} if split and ("split" not in given or official) else {}))
    # Rows are told apart by what is written alone: their sounds are not listened to here.
    pitches, of_no_use = settle_pitches(rows, columns.of, lambda places, numbers: False)
    told = [*pitches, *filter(None, [folds_to_splits(rows, folds)])]
    if said is not None:
        told += [f"not used: {', '.join(map(repr, of_no_use))}"] * bool(of_no_use)
        said += [f"{path.parent}: {sentence}" for sentence in told]
    return note_values(rows, [str(row) for row in range(count)], [f"{path}, row {row}" for row in range(count)])


def _in_path(path: Path, root: Path | None) -> dict[str, str]:
    """What folders below the root called `instrument=oboe` say, as Hive and its followers lay out partitions."""
    folders = path.relative_to(root).parts[:-1] if root is not None else ()
    parts = [part.partition("=") for part in folders]
    found = {name: unquote(value) for name, equals, value in parts if name and equals}
    return {name: "" if value == "__HIVE_DEFAULT_PARTITION__" else value for name, value in found.items()}


def _folds(path: Path) -> set[int]:
    """The folds that a file's notes are of, none where it cannot be read, which is told elsewhere."""
    try:
        with open_parquet(path) as file:
            column = match_columns(file.schema_arrow.names, ["split"]).of.get("split")
            values = set() if column is None else set(file.read(columns=[column]).column(0).to_pylist())
    except (TimbreError, pa.ArrowException, OSError, TypeError):
        return set()
    return {fold for value in values if (fold := fold_number(_as_text(value, None))) is not None}


def _as_text(value: Any, names: list[str] | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if names is not None and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _paths(file: pq.ParquetFile, audio: str, count: int) -> list[str]:
    """The path beside each note's bytes, which alone is read; empty where there is none."""
    kind = file.schema_arrow.field(audio).type
    if not (pa.types.is_struct(kind) and any(f.name == "path" for f in kind)):
        return [""] * count
    column = file.read(columns=[f"{audio}.path"]).column(0)
    return [str((value or {}).get("path") or "") for value in column.to_pylist()]


def _name_of(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).stem


def first_line(error: Exception) -> str:
    """What an error says, in short."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _holds_audio(path: Path) -> bool:
    try:
        open_parquet(path).close()
    except TimbreError:
        return False
    return True
