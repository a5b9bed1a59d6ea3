"""Libraries in Parquet files: note labels beside a column that holds each note's encoded file.

The project's own are one file with the columns `note_id` and `audio` (bytes). Data sets on the web (Hugging Face's) are
folders of shards, `train-00000-of-00003.parquet`, whose `audio` is a struct of bytes and path, and whose labels may be
numbers that the file's own metadata names; or, written after decoding, a struct of samples and their rate. Labels are read
without touching the audio, one note's audio without the others'.
"""

from __future__ import annotations

import io
import math
import os
import re
import threading
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from timbre_core.datasets.columns import PARTS, match_columns
from timbre_core.datasets.folds import fold_number, folds_to_splits
from timbre_core.datasets.label_values import Labels, note_values
from timbre_core.datasets.notes import NOTE_COLUMNS, drop_bad_labels, note_table
from timbre_core.datasets.parquet_columns import audio_column, bytes_of, class_names, is_bytes, is_decoded, is_label
from timbre_core.datasets.pitch_columns import settle_pitches
from timbre_core.datasets.split_names import split_of
from timbre_core.errors import TimbreError, explain_os_error, os_errors
from timbre_core.features.audio import AudioError
from timbre_core.features.sound_files import is_left_behind

FIELDS = ("note_id", "instrument", "family", "source", "pitch", "velocity", "split", "transpose", *PARTS)
_PLACE = re.compile(r"(?P<file>.*\.parquet):(?P<row>[0-9]+)", re.IGNORECASE)
_SHARD = re.compile(r"(?P<split>.+?)-[0-9]{5}-of-[0-9]{5}(?:-[0-9a-f]+)?")
_DEEPEST = 3

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
            notes, bad = read_parquet_notes(root / name, told, folds)
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
    path: Path, said: list[str] | None = None, folds: Iterable[int] = ()
) -> tuple[pd.DataFrame, Skipped]:
    """The note table of a Parquet file and (name, reason) of rows with bad labels. Reads no audio.

    said: takes sentences on which column is what. folds: those of all files that belong together. Raises TimbreError when
    it holds no usable note.
    """
    with _open(path) as file:
        try:
            notes, skipped = _own(file) if _is_own(file) else _foreign(file, path, said, folds)
        except (pa.ArrowException, OSError, ValueError, TypeError) as error:
            raise TimbreError(f"{path}: its labels cannot be read ({_short(error)}): get the file again.") from error
    notes, bad = drop_bad_labels(notes, str(path) + ", note " + notes["note_id"])
    skipped = skipped + bad
    if notes.empty:
        why = f": {skipped[0][1]} ({len(skipped)} such)" if skipped else ", and no row"
        raise TimbreError(f"{path}: holds no usable note{why}: get the file again, or correct it.")
    return notes, skipped


def _open(path: Path) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path, memory_map=True)
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
    file: pq.ParquetFile, path: Path, said: list[str] | None, folds: Iterable[int]
) -> tuple[pd.DataFrame, Skipped]:
    """A data set of other makers: labels from the columns whose names say so."""
    schema, audio = file.schema_arrow, str(audio_column(file.schema_arrow))
    plain = [name for name in schema.names if name != audio and is_label(schema.field(name).type)]
    columns = match_columns(plain, FIELDS)
    if said is not None:
        unused = [name for name in schema.names if name != audio and name not in columns.of.values()]
        used = columns.renamed + [f"not used: {', '.join(map(repr, unused))}"] * bool(unused)
        if used:
            said.append(f"{path.parent}: {'; '.join(used)}")
    names = class_names(schema)
    count = file.metadata.num_rows
    texts: dict[str, list[str]] = {}
    for field, column in columns.of.items():
        values = file.read(columns=[column]).column(0).to_pylist()
        texts[field] = [_as_text(value, names.get(column)) for value in values]
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


def _folds(path: Path) -> set[int]:
    """The folds that a file's notes are of, none where it cannot be read, which is told elsewhere."""
    try:
        with _open(path) as file:
            column = match_columns(file.schema_arrow.names, ["split"]).of.get("split")
            values = set() if column is None else set(file.read(columns=[column]).column(0).to_pylist())
    except (TimbreError, pa.ArrowException, OSError, TypeError):
        return set()
    return {fold for value in values if (fold := fold_number(_as_text(value, None))) is not None}


def _as_wav(samples: np.ndarray, rate: int) -> bytes:
    """Samples (n,) as a WAV file of 32-bit floats, always the same bytes (libsndfile would write the time into them)."""
    from scipy.io import wavfile

    made = io.BytesIO()
    wavfile.write(made, rate, samples.astype(np.float32))
    return made.getvalue()


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


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _holds_audio(path: Path) -> bool:
    try:
        _open(path).close()
    except TimbreError:
        return False
    return True


class ParquetAudio:
    """Reads single rows of the column of encoded files; keeps the row group read last, for neighbours are read together."""

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises TimbreError if it is no Parquet library."""
        self._path = path
        self._file = _open(path)
        self._column = str(audio_column(self._file.schema_arrow))
        sizes = [self._file.metadata.row_group(i).num_rows for i in range(self._file.num_row_groups)]
        self._ends = np.cumsum(sizes)
        self._last: tuple[int, pa.ChunkedArray] | None = None
        self._lock = threading.Lock()  # pyarrow's reader serves one thread at a time

    def read(self, row: int) -> bytes:
        """The encoded audio file of row `row`. Raises TimbreError if the library is damaged there."""
        group = int(np.searchsorted(self._ends, row, side="right"))
        with self._lock:
            if self._last is None or self._last[0] != group:
                try:
                    column = self._file.read_row_group(group, columns=[self._column]).column(0)
                except (pa.ArrowException, OSError) as error:
                    raise TimbreError(
                        f"{self._path}: damaged near row {row} ({_short(error)}): get the file again."
                    ) from error
                self._last = (group, column)
            column = self._last[1]
        start = int(self._ends[group - 1]) if group else 0
        found = column[row - start]
        if is_decoded(column.type):
            samples, rate = found["array"].values, found["sampling_rate"].as_py()
            if samples is None or not rate or not 0 < rate < 2**30:
                raise AudioError(f"{self._path}: column {self._column!r} of row {row} holds no samples or no rate.")
            return _as_wav(samples.to_numpy(zero_copy_only=False), int(rate))
        if not pa.types.is_struct(column.type):
            return bytes_of(found)
        audio = bytes_of(found["bytes"]) if found.is_valid else b""
        place = found["path"].as_py() if found.is_valid and "path" in found else None
        if not audio and place:
            raise AudioError(
                f"{self._path}: column {self._column!r} of row {row} names {place[:200]!r} and holds no bytes: "
                "get the data set with its audio embedded."
            )
        return audio
