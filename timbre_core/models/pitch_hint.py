"""The pitch as inverter networks are told it: where its harmonics lie among the FFT bins."""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.features.settings import LogMelSettings

_LOWEST = 12.0  # MIDI; 16 Hz


def pitch_hint(pitch: Tensor, features: LogMelSettings) -> Tensor:
    """(batch, 1 + n_fft // 2): the cosine of the phase that a bin has between two harmonics of `pitch` (batch,) MIDI.

    1 at a harmonic, -1 halfway to the next, fading to 0 where harmonics are closer than a Hann window tells apart. Zeros
    where the pitch is NaN.
    """
    bins = torch.arange(1 + features.n_fft // 2, device=pitch.device, dtype=torch.float32)
    known = ~pitch.isnan()
    f0 = 440 * torch.exp2((pitch.float().nan_to_num(69.0).clamp(min=_LOWEST)[:, None] - 69) / 12)
    spacing = f0 * (features.n_fft / features.sample_rate)  # bins between harmonics
    position = bins / spacing
    resolved = ((spacing - 1) / 2).clamp(0, 1)
    # Below half the first harmonic there is nothing: not another harmonic at 0 Hz.
    wave = torch.where(position < 0.5, -1.0, torch.cos(2 * torch.pi * position))
    return wave * resolved * known[:, None]
