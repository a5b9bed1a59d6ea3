"""The envelope over a note's partials, and by how much one lies higher than another: where resonances are."""

from __future__ import annotations

import numpy as np

_LAGS = np.arange(-18, 18.01, 0.25)  # semitones
ENOUGH = 8
"""Partials: of fewer there is no envelope to speak of."""
_GRID = 48  # points an octave


def smoothed_levels(levels: np.ndarray) -> np.ndarray:
    """Magnitudes of partials (n,) in dB, each with its neighbours, nothing lower than 80 dB below the strongest."""
    db = 20 * np.log10(levels + 1e-4 * levels.max() + 1e-12)
    return np.asarray(np.convolve(np.pad(db, 1, "edge"), (0.25, 0.5, 0.25), "valid"))


def envelope_lag(before: np.ndarray, after: np.ndarray, lags: np.ndarray = _LAGS) -> float:
    """Semitones by which the levels in dB of partials (n,) `after` lie higher than those `before`, tilts left out.

    Of `lags` the one at which the two, straight lines over the logarithm of frequency taken out, are most alike. NaN for few
    partials.
    """
    if len(before) < ENOUGH:
        return float("nan")
    octaves = np.log2(np.arange(1, len(before) + 1))
    grid = np.arange(0, octaves[-1], 1 / _GRID)
    one, two = (np.interp(grid, octaves, levels) for levels in (before, after))
    likeness = [_alike(one, two, round(_GRID / 12 * lag)) for lag in lags]
    return float(lags[int(np.argmax(likeness))])


def _alike(before: np.ndarray, after: np.ndarray, lag: int) -> float:
    size = len(before) - abs(lag)
    if size < _GRID:
        return -1.0
    place = np.arange(size) - (size - 1) / 2
    straight = place / np.linalg.norm(place)
    parts = (before[max(0, -lag) : max(0, -lag) + size], after[max(0, lag) : max(0, lag) + size])
    one, two = (part - part.mean() - (part @ straight) * straight for part in parts)
    return float(one @ two / max(np.linalg.norm(one) * np.linalg.norm(two), 1e-9))
