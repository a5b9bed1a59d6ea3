"""Power spectra of audio."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.preparation import fit_length as fit_length
from timbre_core.features.preparation import prepare_audio as prepare_audio
from timbre_core.features.settings import SpectralSettings

_SMALLEST_POWER = -6  # as a power of ten


def pre_emphasised(audio: Tensor, settings: SpectralSettings) -> Tensor:
    """Audio (..., n_samples) through x[n] - a x[n - 1], which lifts what speech has little of: its high frequencies."""
    if not settings.pre_emphasis:
        return audio
    return audio - settings.pre_emphasis * torch.nn.functional.pad(audio[..., :-1], (1, 0))


def de_emphasised(audio: np.ndarray, settings: SpectralSettings) -> np.ndarray:
    """The inverse of `pre_emphasised`, of audio (..., n_samples) float32."""
    if not settings.pre_emphasis:
        return audio
    return _one_pole(np.asarray(audio, dtype=np.float64), settings.pre_emphasis).astype(np.float32)


def _one_pole(x: np.ndarray, a: float) -> np.ndarray:
    """y[n] = x[n] + a y[n - 1] of x (..., n_samples), 0 < a < 1: scipy.signal has it, and takes 45 MB for it.

    In blocks so short that the powers of a stay far from what a float64 can hold: within one, y is a running sum.
    """
    size = max(1, int(_SMALLEST_POWER / math.log10(a)))
    powers = a ** np.arange(1, size + 1)
    y, before = np.empty_like(x), np.zeros(x.shape[:-1])
    for first in range(0, x.shape[-1], size):
        part = x[..., first : first + size]
        power = powers[: part.shape[-1]]
        block = power * (np.cumsum(part / power, axis=-1) + before[..., None])
        y[..., first : first + size] = block
        before = block[..., -1]
    return y


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
