"""A library in one Parquet file: note labels beside a column `audio` that holds each note's encoded file.

Labels are read without touching the audio, and one note's audio without reading the others'.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from timbre_core.datasets.notes import NOTE_COLUMNS, drop_bad_labels, note_table
from timbre_core.errors import TimbreError, explain_os_error


def _open(path: Path) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path, memory_map=True)
    except OSError as error:
        if error.errno:
            raise TimbreError(explain_os_error(error, path)) from error
        raise TimbreError(f"{path}: not a Parquet file or truncated: get it again.") from error
    except pa.ArrowException as error:
        raise TimbreError(f"{path}: not a Parquet file or truncated: get it again.") from error
    missing = {"note_id", "audio"} - set(file.schema_arrow.names)
    if missing:
        raise TimbreError(f"{path}: has no column {sorted(missing)[0]!r}: it is not a library of notes.")
    return file


def read_parquet_notes(path: Path) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The note table of a Parquet library and (name, reason) of rows with bad labels. Reads no audio.

    Raises TimbreError when it is no such file or holds no usable note.
    """
    with _open(path) as file:
        known = [name for name in file.schema_arrow.names if name in NOTE_COLUMNS and name not in ("audio", "root")]
        try:
            labels = file.read(columns=known).to_pandas()
            notes = note_table({name: labels[name] for name in known} | {"audio": [str(i) for i in range(len(labels))]})
        except (pa.ArrowException, OSError, ValueError, TypeError) as error:
            raise TimbreError(f"{path}: its labels cannot be read ({error}): get the file again.") from error
    notes, skipped = drop_bad_labels(notes, str(path) + ", note " + notes["note_id"])
    if notes.empty:
        raise TimbreError(f"{path}: holds no usable note: get the file again.")
    return notes, skipped


class ParquetAudio:
    """Reads single rows of the `audio` column; keeps the row group read last, for neighbours are read together."""

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises TimbreError if it is no Parquet library."""
        self._path = path
        self._file = _open(path)
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
                    column = self._file.read_row_group(group, columns=["audio"]).column(0)
                except (pa.ArrowException, OSError) as error:
                    raise TimbreError(f"{self._path}: damaged near row {row} ({error}): get the file again.") from error
                self._last = (group, column)
            column = self._last[1]
        start = int(self._ends[group - 1]) if group else 0
        audio: bytes | None = column[row - start].as_py()
        return audio or b""
