"""How well the harmonics of each of many candidate pitches explain a spectrum, and how empty it is between them."""

from __future__ import annotations

import math

import numpy as np

STEPS_PER_OCTAVE = 120  # candidates are 10 cents apart
_HARMONICS = 10  # of the template
_COMPRESSION = 0.5  # exponent on spectral magnitudes
_PARTIAL_REACH_CENTS = 12.0  # a partial may be this far off its harmonic


def harmonicities(frames: np.ndarray, size: int, rate: float, fmin: float, n_candidates: int) -> np.ndarray:
    """Harmonic template of each frame (frames, n_samples) for each candidate, 1 at the best one: (frames, n_candidates).

    Candidates rise from `fmin` in steps of STEPS_PER_OCTAVE.
    The compressed spectrum is laid on a logarithmic frequency axis, so that a candidate's harmonics are fixed shifts.
    Each step holds the maximum of its neighbourhood: that forgives stretched (inharmonic) partials and vibrato.
    """
    import scipy.fft

    windowed = (frames * np.hanning(frames.shape[1] + 2)[1:-1]).astype(np.float32)
    spectrum = np.abs(scipy.fft.rfft(windowed, size)) ** _COMPRESSION
    bin_hz = rate / size
    n_steps = int(math.log2(0.98 * rate / 2 / (fmin / 2)) * STEPS_PER_OCTAVE)
    axis = fmin / 2 * 2.0 ** (np.arange(n_steps) / STEPS_PER_OCTAVE)
    reach = 2.0 ** (_PARTIAL_REACH_CENTS / 1200)
    edges = np.stack([np.floor(axis / reach / bin_hz), np.ceil(axis * reach / bin_hz) + 1], axis=1).astype(int)
    log_spectrum = np.maximum.reduceat(spectrum, np.minimum(edges, spectrum.shape[1] - 1).reshape(-1), axis=1)[:, ::2]

    total = np.zeros((len(frames), n_candidates), np.float32)
    norm = np.zeros(n_candidates, np.float32)
    for half in range(1, 2 * _HARMONICS + 1):  # harmonics are even multiples of half the candidate, gaps odd ones
        harmonic = half % 2 == 0
        weight = 1.0 / math.sqrt(max(1, half / 2))
        shift = round(math.log2(half) * STEPS_PER_OCTAVE)
        count = min(n_candidates, n_steps - shift)
        if count <= 0:
            break
        total[:, :count] += (weight if harmonic else -weight) * log_spectrum[:, shift : shift + count]
        if harmonic:
            norm[:count] += weight**2
    total /= np.sqrt(np.maximum(norm, 1e-12))
    return total / np.maximum(total.max(axis=1, keepdims=True), 1e-12)
