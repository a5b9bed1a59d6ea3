"""Audio to frames, whatever kind of features a recipe asks for: a new kind is analysed here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.decibels import power_to_frames
from timbre_core.features.log_mel import hz_to_mel, mel_power, mel_to_hz
from timbre_core.features.settings import (
    FeatureSettings,
    LogMelSettings,
    StftSettings,
    StoredFeatures,
    WaveformSettings,
)
from timbre_core.features.spectrum import prepare_audio, stft_power
from timbre_core.features.waveform import waveform_blocks

Analysis = tuple[Iterable[Tensor], Sequence[float]]


def analyse(audio: Tensor, settings: StoredFeatures) -> Analysis:
    """Notes of equal length, (batch, n_samples), prepared as `prepare_audio` does -> the frames of each, and references.

    Frames are (n_bins, n_frames) float32; a reference is the power of +1 in dB (see `Reference`), NaN where the audio is
    not finite.
    """
    with torch.no_grad():
        return _ANALYSES[settings.kind](audio, settings)


def note_frames(audio: np.ndarray, settings: FeatureSettings) -> tuple[np.ndarray, float]:
    """Frames (n_bins, n_frames) float32 and their reference (see `analyse`) of one note's audio (n_samples,).

    Raises TimbreError for audio that is not mono or not finite.
    """
    audio = np.asarray(audio, dtype=np.float32)
    if audio.ndim != 1:
        raise TimbreError(f"audio has shape {audio.shape}: one channel (n_samples,) was expected, mix it down first.")
    frames, references = analyse(torch.from_numpy(prepare_audio(audio, settings))[None], settings)
    if not math.isfinite(references[0]):
        raise TimbreError("audio holds NaN or infinite samples: render or record it again.")
    return next(iter(frames)).numpy(), references[0]


def bin_frequencies(settings: FeatureSettings) -> np.ndarray:
    """Frequencies (n_bins,) in Hz that the rows of frames stand for: centres of mel bands, or of FFT bins."""
    if isinstance(settings, LogMelSettings):
        top = settings.fmax if settings.fmax is not None else settings.sample_rate / 2
        return mel_to_hz(np.linspace(hz_to_mel(settings.fmin), hz_to_mel(top), settings.n_mels + 2)[1:-1])
    return np.arange(settings.n_bins) * (settings.sample_rate / settings.n_fft)


def _stft(audio: Tensor, settings: StftSettings) -> Analysis:
    return power_to_frames(stft_power(audio, settings)[..., : settings.n_bins], settings)


def _waveform(audio: Tensor, settings: WaveformSettings) -> Analysis:
    blocks, ref_db = waveform_blocks(audio, settings)
    return blocks, ref_db.tolist()


_ANALYSES: dict[str, Callable[..., Analysis]] = {
    "log_mel": lambda audio, settings: power_to_frames(mel_power(audio, settings), settings),
    "stft": _stft,
    "waveform": _waveform,
}
