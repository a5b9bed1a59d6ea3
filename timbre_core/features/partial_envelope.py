"""The envelope over a note's partials, and by how much one lies higher than another: where resonances are."""

from __future__ import annotations

import numpy as np

from timbre_core.features.partials_apart import stretched

_LAGS = np.arange(-18, 18.01, 0.25)  # semitones
ENOUGH = 8
"""Partials: of fewer there is no envelope to speak of."""
_MOST = 60
_GRID = 48  # points an octave


def partial_magnitudes(audio: np.ndarray, rate: int, f0: float, cents: float = 0.0) -> np.ndarray:
    """Magnitudes of the partials (n,) of a note's first two seconds, audio (n_samples,), at most `_MOST`.

    cents: by which the tenth lies too high (see `stretched`).
    """
    part = audio[: 2 * rate] * np.hanning(min(len(audio), 2 * rate))
    spectrum = np.abs(np.fft.rfft(part))
    hz = np.fft.rfftfreq(len(part), 1 / rate)
    width = min(0.3 * f0, 40)
    count = max(1, int(min(_MOST, 0.45 * rate / f0)))
    places = f0 * stretched(np.arange(1, count + 1), cents)
    places = places[: max(1, int(np.sum(places < 0.45 * rate)))]
    found = [np.sqrt(np.sum(spectrum[np.abs(hz - place) < width] ** 2)) for place in places]
    return np.array(found)


def smoothed_levels(levels: np.ndarray) -> np.ndarray:
    """Magnitudes of partials (n,) in dB, each with its neighbours, nothing lower than 100 dB below the strongest."""
    db = 20 * np.log10(levels + 1e-5 * levels.max() + 1e-12)
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
