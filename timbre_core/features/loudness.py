"""Loudness over time, measured and given to another sound."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

QUIETEST_DB = -120.0
"""What silence measures."""

LOUDNESS_RATE = 100
"""Measurements a second."""

_STEPS = 4  # measurements in a window
_MOST_GAIN_DB = 30.0
_LEAST_GAIN_DB = -100.0
_MOST_LEVEL_CHANGE_DB = 2.5  # of the unweighted level; what a limiter takes after that is a fraction of a dB
_ROUNDS = 2  # a gain that changes within a window is met better the second time


def loudness(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """A-weighted level (n,) in dB, every hundredth of a second, of audio (n_samples,): 0 dB is a 1 kHz sine of RMS 1.

    The weighting (IEC 61672) is that of Engel et al., "DDSP" (ICLR 2020): sounds of equal power in other bands are not
    equally loud.
    """
    length, hop = _sizes(sample_rate)
    padded = np.pad(np.asarray(audio, dtype=np.float32), (length // 2, length))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[: len(audio) + 1 : hop]
    window, weights = _weighting(length, sample_rate)
    power = np.square(np.abs(np.fft.rfft(frames * window, axis=1))) @ weights
    level: np.ndarray = 10 * np.log10(np.maximum(power, 10 ** (QUIETEST_DB / 10)))
    return level


def with_loudness(audio: np.ndarray, wanted: np.ndarray, sample_rate: int) -> np.ndarray:
    """`audio` (n_samples,) with the loudness over time `wanted` (n,) dB, as `loudness` measures it.

    What is silent stays so: nothing is made more than 30 dB louder.
    """
    hop = _sizes(sample_rate)[1]
    places = np.arange(len(audio)) / hop
    for _ in range(_ROUNDS):
        own = loudness(audio, sample_rate)
        size = min(len(own), len(wanted))
        gain = np.clip(wanted[:size] - own[:size], _LEAST_GAIN_DB, _MOST_GAIN_DB)
        gain[own[:size] <= QUIETEST_DB] = 0
        audio = (audio * 10 ** (np.interp(places, np.arange(size), gain) / 20)).astype(np.float32)
    return audio


def near_level(audio: np.ndarray, source: np.ndarray) -> np.ndarray:
    """`audio` (n_samples,) with one gain for all of it, where its RMS is more than 2.5 dB off that of `source` (m_samples,).

    The weighting counts what is low little: energy that moves between low and high bands at equal loudness changes the level
    by 20 dB and more.
    """
    own, wanted = (float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) for sound in (audio, source))
    if not (own > 0 and wanted > 0):
        return audio
    off = 20 * np.log10(own / wanted)
    gain = np.clip(off, -_MOST_LEVEL_CHANGE_DB, _MOST_LEVEL_CHANGE_DB) - off
    return (audio * 10 ** (gain / 20)).astype(np.float32)


def loudness_correlation(a: np.ndarray, b: np.ndarray, floor_db: float = 50.0) -> float:
    """Pearson correlation of two loudness contours, down to `floor_db` below the maximum of each; NaN for a constant one."""
    size = min(len(a), len(b))
    held = [np.maximum(x[:size], x.max() - floor_db) for x in (a, b)]
    return float(np.corrcoef(*held)[0, 1]) if all(np.ptp(x) > 0 for x in held) else float("nan")


def _sizes(sample_rate: int) -> tuple[int, int]:
    """Samples of a window, and between two."""
    hop = max(1, round(sample_rate / LOUDNESS_RATE))
    return hop * _STEPS, hop


@lru_cache(maxsize=8)
def _weighting(length: int, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """A Hann window (length,), and what each FFT bin's power counts (n_bins,): summed, the mean square of the audio."""
    window = np.hanning(length + 2)[1:-1].astype(np.float32)
    square = np.square(np.fft.rfftfreq(length, 1 / sample_rate))
    gain = (12194.0**2 * square**2) / (
        (square + 20.6**2) * np.sqrt((square + 107.7**2) * (square + 737.9**2)) * (square + 12194.0**2)
    )
    weights = 2 * np.square(gain * 10 ** (2.0 / 20)) / (length * np.square(window).sum())
    return window, weights.astype(np.float32)
