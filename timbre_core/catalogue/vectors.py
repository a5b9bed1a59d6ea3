"""Vectors of somebody's own (CLAP, MERT, any) as a map like those of checkpoints: laid out here, heard where sounds are named."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.analysis.distances import CODE
from timbre_core.catalogue.libraries import checked_name
from timbre_core.catalogue.path_text import is_text
from timbre_core.checkpoint import RECORDING, write_latents
from timbre_core.datasets.notes import UNKNOWN, note_table
from timbre_core.datasets.pitch_names import read_pitch
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import check_name, user_data_dir
from timbre_core.layout import LATENTS

_IDS = ("note_id", "id", "ids", "name", "file", "path")
_VECTORS = ("vector", "vectors", "embedding", "embeddings", "mu")
_SOUNDS = ("audio", "file", "path")
_MOST = 1_000_000
_WIDEST = 16_384  # numbers of a vector
_MOST_LABELS = 200
_LONGEST_ID = 500  # letters, which pages can ask for
_LARGEST = 1e15  # of a vector's numbers, whose squares are added up
# Columns of maps that say how a model read the notes.
_OF_MODELS = {"logvar", "sounding", "start", "n_frames", "ref_db", CODE, RECORDING}


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
    taken = {*table, *made, *_IDS, *_SOUNDS, *_OF_MODELS}
    others = labels[[column for column in labels if str(column) not in taken]]
    table = pd.concat([table, others, project(vectors, methods, progress=progress)], axis=1)
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
    try:
        ids, vectors, labels = read(path)
    except MemoryError as error:
        raise TimbreError(f"{path}: holds more than there is memory for: leave some out.") from error
    if vectors.ndim != 2 or len(ids) != len(vectors) or not len(ids) or not vectors.shape[1]:
        raise TimbreError(f"{path}: {len(ids)} ids and vectors of shape {vectors.shape}: give one vector for each id.")
    if len(ids) > _MOST:
        raise TimbreError(f"{path}: {len(ids):,} vectors are more than the {_MOST:,} that are taken: leave some out.")
    if vectors.shape[1] > _WIDEST:
        raise TimbreError(
            f"{path}: vectors of {vectors.shape[1]:,} numbers are longer than the {_WIDEST:,} that are taken: average them "
            "over time, or reduce them."
        )
    if labels.shape[1] > _MOST_LABELS:
        raise TimbreError(
            f"{path}: {labels.shape[1]:,} columns of labels are more than the {_MOST_LABELS} that are taken: leave some out."
        )
    _check_ids(path, ids)
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise TimbreError(f"{path}: the vector of {ids[row][:80]!r} holds NaN or infinity: leave it out.")
    if np.abs(vectors).max() > _LARGEST:
        raise TimbreError(f"{path}: its vectors hold numbers above {_LARGEST:g}: scale them down.")
    return ids, vectors.astype(np.float32), labels.reset_index(drop=True)


def _check_ids(path: Path, ids: list[str]) -> None:
    for number, each in enumerate(ids, 1):
        if not each.strip() or len(each) > _LONGEST_ID or not is_text(each):
            raise TimbreError(
                f"{path}: the id of vector {number:,} ({each[:40]!r}) cannot be used: give each 1 to {_LONGEST_ID} letters."
            )
    twice = pd.Series(ids)[pd.Series(ids).duplicated()]
    if len(twice):
        raise TimbreError(f"{path}: the id {twice.iloc[0][:80]!r} occurs twice: give each its own.")


def _read_npz(path: Path) -> tuple[list[str], np.ndarray, pd.DataFrame]:
    import zipfile

    try:
        with os_errors(path), np.load(path, allow_pickle=False) as arrays:
            names = set(arrays.files)
            if not {"ids", "vectors"} <= names:
                raise TimbreError(
                    f"{path}: has no arrays 'ids' and 'vectors' (but {', '.join(sorted(names)) or 'none'})."
                )
            ids, vectors = arrays["ids"], arrays["vectors"]
            if ids.ndim != 1 or ids.dtype.kind not in "USiu" or vectors.dtype.kind not in "fiub":
                raise TimbreError(f"{path}: 'ids' must be a list of names, and 'vectors' real numbers.")
            labels = {each: arrays[each] for each in sorted(names - {"ids", "vectors"})}
            for each, values in labels.items():
                if values.shape != ids.shape or values.dtype.kind not in "USiufbmM":
                    raise TimbreError(
                        f"{path}: the array {each!r} has no label (text, number or date) for each id: mend it or leave it out."
                    )
            told = pd.DataFrame({each: _text(values) for each, values in labels.items()})
            return _text(ids).astype(str).tolist(), vectors, told
    except (TypeError, AttributeError) as error:
        raise TimbreError(f"{path}: a single array, and no .npz of several: save it with numpy.savez.") from error
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise TimbreError(f"{path}: cannot be read as .npz ({error}): save it with numpy.savez.") from error


def _text(values: np.ndarray) -> np.ndarray:
    """Bytes as text, and text as such that can be written; other values as they are."""
    if values.dtype.kind == "S":
        return np.array([each.decode("utf-8", "replace") for each in values], dtype=str)
    if values.dtype.kind == "U":
        return np.array([each.encode("utf-8", "replace").decode() for each in values], dtype=str)
    return values


def _read_parquet(path: Path) -> tuple[list[str], np.ndarray, pd.DataFrame]:
    import pyarrow

    try:
        with os_errors(path):
            table = pd.read_parquet(path)
    except (pyarrow.ArrowException, ValueError) as error:
        raise TimbreError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}): get it again.") from error
    named = [name for name in table.index.names if name is not None]  # `set_index("id")` before it was written
    table = table.reset_index(level=named) if named and not {*named} & {*table} else table
    ids = next((name for name in _IDS if name in table), None)
    vectors = next((name for name in _VECTORS if name in table), None)
    if ids is None or vectors is None:
        raise TimbreError(
            f"{path}: needs a column of ids ({', '.join(_IDS[:3])}) and one of vectors ({', '.join(_VECTORS[:4])}); it has "
            f"{', '.join(map(str, table.columns[:40])) or 'none'}."
        )
    told = [name for name in table if name != vectors and not _is_nested(table[name])]
    labels = table[told].apply(_decoded) if told else table[told]
    return table[ids].fillna("").astype(str).tolist(), _stacked(path, table[ids], table[vectors]), labels


def _stacked(path: Path, ids: pd.Series, vectors: pd.Series) -> np.ndarray:
    """Lists of numbers as one array (n, dim). Raises TimbreError for the first that is none, or has another length."""
    if not len(vectors):
        raise TimbreError(f"{path}: has no rows: choose another file.")
    rows: list[np.ndarray] = []
    for each, vector in zip(ids, vectors, strict=True):
        try:
            row = np.asarray(vector, dtype=np.float32)
            fits = row.ndim == 1 and (not rows or row.shape == rows[0].shape)
        except (ValueError, TypeError):
            fits = False
        if not fits:
            length = f" of {len(rows[0])}" if rows else ""
            raise TimbreError(
                f"{path}: the vector of {str(each)[:80]!r} is no list{length} numbers: give all lists of one length."
            )
        rows.append(row)
    return np.stack(rows)


def _is_nested(values: pd.Series) -> bool:
    known = values.dropna()
    return bool(len(known)) and isinstance(known.iloc[0], list | tuple | dict | np.ndarray)


def _decoded(values: pd.Series) -> pd.Series:
    """Bytes as text; other labels as they are."""
    return values.map(lambda each: each.decode("utf-8", "replace") if isinstance(each, bytes) else each)


def _labels(ids: list[str], labels: pd.DataFrame) -> dict[str, Any]:
    columns: dict[str, Any] = {"note_id": ids, "audio": ids}
    for name in ("instrument", "family", "source"):
        if name in labels:
            columns[name] = labels[name].fillna(UNKNOWN).astype(str)
    for name, read in (("pitch", _pitch), ("velocity", float)):
        if name in labels:
            columns[name] = [_within(read, each) for each in labels[name].astype(object)]
    return columns


def _pitch(value: Any) -> float:
    return read_pitch(value) if isinstance(value, str) else float(value)


def _within(read: Callable[[Any], float], value: Any) -> float:
    """A label of MIDI's range, NaN for any other."""
    try:
        number = read(value)
    except (TimbreError, ValueError, TypeError):
        return np.nan
    return number if 0 <= number <= 127 else np.nan


def _sounds(ids: list[str], labels: pd.DataFrame) -> list[str]:
    column = next((name for name in _SOUNDS if name in labels), None)
    return ids if column is None else labels[column].fillna("").astype(str).tolist()
