"""Audio to frames, whatever kind of features a recipe asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.decibels import power_to_frames
from timbre_core.features.preparation import one_channel
from timbre_core.features.settings import FeatureSettings, ImageSettings, StftSettings, StoredFeatures
from timbre_core.features.spectrum import prepare_audio, stft_power

if TYPE_CHECKING:
    from timbre_core.features.contract import Analysis


def analyse(audio: Tensor, settings: StoredFeatures, pitches: Sequence[float | None] | None = None) -> Analysis:
    """Notes of equal length, (batch, n_samples), prepared as `prepare_audio` does -> the frames of each, and references.

    Of pictures (batch, height, width) in [0, 1] too. See `FeatureSettings.analyse`; pitches: MIDI of each note, for kinds that
    need it.
    """
    with torch.no_grad():
        return settings.analyse(audio, pitches or [None] * len(audio))


def note_frames(audio: np.ndarray, settings: FeatureSettings, pitch: float | None = None) -> tuple[np.ndarray, float]:
    """Frames (n_bins, n_frames) float32 and their reference (see `analyse`) of one note's audio (n_samples,).

    pitch: MIDI, where it is known. Raises TimbreError for audio that is not mono or not finite, or that cannot be analysed.
    """
    return signal_frames(prepare_audio(one_channel(audio), settings), settings, pitch)


def signal_frames(
    signal: np.ndarray, settings: FeatureSettings, pitch: float | None = None
) -> tuple[np.ndarray, float]:
    """As `note_frames`, of what `datasets.signals.read_signal` gives."""
    frames, references = analyse(torch.from_numpy(signal)[None], settings, [pitch])
    if not math.isfinite(references[0]):
        raise TimbreError("audio holds NaN or infinite samples: render or record it again.")
    return next(iter(frames)).numpy(), references[0]


def spectrogram(frames: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """See `FeatureSettings.spectrogram`."""
    return settings.spectrogram(frames)


def mean_error_db(heard: np.ndarray, frames: np.ndarray, settings: FeatureSettings) -> float:
    """See `FeatureSettings.error_db`."""
    return settings.error_db(heard, frames)


def bin_frequencies(settings: FeatureSettings) -> np.ndarray:
    """See `FeatureSettings.frequencies`."""
    return settings.frequencies()


def picture_frames(pictures: Tensor, settings: ImageSettings) -> Analysis:
    """Pictures (batch, height, width) in [0, 1] resized, their lowest row first."""
    size = (settings.height, settings.width)
    if pictures.shape[1:] != size:
        pictures = torch.nn.functional.interpolate(pictures[:, None], size, mode="bilinear", antialias=True)[:, 0]
    return pictures.float().flip(1).mul(2).sub(1).clamp(-1, 1), [0.0] * len(pictures)


def stft_frames(audio: Tensor, settings: StftSettings) -> Analysis:
    """Power of the bins that are kept, in dB."""
    return power_to_frames(stft_power(audio, settings)[..., : settings.n_bins], settings)
