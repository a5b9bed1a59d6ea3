"""What lies below a pitch that is to be heard, taken away."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_TILT_HZ = 200.0  # lower partials count less, as they do in hearing


def without_rumble(audio: np.ndarray, sample_rate: float) -> np.ndarray:
    """High-pass: nothing below 20 Hz, 6 dB per octave below `_TILT_HZ`, as a thump under a high note is hardly heard."""
    import scipy.fft  # only here: who measures nothing need not wait for it

    size = scipy.fft.next_fast_len(audio.size + int(0.1 * sample_rate), real=True)
    return scipy.fft.irfft(scipy.fft.rfft(audio, size) * _rumble_gain(size, sample_rate), size)[: audio.size]


@lru_cache(maxsize=8)
def _rumble_gain(size: int, sample_rate: float) -> np.ndarray:
    hz = np.fft.rfftfreq(size, 1.0 / sample_rate)
    ratio = hz / _TILT_HZ
    return ratio / np.sqrt(1.0 + ratio**2) / np.sqrt(1.0 + (20.0 / np.maximum(hz, 1e-3)) ** 8)
