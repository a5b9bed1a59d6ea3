"""What is asked of an inverter, checked before any work: of every kind the same is refused, in the same words."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.performance import Performance
from timbre_core.inversion.contract import Numbers

LOUDEST_DB = 600.0
"""The highest reference level: far beyond any sound, and well within what float32 samples hold."""

_MOST_SEEDS = 2**63
_MOST_SAMPLES = 2**31 - 1
_BEYOND = 3.0  # semitones that a played pitch may be beyond MIDI's: glides, vibrato


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
    if n_samples is not None and not 0 <= _whole(n_samples, "n_samples") <= _MOST_SAMPLES:
        told = "it cannot be negative" if n_samples < 0 else f"at most {_MOST_SAMPLES} are made at once"
        raise TimbreError(f"n_samples is {str(n_samples)[:40]}: {told}.")
    if not 0 <= _whole(seed, "seed") < _MOST_SEEDS:
        raise TimbreError(f"seed {str(seed)[:40]}: choose from 0 to 2**63 - 1.")


def real_numbers(value: Any, wanted: str) -> torch.Tensor:
    """A tensor of numbers, float32 where they are none yet. Raises TimbreError that begins with what is `wanted` for others."""
    if isinstance(value, torch.Tensor):
        return value
    given = np.asarray(value)
    if given.dtype.kind not in "fiub":
        raise TimbreError(f"{wanted}, got {str(value)[:60]}.")
    return torch.from_numpy(given.astype(np.float32, order="C", copy=not given.flags.writeable))


def frames_given(frames: Any) -> torch.Tensor:
    """Frames as a tensor; raises TimbreError for what holds no real numbers."""
    return real_numbers(frames, "frames must be real numbers (n_bins, n_frames)")


def check_performance(performance: Performance) -> None:
    """Raises TimbreError where a track of it is not finite, has no numbers, or has pitches far beyond MIDI's."""
    for name in ("level", "pitch", "noise"):
        track = getattr(performance, name)
        if name == "level" and track is None:
            continue
        if not isinstance(track, np.ndarray) or track.dtype.kind not in "fiu" or track.ndim != 1 or not track.size:
            raise TimbreError(f"the performance's {name} must be an array of one number a step, got {str(track)[:60]}.")
        if not np.isfinite(track).all():
            raise TimbreError(f"the performance's {name} holds NaN or infinite numbers.")
    if performance.pitch.min() < -_BEYOND or performance.pitch.max() > 127 + _BEYOND:
        raise TimbreError("the performance's pitch is outside MIDI's 0-127 (60 is middle C).")


def _whole(value: Any, name: str) -> int:
    try:
        if isinstance(value, bool | np.bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TimbreError(f"{name} must be a whole number, got {str(value)[:60]}.") from None
