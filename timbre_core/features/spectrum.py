"""From audio to what is analysed, and to power spectra of it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.settings import FeatureSettings, SpectralSettings, WaveformSettings

_TINY = 1e-30


def prepare_audio(audio: np.ndarray, settings: FeatureSettings | WaveformSettings) -> np.ndarray:
    """A note's audio (n_samples,) without the silence at its ends that `trim_db` tells of, at its `seconds` of length."""
    if isinstance(settings, WaveformSettings):
        settings = settings.level
    return fit_length(_trimmed(audio, settings), settings)


def fit_length(audio: np.ndarray, settings: FeatureSettings | WaveformSettings) -> np.ndarray:
    """Audio (n_samples,) cut or zero-padded at its end to `settings.seconds`; unchanged where that is none."""
    if settings.seconds is None:
        return audio
    n_samples = max(1, round(settings.seconds * settings.sample_rate))
    if len(audio) >= n_samples:
        return audio[:n_samples]
    return np.pad(audio, (0, n_samples - len(audio)))


def _trimmed(audio: np.ndarray, settings: SpectralSettings) -> np.ndarray:
    size, hop = settings.window_length, settings.hop_length
    if settings.trim_db is None or len(audio) < size:
        return audio
    energy = np.cumsum(np.concatenate([[0.0], np.square(audio, dtype=np.float64)]))
    starts = np.append(np.arange(0, len(audio) - size, hop), len(audio) - size)
    power = energy[starts + size] - energy[starts]
    loud = np.flatnonzero(power > max(_TINY, power.max() * 10 ** (-settings.trim_db / 10)))
    return audio[starts[loud[0]] : starts[loud[-1]] + size] if len(loud) else audio


def pre_emphasised(audio: Tensor, settings: SpectralSettings) -> Tensor:
    """Audio (..., n_samples) through x[n] - a x[n - 1], which lifts what speech has little of: its high frequencies."""
    if not settings.pre_emphasis:
        return audio
    return audio - settings.pre_emphasis * torch.nn.functional.pad(audio[..., :-1], (1, 0))


def de_emphasised(audio: np.ndarray, settings: SpectralSettings) -> np.ndarray:
    """The inverse of `pre_emphasised`, of audio (..., n_samples) float32."""
    if not settings.pre_emphasis:
        return audio
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], [1.0, -settings.pre_emphasis], audio, axis=-1), dtype=np.float32)


def analysis_window(settings: SpectralSettings, dtype: torch.dtype = torch.float32) -> Tensor:
    """The periodic Hann window (n_fft,), amid zeros where it is shorter than n_fft."""
    window = torch.hann_window(settings.window_length, periodic=True, dtype=torch.float64)
    before = (settings.n_fft - settings.window_length) // 2
    after = settings.n_fft - settings.window_length - before
    return torch.nn.functional.pad(window, (before, after)).to(dtype)


def stft_power(audio: Tensor, settings: SpectralSettings) -> Tensor:
    """Power (batch, n_frames, 1 + n_fft // 2) of audio (batch, n_samples); frames are centred, zero-padded."""
    half = settings.n_fft // 2
    padded = torch.nn.functional.pad(pre_emphasised(audio.float(), settings), (half, half))
    spectra = torch.fft.rfft(
        padded.unfold(-1, settings.n_fft, settings.hop_length) * analysis_window(settings).to(padded)
    )
    return spectra.real.square().add_(spectra.imag.square())
