"""Power spectra of audio."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.filters import one_pole
from timbre_core.features.preparation import fit_length as fit_length
from timbre_core.features.preparation import prepare_audio as prepare_audio
from timbre_core.features.settings import SpectralSettings


def pre_emphasised(audio: Tensor, settings: SpectralSettings) -> Tensor:
    """Audio (..., n_samples) through x[n] - a x[n - 1], which lifts what speech has little of: its high frequencies."""
    if not settings.pre_emphasis:
        return audio
    return audio - settings.pre_emphasis * torch.nn.functional.pad(audio[..., :-1], (1, 0))


def de_emphasised(audio: np.ndarray, settings: SpectralSettings) -> np.ndarray:
    """The inverse of `pre_emphasised`, of audio (..., n_samples) float32."""
    if not settings.pre_emphasis:
        return audio
    return one_pole(np.asarray(audio, dtype=np.float64), settings.pre_emphasis).astype(np.float32)


def analysis_window(settings: SpectralSettings, dtype: torch.dtype = torch.float32) -> Tensor:
    """The periodic Hann window (n_fft,), amid zeros where it is shorter than n_fft."""
    window = torch.hann_window(settings.window_length, periodic=True, dtype=torch.float64)
    before = (settings.n_fft - settings.window_length) // 2
    after = settings.n_fft - settings.window_length - before
    return torch.nn.functional.pad(window, (before, after)).to(dtype)


def bin_powers(spectra: Tensor) -> Tensor:
    """|X|^2 of complex spectra (...). To square the parts as they lie, side by side, takes two thirds of the time."""
    squares = torch.view_as_real(spectra).square()
    return squares[..., 0] + squares[..., 1]


def stft_power(audio: Tensor, settings: SpectralSettings) -> Tensor:
    """Power (batch, n_frames, 1 + n_fft // 2) of audio (batch, n_samples); frames are centred, zero-padded."""
    half = settings.n_fft // 2
    padded = torch.nn.functional.pad(pre_emphasised(audio.float(), settings), (half, half))
    spectra = torch.fft.rfft(
        padded.unfold(-1, settings.n_fft, settings.hop_length) * analysis_window(settings).to(padded)
    )
    return bin_powers(spectra)
