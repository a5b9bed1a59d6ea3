"""How far apart two timbres are, whatever their sounds' loudness over time."""

from __future__ import annotations

import numpy as np
import torch

from timbre_core.features.decibels import frames_to_power
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings

_AUDIBLE = 30.0  # dB below the loudest frame that a frame still counts
_FLOOR = 50.0  # dB below the strongest band that a band is held to


def mean_spectrum(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mean power (80,) in dB of audio (n_samples,) in mel bands: all frames within 30 dB of the loudest at the same level, the
    loud ones counting more (as their amplitude), bands down to 50 dB below the strongest. They sum to 0 dB but for that floor.

    Whether a sound is plucked or bowed does not count: how its power lies over the bands does. Bands resolve low partials, so
    that sounds to be compared should have one pitch. Raises TimbreError as `note_frames` does.
    """
    settings = LogMelSettings(sample_rate=sample_rate, seconds=None)
    frames, reference = note_frames(audio, settings)
    power = frames_to_power(torch.from_numpy(frames), reference, settings).numpy()
    level = power.sum(axis=0)
    heard = level > level.max() * 10 ** (-_AUDIBLE / 10)
    spectrum = 10 * np.log10(np.average((power / level)[:, heard], axis=1, weights=np.sqrt(level[heard])))
    return np.maximum(spectrum, spectrum.max() - _FLOOR)


def timbre_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference in dB of two mean spectra (n_bands,)."""
    return float(np.abs(a - b).mean())
