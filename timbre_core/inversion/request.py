"""What is asked of an inverter, checked before any work: of every kind the same is refused, in the same words."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch

from timbre_core.errors import TimbreError
from timbre_core.inversion.contract import Numbers

LOUDEST_DB = 600.0
"""The highest reference level: far beyond any sound, and well within what float32 samples hold."""

_MOST_SEEDS = 2**63


def check_request(ref_db: Numbers, n_samples: int | None, seed: int, n_notes: int = 1) -> None:
    """Raises TimbreError for a reference that is no level of `n_notes` notes, and for a length or seed that is none."""
    given = ref_db.detach().cpu() if isinstance(ref_db, torch.Tensor) else ref_db
    try:
        levels = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise TimbreError(f"ref_db must be a level in dB, got {str(ref_db)[:60]}.") from None
    if levels.ndim > 1 or (levels.ndim == 1 and len(levels) != n_notes):
        raise TimbreError(f"ref_db has shape {levels.shape} for {n_notes} notes: give one number to each.")
    unusable = levels[~(np.isfinite(levels) & (levels <= LOUDEST_DB))]
    if len(unusable):
        raise TimbreError(
            f"ref_db {unusable[0]:g} is no level of a sound: give a finite one of at most {LOUDEST_DB:g} dB."
        )
    if n_samples is not None and _whole(n_samples, "n_samples") < 0:
        raise TimbreError(f"n_samples is {n_samples}: it cannot be negative.")
    if not 0 <= _whole(seed, "seed") < _MOST_SEEDS:
        raise TimbreError(f"seed {seed}: choose from 0 to 2**63 - 1.")


def _whole(value: Any, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TimbreError(f"{name} must be a whole number, got {str(value)[:60]}.") from None
