"""Two recursive filters. scipy.signal has them, too, and takes half a second and 70 MB for its import."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

_SMALLEST_POWER = -150.0  # exponent of ten, well within float64
_RINGS = 6.0  # periods of its frequency after which what a high-pass adds is 1e-11 of what it was


def one_pole(x: np.ndarray, a: float) -> np.ndarray:
    """y[n] = x[n] + a y[n - 1] of x (..., n_samples), 0 < a < 1.

    In blocks so short that the powers of a stay far from what a float64 can hold: within one, y is a running sum.
    """
    size = max(1, int(_SMALLEST_POWER / math.log10(a)))
    powers = a ** np.arange(1, size + 1)
    y, before = np.empty_like(x), np.zeros(x.shape[:-1])
    for first in range(0, x.shape[-1], size):
        part = x[..., first : first + size]
        power = powers[: part.shape[-1]]
        block = power * (np.cumsum(part / power, axis=-1) + before[..., None])
        y[..., first : first + size] = block
        before = block[..., -1]
    return y


def high_pass(audio: np.ndarray, frequency: float, sample_rate: int) -> np.ndarray:
    """Audio (n_samples,) through a Butterworth high-pass of second order at `frequency` Hz, from silence on.

    By its response to each frequency of a Fourier transform so long that what rings on has died away.
    """
    import scipy.fft

    n_fft = scipy.fft.next_fast_len(len(audio) + round(_RINGS * sample_rate / frequency), real=True)
    spectrum = scipy.fft.rfft(audio, n_fft)
    spectrum *= _response(n_fft, frequency / sample_rate)
    return np.asarray(scipy.fft.irfft(spectrum, n_fft)[: len(audio)])


@lru_cache(maxsize=4)
def _response(n_fft: int, cut: float) -> np.ndarray:
    """Of the high-pass to the frequencies of a transform, (1 + n_fft // 2,); cut: in shares of the rate."""
    k = math.tan(math.pi * cut)
    z = np.exp(-2j * np.pi / n_fft * np.arange(1 + n_fft // 2))
    first, last = 1 + math.sqrt(2) * k + k * k, 1 - math.sqrt(2) * k + k * k
    return np.asarray((1 - z) ** 2 / (first + 2 * (k * k - 1) * z + last * z * z), dtype=np.complex64)
