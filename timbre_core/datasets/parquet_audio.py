"""The sounds in a Parquet file, row by row: encoded files, or samples with their rate."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa

from timbre_core.datasets.parquet import first_line, open_parquet
from timbre_core.datasets.parquet_columns import audio_column, bytes_of, is_decoded, rate_column
from timbre_core.errors import TimbreError
from timbre_core.features.audio import AudioError


class ParquetAudio:
    """Reads single rows of the column of sounds; keeps the row group read last, for neighbours are read together."""

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises TimbreError if it is no Parquet library."""
        self._path = path
        self._file = open_parquet(path)
        self._column = str(audio_column(self._file.schema_arrow))
        self._rate = rate_column(self._file.schema_arrow, self._column)
        sizes = [self._file.metadata.row_group(i).num_rows for i in range(self._file.num_row_groups)]
        self._ends = np.cumsum(sizes)
        self._last: tuple[int, pa.Table] | None = None
        self._lock = threading.Lock()  # pyarrow's reader serves one thread at a time

    def read(self, row: int) -> bytes:
        """The encoded audio file of row `row`. Raises TimbreError if the library is damaged there."""
        group = int(np.searchsorted(self._ends, row, side="right"))
        with self._lock:
            if self._last is None or self._last[0] != group:
                try:
                    wanted = [self._column, *filter(None, [self._rate])]
                    table = self._file.read_row_group(group, columns=wanted)
                except (pa.ArrowException, OSError) as error:
                    raise TimbreError(
                        f"{self._path}: damaged near row {row} ({first_line(error)}): get the file again."
                    ) from error
                self._last = (group, table)
            table = self._last[1]
        place = row - (int(self._ends[group - 1]) if group else 0)
        found = table.column(self._column)[place]
        if self._rate:
            return self._samples(found, table.column(self._rate)[place].as_py(), row)
        if is_decoded(found.type):
            rate = found["sampling_rate"].as_py() if found.is_valid else None
            return self._samples(found["array"] if found.is_valid else found, rate, row)
        if not pa.types.is_struct(found.type):
            return bytes_of(found)
        audio = bytes_of(found["bytes"]) if found.is_valid else b""
        named = found["path"].as_py() if found.is_valid and "path" in found else None
        if not audio and named:
            raise AudioError(
                f"{self._path}: column {self._column!r} of row {row} names {named[:200]!r} and holds no bytes: "
                "get the data set with its audio embedded."
            )
        return audio

    def _samples(self, found: pa.Scalar, rate: float | None, row: int) -> bytes:
        """A list of samples as a WAV file."""
        samples = found.values if found.is_valid else None
        if samples is None or not rate or not 0 < rate < 2**30:
            raise AudioError(f"{self._path}: column {self._column!r} of row {row} holds no samples or no rate.")
        return _as_wav(samples.to_numpy(zero_copy_only=False), int(rate))


def _as_wav(samples: np.ndarray, rate: int) -> bytes:
    """Samples (n,) as a WAV file of 32-bit floats, always the same bytes (libsndfile would write the time into them).

    Whole numbers are at the full scale of their kind; 32 bits that none needs hold those of 16, as 16-bit ones would be silent.
    """
    from scipy.io import wavfile

    full = 1.0
    if np.issubdtype(samples.dtype, np.signedinteger):
        sixteen = np.iinfo(np.int16)
        fit = len(samples) == 0 or (samples.min() >= sixteen.min and samples.max() <= sixteen.max)
        full = -float(sixteen.min if fit else np.iinfo(samples.dtype).min)
    made = io.BytesIO()
    wavfile.write(made, rate, (samples / full).astype(np.float32))
    return made.getvalue()
