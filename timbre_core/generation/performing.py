"""Sounds that never were, played: their performance is drawn from those of training notes near them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.performance import level_track
from timbre_core.features.performance_numbers import numbers_of, performance_from
from timbre_core.generation.performance_prior import PerformancePrior, read_prior

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from timbre_core.datasets.library import Library
    from timbre_core.space import TimbreSpace


def check_playing(playing: float) -> float:
    """How much of a drawn performance is wanted, 0 to 1. Raises TimbreError for what is not."""
    if not 0 <= playing <= 1:
        raise TimbreError(f"playing {playing:g}: choose from 0 (evenly) to 1 (as drawn).")
    return playing


def prior_of(space: TimbreSpace) -> PerformancePrior | None:
    """The prior over performances of a space that performs and has one; else None."""
    return read_prior(space.checkpoint.path) if space.performs else None


def performed(
    space: TimbreSpace,
    frames: np.ndarray,
    even: np.ndarray,
    z: np.ndarray,
    pitch: float | np.ndarray,
    seed: int = 0,
    amount: float = 1.0,
    velocity: float | None = None,
) -> np.ndarray:
    """Audio (n_samples,) of frames (n_bins, n_frames), played as a performance drawn near `z` (latent_dim,) has it.

    Args:
        even: the same frames inverted evenly, (n_samples,): the performance departs from it. Returned as it is where the
            space has no prior or the amount is 0.
        pitch: MIDI; of a contour, one for each frame, nothing but the performance's level and noise are taken.
        seed: chooses the performance, and what it leaves open, such as where a vibrato begins.
        amount: 0 to 1.
    """
    prior = prior_of(space)
    if prior is None or not amount:
        return even
    middle = float(np.median(pitch))
    numbers = prior.draw(z, middle, velocity, seed)
    level = level_track(even, space.sample_rate, middle)
    rng = np.random.default_rng([seed, round(100 * middle)])
    hop = space.recipe.features.hop_length
    performance = performance_from(numbers, pitch, level, len(even), space.sample_rate, hop, rng, amount)
    return space.perform(frames, 0.0, performance, len(even), seed, in_tune=True)


def fit_prior(
    space: TimbreSpace, library: Library, rows: Sequence[int], told: Callable[[], object]
) -> PerformancePrior:
    """The prior that the notes in some rows of a library give: each is encoded, and its performance taken against what the
    space plays of it evenly. `told` is called after each."""
    notes = library.notes.iloc[list(rows)]
    codes, numbers = [], []
    for row in rows:
        audio, pitch = library.load(int(row), space.sample_rate), float(library.notes["pitch"].iloc[row])
        made = space.reconstruct(audio, pitch, performance=False)
        level = level_track(made.reconstruction, space.sample_rate, pitch)
        codes.append(made.trajectory.mean)
        numbers.append(numbers_of(space.performance_of(audio, pitch), level))
        told()
    velocity = notes["velocity"].fillna(100.0) if "velocity" in notes else np.full(len(notes), 100.0)
    return PerformancePrior(
        np.stack(codes).astype(np.float32),
        notes["pitch"].to_numpy(np.float32),
        np.asarray(velocity, dtype=np.float32),
        np.unique(notes["instrument"].astype(str), return_inverse=True)[1],
        np.stack(numbers),
    )
