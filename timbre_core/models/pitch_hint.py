"""What inverter networks are told besides the frames: where a pitch's harmonics lie, and how bands divide into FFT bins."""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.settings import LogMelSettings

_TINY = 1e-12
_LOWEST = 12.0  # MIDI; 16 Hz


def pitch_hint(pitch: Tensor, features: LogMelSettings) -> Tensor:
    """(batch, 1 + n_fft // 2): the cosine of the phase that a bin has between two harmonics of `pitch` (batch,) MIDI.

    1 at a harmonic, -1 halfway to the next, fading to 0 where harmonics are closer than a Hann window tells apart. Zeros
    where the pitch is NaN.
    """
    bins = torch.arange(1 + features.n_fft // 2, device=pitch.device, dtype=torch.float32)
    known = ~pitch.isnan()
    spacing = midi_to_bins(pitch.float().nan_to_num(69.0).clamp(min=_LOWEST), features)[:, None]
    position = bins / spacing
    resolved = ((spacing - 1) / 2).clamp(0, 1)
    # Below half the first harmonic there is nothing: not another harmonic at 0 Hz.
    wave = torch.where(position < 0.5, -1.0, torch.cos(2 * torch.pi * position))
    return wave * resolved * known[:, None]


def midi_to_bins(pitch: Tensor, features: LogMelSettings) -> Tensor:
    """Fundamental frequencies of MIDI pitches, in FFT bins."""
    return 440 * torch.exp2((pitch - 69) / 12) * (features.n_fft / features.sample_rate)


def band_density(features: LogMelSettings) -> Tensor:
    """(n_mels, 1 + n_fft // 2): log-mel times this is, but for a constant, the log density of power over the bins.

    A bin's column has the shares that bands have in it; they add up to 1, or to 0 where no band reads it.
    """
    bank = mel_filterbank(features)
    return bank / bank.sum(dim=0).clamp(min=_TINY)
