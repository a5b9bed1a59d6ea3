"""A sound given the levels that it should have: a carrier filtered over time and frequency, what it lacks filled in."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.log_mel import hz_to_mel
from timbre_core.features.note_grid import band_hz, frame_levels, frames_of, grid_edges, looked_at
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.pulses import noise, pulses

_UPDATES = 3  # of the filter, whose bands overlap
_MOST, _LEAST = 30.0, -60.0  # dB that a carrier is raised or lowered by: what lacks more is filled in
_LACKING = 3.0  # dB below the wanted level
_NOISE = 0.5  # of the filling, beside its harmonics
_NOTHING = -110.0  # dB
_NEPER = float(np.log(10))


def imprint(carrier: np.ndarray, levels: Tensor, settings: LogMelSettings, f0: float, seed: int = 0) -> np.ndarray:
    """A carrier (n_samples,) with the mel levels of a grid (n_points, n_mels) in dB, (n_samples,) float32.

    Its own changes within a point of the grid and within a band stay: the filter only moves means. Bands in which it has too
    little are filled with harmonics of `f0` Hz and noise.
    """
    window = torch.hann_window(settings.n_fft)
    to_bins = _bands_to_bins(settings)

    def spectrum(audio: np.ndarray) -> Tensor:
        return torch.stft(
            torch.from_numpy(np.ascontiguousarray(audio, dtype=np.float32)),
            settings.n_fft,
            settings.hop_length,
            window=window,
            pad_mode="constant",
            return_complex=True,
        ).T

    own = spectrum(carrier)
    count = len(own)
    edges = grid_edges(count)
    frames, mean = looked_at(count)
    seen = frames.clamp_max(count - 1)  # gains are found where the grid looks: not at all frames

    def levels_of(power: Tensor) -> Tensor:
        return mean @ frame_levels(power, settings)

    def gain(decibels: Tensor, at: Tensor | None = None) -> Tensor:
        each = frames_of(decibels, edges, count)
        return torch.exp(((each if at is None else each[at]) * (_NEPER / 20)) @ to_bins)

    power = _power(own[seen])
    change = torch.zeros_like(levels)
    have = levels_of(power)
    for _ in range(_UPDATES):
        change = (change + levels - have).clamp(_LEAST, _MOST)
        have = levels_of(power * gain(2 * change, seen))
    changed = own * gain(change)
    lacks = levels - have > _LACKING
    if lacks.any():
        filling = spectrum(excitation(f0, len(carrier), settings.sample_rate, seed))
        missing = 10 * torch.log10((torch.pow(10, levels / 10) - torch.pow(10, have / 10)).clamp_min(1e-11))
        level = torch.where(lacks, missing, torch.full_like(levels, _NOTHING)) - levels_of(_power(filling[seen]))
        changed += filling * gain(level)
    audio = torch.istft(changed.T, settings.n_fft, settings.hop_length, window=window, length=len(carrier))
    return np.asarray(audio.numpy(), dtype=np.float32)


def _power(spectrum: Tensor) -> Tensor:
    return spectrum.real.square() + spectrum.imag.square()


@lru_cache(maxsize=8)
def _bands_to_bins(settings: LogMelSettings) -> Tensor:
    """(n_mels, 1 + n_fft // 2): FFT bins between the bands' centres, linear in mel."""
    bands = hz_to_mel(band_hz(settings))
    bins = hz_to_mel(np.fft.rfftfreq(settings.n_fft, 1 / settings.sample_rate))
    left = np.clip(np.searchsorted(bands, bins) - 1, 0, len(bands) - 2)
    share = np.clip((bins - bands[left]) / (bands[left + 1] - bands[left]), 0, 1)
    weights = np.zeros((len(bands), len(bins)), dtype=np.float32)
    weights[left, np.arange(len(bins))] = 1 - share
    weights[left + 1, np.arange(len(bins))] = share
    return torch.from_numpy(weights)


def excitation(f0: float | np.ndarray, n_samples: int, sample_rate: int, seed: int = 0) -> np.ndarray:
    """Pulses at f0 Hz, or at one for each sample (n_samples,), all harmonics below half the sample rate equally loud (a closed
    form of their sum), and noise."""
    sounds, harmonics = pulses(f0, n_samples, sample_rate)
    return sounds + np.float32(_NOISE * np.sqrt(harmonics)) * noise(n_samples, seed)
