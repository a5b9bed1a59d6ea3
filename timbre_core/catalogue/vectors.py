"""Vectors of somebody's own (CLAP, MERT, any) as a map like those of checkpoints: laid out here, heard where sounds are named."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.catalogue.libraries import checked_name
from timbre_core.checkpoint import write_latents
from timbre_core.datasets.notes import note_table
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import check_name, user_data_dir
from timbre_core.layout import LATENTS

_IDS = ("note_id", "id", "ids", "name", "file", "path")
_VECTORS = ("vector", "vectors", "embedding", "embeddings", "mu")
_SOUNDS = ("audio", "file", "path")
_MOST = 1_000_000
_LARGEST = 1e15  # of a vector's numbers, whose squares are added up


def vectors_folder() -> Path:
    """Where maps of vectors are kept, a folder each."""
    return user_data_dir() / "vectors"


def list_vectors() -> dict[str, Path]:
    """The folders of all maps of vectors, by name."""
    folder = vectors_folder()
    if not folder.is_dir():
        return {}
    return {entry.name: entry for entry in sorted(folder.iterdir()) if (entry / LATENTS).is_file()}


def add_vectors(
    path: Path, name: str, sounds: Path | None = None, methods: Sequence[str] = ("pca", "umap"), progress: bool = True
) -> int:
    """Make a map of the vectors in a .parquet or .npz file; returns how many there are.

    A Parquet file has a column of ids (note_id, id or name) and one of lists of numbers (vector or embedding); what else it has
    become labels. An .npz has the arrays `ids` (n,) and `vectors` (n, dim); others of n values become labels. sounds: the
    folder below which the column `audio`, `file` or `path` (or the ids) name sounds. Raises TimbreError for a file that cannot
    be understood, and for a name that is taken.
    """
    from timbre_core.analysis.projections import COLUMNS, check_methods, project

    check_methods(methods)
    name = check_name(checked_name(name), "--name")
    if sounds is not None and not sounds.is_dir():
        raise TimbreError(f"--sounds {sounds}: there is no such folder: check the path.")
    folder = vectors_folder() / name
    if folder.exists():
        raise TimbreError(f"--name {name}: there is a map of that name: choose another one, or remove it.")
    ids, vectors, labels = read_vectors(path)
    table = note_table(_labels(ids, labels)).assign(audio=_sounds(ids, labels) if sounds is not None else "")
    table["mu"] = table["trajectory"] = list(vectors)
    table["n_windows"] = 1
    made = {column for columns in COLUMNS.values() for column in columns}  # by this map, not by the one they come from
    for column in map(str, labels):
        if column not in table and column not in made and column not in (*_IDS, *_SOUNDS):
            table[column] = labels[column].to_numpy()
    table = pd.concat([table, project(vectors, methods, progress=progress)], axis=1)
    with os_errors(folder, writing=True):
        folder.mkdir(parents=True)
    try:
        write_latents(folder, table, [str(sounds)] if sounds is not None else [])
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return len(table)


def remove_vectors(name: str) -> None:
    """Forget a map of vectors. Raises TimbreError where there is none of that name."""
    found = list_vectors()
    if name not in found:
        raise TimbreError(f"there is no map of vectors {name[:80]!r}: choose {', '.join(found) or 'none yet'}.")
    shutil.rmtree(found[name])


def read_vectors(path: Path) -> tuple[list[str], np.ndarray, pd.DataFrame]:
    """Ids, vectors (n, dim) float32, and whatever labels a file has; raises TimbreError as `add_vectors` does."""
    if path.suffix.lower() not in (".npz", ".parquet"):
        raise TimbreError(f"{path}: vectors are read from .parquet and .npz files: save them as one.")
    read = _read_npz if path.suffix.lower() == ".npz" else _read_parquet
    ids, vectors, labels = read(path)
    if vectors.ndim != 2 or len(ids) != len(vectors) or not len(ids) or not vectors.shape[1]:
        raise TimbreError(f"{path}: {len(ids)} ids and vectors of shape {vectors.shape}: give one vector for each id.")
    if len(ids) > _MOST:
        raise TimbreError(f"{path}: {len(ids):,} vectors are more than the {_MOST:,} that are taken: leave some out.")
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise TimbreError(f"{path}: the vector of {ids[row][:80]!r} holds NaN or infinity: leave it out.")
    if np.abs(vectors).max() > _LARGEST:
        raise TimbreError(f"{path}: its vectors hold numbers above {_LARGEST:g}: scale them down.")
    twice = pd.Series(ids)[pd.Series(ids).duplicated()]
    if len(twice):
        raise TimbreError(f"{path}: the id {twice.iloc[0][:80]!r} occurs twice: give each its own.")
    return ids, vectors, labels.reset_index(drop=True)


def _read_npz(path: Path) -> tuple[list[str], np.ndarray, pd.DataFrame]:
    import zipfile

    try:
        with os_errors(path), np.load(path, allow_pickle=False) as arrays:
            names = set(arrays.files)
            if not {"ids", "vectors"} <= names:
                raise TimbreError(
                    f"{path}: has no arrays 'ids' and 'vectors' (but {', '.join(sorted(names)) or 'none'})."
                )
            if arrays["ids"].ndim != 1 or arrays["vectors"].dtype.kind not in "fiub":
                raise TimbreError(f"{path}: 'ids' must be a list of names, and 'vectors' real numbers.")
            ids = [each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in arrays["ids"]]
            labels = {each: arrays[each] for each in sorted(names - {"ids", "vectors"})}
            for each, values in labels.items():
                if values.shape != (len(ids),):
                    raise TimbreError(f"{path}: the array {each!r} has no label for each id: mend it or leave it out.")
            return ids, np.asarray(arrays["vectors"], np.float32), pd.DataFrame(labels)
    except (TypeError, AttributeError) as error:
        raise TimbreError(f"{path}: a single array, and no .npz of several: save it with numpy.savez.") from error
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise TimbreError(f"{path}: cannot be read as .npz ({error}): save it with numpy.savez.") from error


def _read_parquet(path: Path) -> tuple[list[str], np.ndarray, pd.DataFrame]:
    import pyarrow

    try:
        with os_errors(path):
            table = pd.read_parquet(path)
    except (pyarrow.ArrowException, ValueError) as error:
        raise TimbreError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}): get it again.") from error
    ids = next((name for name in _IDS if name in table), None)
    vectors = next((name for name in _VECTORS if name in table), None)
    if ids is None or vectors is None:
        raise TimbreError(
            f"{path}: needs a column of ids ({', '.join(_IDS[:3])}) and one of vectors ({', '.join(_VECTORS[:4])}); it has "
            f"{', '.join(map(str, table.columns))}."
        )
    try:
        numbers = np.stack([np.asarray(each, dtype=np.float32) for each in table[vectors]])
    except (ValueError, TypeError) as error:
        raise TimbreError(f"{path}: the vectors are not lists of numbers of one length ({error}).") from error
    plain = [
        name for name in table if name != vectors and not isinstance(table[name].iloc[0], list | dict | np.ndarray)
    ]
    return table[ids].astype(str).tolist(), numbers, table[plain]


def _labels(ids: list[str], labels: pd.DataFrame) -> dict[str, Any]:
    known = [name for name in ("instrument", "family", "source", "pitch", "velocity") if name in labels]
    columns: dict[str, Any] = {"note_id": ids, "audio": ids}
    for name in known:
        numbers = name in ("pitch", "velocity")
        columns[name] = pd.to_numeric(labels[name], errors="coerce") if numbers else labels[name].astype(str)
    return columns


def _sounds(ids: list[str], labels: pd.DataFrame) -> list[str]:
    column = next((name for name in _SOUNDS if name in labels), None)
    return ids if column is None else labels[column].astype(str).tolist()
