"""What moving along a latent axis changes in the sound: descriptors of library notes, correlated with where they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from timbre_core.datasets.cache import cache_dir
from timbre_core.errors import TimbreError
from timbre_core.features.descriptors import DESCRIPTORS, describe
from timbre_core.files import atomic_write

ENOUGH = 30
"""Fewer notes than this say nothing about an axis."""

_VERSION = 1  # changes with what `describe` measures


def measured_traits(
    note_ids: Sequence[str],
    pitches: np.ndarray,
    roots: Sequence[str],
    read: Callable[[int], np.ndarray],
    sample_rate: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> pd.DataFrame:
    """Descriptors of notes: a row per note, columns DESCRIPTORS, NaN where one cannot be measured.

    Measured once and kept in the cache folder, for these notes of these roots. `read(index)` gives a note's audio at
    `sample_rate` and may raise TimbreError where there is none; `pitches` (n,) are MIDI, NaN unknown.
    """
    path = _path(note_ids, roots, sample_rate)
    kept = _read(path, len(note_ids))
    if kept is not None:
        progress(len(note_ids), len(note_ids))
        return kept
    rows = []
    for index in range(len(note_ids)):
        progress(index, len(note_ids))
        try:
            rows.append(describe(read(index), sample_rate, float(pitches[index])))
        except TimbreError:
            rows.append(dict.fromkeys(DESCRIPTORS, np.nan))
    traits = pd.DataFrame(rows, columns=list(DESCRIPTORS))
    if traits["brightness"].notna().any():
        with atomic_write(path) as temporary:
            traits.to_parquet(temporary)
    progress(len(note_ids), len(note_ids))
    return traits


def partial_correlations(coordinates: np.ndarray, traits: pd.DataFrame, pitches: np.ndarray) -> np.ndarray:
    """Rank correlation of each axis with each descriptor, pitch held constant where it is known: (n_axes, n_descriptors) in
    [-1, 1].

    Spearman's, of what is left of the ranks once a parabola over the pitch's ranks is taken out: high notes are brighter
    and shorter than low ones on every axis, and a key chooses the pitch anyway. Among notes fewer than ENOUGH of which have
    a pitch, there is none to hold. NaN for descriptors known of fewer than ENOUGH notes.

    Args:
        coordinates: (n_notes, n_axes).
        traits: a row per note.
        pitches: (n_notes,) MIDI, NaN unknown.
    """
    found = np.full((coordinates.shape[1], traits.shape[1]), np.nan)
    if not holds_pitch(pitches):
        pitches = np.zeros(len(pitches))
    for column, name in enumerate(traits.columns):
        values = traits[name].to_numpy(np.float64)
        known = np.isfinite(values) & np.isfinite(pitches)
        if known.sum() < ENOUGH:
            continue
        height = _ranks(pitches[known]) / known.sum()
        parabola = np.stack([np.ones_like(height), height, height**2], axis=1)
        ranks = np.column_stack([_ranks(values[known]), _ranks(coordinates[known])])
        left = ranks - parabola @ np.linalg.lstsq(parabola, ranks)[0]
        left /= np.maximum(np.linalg.norm(left, axis=0), 1e-9 * np.linalg.norm(ranks, axis=0))
        found[:, column] = left[:, 1:].T @ left[:, 0]
    return found


def holds_pitch(pitches: np.ndarray) -> bool:
    """Whether enough of these MIDI pitches (n,), NaN unknown, are known to be held constant."""
    return int(np.isfinite(pitches).sum()) >= ENOUGH


def _path(note_ids: Sequence[str], roots: Sequence[str], sample_rate: int) -> Path:
    told = "\n".join([str(_VERSION), str(sample_rate), *roots, *note_ids])
    return cache_dir() / "traits" / f"{hashlib.sha256(told.encode()).hexdigest()[:24]}.parquet"


def _read(path: Path, rows: int) -> pd.DataFrame | None:
    import pyarrow

    try:
        table = pd.read_parquet(path)
    except (OSError, pyarrow.ArrowException):
        return None  # not measured yet, or damaged: it is measured again
    return table if list(table.columns) == list(DESCRIPTORS) and len(table) == rows else None


def _ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value (n,), or within each column (n, columns), from 1 on; equal ones have their mean. scipy.stats has
    it, too, and takes 25 MB of memory."""
    ranks: np.ndarray = pd.DataFrame(values).rank().to_numpy()
    return ranks.reshape(values.shape)
