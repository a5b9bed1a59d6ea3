"""What sources are made of: pulses at a pitch, and noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from functools import lru_cache, wraps

import numpy as np

from timbre_core.features.filters import one_pole

_HARMONICS_TO = 0.45  # of the sample rate
_HIGH = 2000.0  # Hz
_FEWEST = 2**14  # samples of noise made at once
_MOST = 2**20  # samples of noise kept, 4 MiB: a longer sound's is made each time


def pulses(f0: float | np.ndarray, n_samples: int, sample_rate: int) -> tuple[np.ndarray, int]:
    """Harmonics of f0 Hz, a number or one for each sample (n_samples,), amplitude 2 each, up to 0.45 of the rate: (n_samples,)
    float32, by a closed form of their sum; and how many there are."""
    count = max(1, int(_HARMONICS_TO * sample_rate / np.max(f0)))
    if np.ndim(f0):
        cycles = np.cumsum(f0, dtype=np.float64) / sample_rate
        turn = (cycles - np.rint(cycles)).astype(np.float32)
    else:  # in whole numbers, which overflow where cycles are full
        step = round(float(f0) / sample_rate * 2**32)
        full = np.arange(1, n_samples + 1, dtype=np.uint32) * np.uint32(step % 2**32)
        turn = full.view(np.int32).astype(np.float32) * np.float32(2.0**-32)
    # Between two pulses all is as around any other, before as after it: small angles are exact in single precision.
    angle = np.maximum(np.abs(turn) * np.float32(np.pi), np.float32(1e-6))
    return np.sin(np.float32(2 * count + 1) * angle) / np.sin(angle) - np.float32(1), count


def noise(n_samples: int, seed: int) -> np.ndarray:
    """White noise (n_samples,) float32 of power 1, read-only. It begins in the same way however long it is."""
    return _noise(_size(n_samples), seed)[:n_samples]


def mixed_noise(
    n_samples: int, seed: int, sample_rate: int, amplitude: float | np.ndarray, high: float | np.ndarray
) -> np.ndarray:
    """`amplitude` times the same and `high` times what of it is above some 2 kHz, numbers or for each sample: (n_samples,)."""
    size = _size(n_samples)
    if isinstance(amplitude, float) and isinstance(high, float):
        return _mixed_noise(size, seed, sample_rate, amplitude, high)[:n_samples]
    parts = (np.asarray(amplitude, dtype=np.float32), np.asarray(high, dtype=np.float32))
    return parts[0] * noise(n_samples, seed) + parts[1] * _high_noise(size, seed, sample_rate)[:n_samples]


def _kept(maxsize: int) -> Callable[[Callable[..., np.ndarray]], Callable[..., np.ndarray]]:
    """Keeps the last `maxsize` sounds made, read-only, of lengths (the first argument) up to `_MOST`."""

    def keeping(make: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
        def shared(n_samples: int, *args: Hashable) -> np.ndarray:
            sound = make(n_samples, *args)
            sound.flags.writeable = False
            return sound

        kept = lru_cache(maxsize)(shared)

        @wraps(make)
        def made(n_samples: int, *args: Hashable) -> np.ndarray:
            return (shared if n_samples > _MOST else kept)(n_samples, *args)

        return made

    return keeping


@_kept(2)
def _mixed_noise(n_samples: int, seed: int, sample_rate: int, amplitude: float, high: float) -> np.ndarray:
    return np.float32(amplitude) * _noise(n_samples, seed) + np.float32(high) * _high_noise(
        n_samples, seed, sample_rate
    )


def _size(n_samples: int) -> int:
    """Of samples to make: of short sounds few lengths, which share what is kept."""
    return n_samples if n_samples > _MOST else max(_FEWEST, 1 << max(0, n_samples - 1).bit_length())


@_kept(4)
def _noise(n_samples: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n_samples, dtype=np.float32)


@_kept(4)
def _high_noise(n_samples: int, seed: int, sample_rate: int) -> np.ndarray:
    pole = math.exp(-2 * math.pi * _HIGH / sample_rate)
    high = (1 + pole) / 2 * one_pole(np.diff(_noise(n_samples, seed), prepend=0.0), pole)
    return high.astype(np.float32)
