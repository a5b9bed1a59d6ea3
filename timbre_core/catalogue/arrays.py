"""Vectors of a library's notes: plain files of equal rows, appended to while they are read by others.

A row counts once the database says so. What a killed process wrote behind the last such row is written over.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.errors import TimbreError, os_errors

DTYPES: dict[str, np.dtype[Any]] = {
    "mu": np.dtype("<f4"),
    "code": np.dtype("<f4"),
    "map": np.dtype("<f4"),
    "mark": np.dtype("<f2"),
}
"""What is kept of a note: its mean latent, its timbre code (zeros where it has none), its coordinates on the maps, and the
fingerprint that finds doubles."""


def write_rows(folder: Path, first: int, columns: Mapping[str, np.ndarray]) -> None:
    """Write arrays (n, dim) as the rows from `first` on, and have them on the disk before this returns.

    Raises TimbreError, naming the file, where the disk is full.
    """
    for name, rows in columns.items():
        path = folder / f"{name}.rows"
        with os_errors(path, writing=True):
            folder.mkdir(parents=True, exist_ok=True)
            with open(path, "r+b" if path.exists() else "w+b") as file:
                data = np.ascontiguousarray(rows, dtype=DTYPES[name])
                file.seek(first * data.shape[1] * data.itemsize)
                file.write(data.tobytes())
                file.flush()
                os.fsync(file.fileno())


def write_places(folder: Path, name: str, places: Sequence[int], rows: np.ndarray) -> None:
    """Write rows (n, dim) of an array in the places of rows that are there, and have them on the disk before this returns."""
    path, data = folder / f"{name}.rows", np.ascontiguousarray(rows, dtype=DTYPES[name])
    with os_errors(path, writing=True), open(path, "r+b") as file:
        for place, row in zip(places, data, strict=True):
            file.seek(place * row.nbytes)
            file.write(row.tobytes())
        file.flush()
        os.fsync(file.fileno())


def read_rows(folder: Path, name: str, dim: int, count: int) -> np.ndarray:
    """The first `count` rows (count, dim), memory-mapped. Raises TimbreError for a file that has fewer."""
    path, dtype = folder / f"{name}.rows", DTYPES[name]
    if not count:
        return np.empty((0, dim), dtype=dtype)
    with os_errors(path):
        size = path.stat().st_size
    if size < count * dim * dtype.itemsize:
        raise TimbreError(f"{path}: is shorter than the database says: remove the library and add it again.")
    return np.memmap(path, dtype=dtype, mode="r", shape=(count, dim))
