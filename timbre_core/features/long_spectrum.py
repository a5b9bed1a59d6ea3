"""The low end of a whole sound's spectrum, by many short transforms that stay in a core's cache.

A transform of D * M samples is M-point transforms of D interleaved signals, turned against each other, and D-point ones across
them (the "four-step" way: Bailey, "FFTs in external or hierarchical memory", J. Supercomputing 4, 1990): of 4 s at 44.1 kHz half
the time of one long transform.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

_ACROSS = 128  # signals, about: 64 to 128 measure the same
_WORTH_IT = 1 << 14  # samples; shorter transforms fit the cache anyway


def low_spectrum(audio: np.ndarray, n_fft: int, count: int) -> np.ndarray:
    """The first `count` bins of the spectrum of float32 audio (n_samples,), padded to n_fft: complex64 (count,)."""
    import scipy.fft

    across = _divisor(n_fft)
    if n_fft < _WORTH_IT or across == 1:
        return np.asarray(scipy.fft.rfft(audio, n_fft)[:count])
    length = n_fft // across
    padded = np.zeros(n_fft, dtype=np.float32)
    padded[: len(audio)] = audio[:n_fft]
    along = scipy.fft.rfft(padded.reshape(length, across), axis=0)
    along *= _turns(length, across)
    bins = scipy.fft.fft(along, axis=1, overwrite_x=True)  # bin k + length * j in row k and column j
    half, columns = len(bins), -(-count // length)
    spectrum = np.empty((columns, length), dtype=np.complex64)
    spectrum[:, :half] = bins[:, :columns].T
    # What a real signal's transform leaves out is the conjugate of a bin as far from its end.
    mirrored = bins[length - half : 0 : -1, across - 1 : across - 1 - columns : -1]
    np.conjugate(mirrored.T, out=spectrum[:, half:])
    return spectrum.reshape(-1)[:count]


@lru_cache(maxsize=64)
def _divisor(n_fft: int) -> int:
    """The divisor of n_fft nearest to _ACROSS, as ratios go, that is at most twice as large."""
    found = [number for number in range(_ACROSS // 4, 2 * _ACROSS + 1) if n_fft % number == 0]
    return min(found, key=lambda number: max(number / _ACROSS, _ACROSS / number), default=1)


@lru_cache(maxsize=4)
def _turns(length: int, across: int) -> np.ndarray:
    """exp(-2 pi i k j / n_fft) of row k and column j: products of few rows, as all take longer than the transforms."""
    rows = length // 2 + 1
    few = math.isqrt(rows) + 1
    signal = np.arange(across) * (-2j * np.pi / (length * across))
    fine, coarse = (np.exp(np.outer(np.arange(few) * step, signal)).astype(np.complex64) for step in (1, few))
    return (coarse[:, None] * fine).reshape(-1, across)[:rows]
