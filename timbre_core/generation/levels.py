"""How loud an instrument's keys are, and how they end."""

from __future__ import annotations

import numpy as np

_LEVEL_DB = -17.0  # RMS of a note's loudest moment: eight keys at once stay below full scale most of the time
_PEAK_DB = -1.5
_MOMENT = 0.1  # seconds


def levelled(audio: np.ndarray, rate: int) -> np.ndarray:
    """The audio (n_samples,) with the loudness of all keys: its loudest moment at -17 dB RMS, no sample above -1.5 dB."""
    size = min(max(1, round(_MOMENT * rate)), len(audio))
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    loudest = float(np.sqrt(np.max(energy[size:] - energy[:-size]) / size))
    peak = float(np.abs(audio).max())
    if loudest <= 0 or peak <= 0:
        return audio
    return audio * np.float32(min(10 ** (_LEVEL_DB / 20) / loudest, 10 ** (_PEAK_DB / 20) / peak))


def faded(audio: np.ndarray, rate: int) -> np.ndarray:
    """The audio (n_samples,) with its last 20 ms faded out, as it may have been cut."""
    size = min(round(0.02 * rate), len(audio))
    faded = audio.copy()
    faded[len(audio) - size :] *= np.linspace(1, 0, size, dtype=np.float32)
    return faded
