"""From mel power back to a power spectrum, which has several times as many bins as there are bands."""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.settings import LogMelSettings

_TINY = 1e-30


def mel_to_power(mel: Tensor, settings: LogMelSettings, iterations: int = 30) -> Tensor:
    """A power spectrogram (batch, n_frames, 1 + n_fft // 2), >= 0, whose mel power is `mel` (batch, n_mels, n_frames).

    Minimises the Kullback-Leibler divergence between `mel` and the mel power of the result by multiplicative updates
    (Lee & Seung, "Algorithms for non-negative matrix factorization", 2001), starting from a flat spectrum. What is
    positive stays so and nothing is clamped; bands at different levels converge alike, unlike with least squares.
    Bins outside all bands are zero.
    """
    bank = mel_filterbank(settings).to(mel.device)
    coverage = bank.sum(dim=0)
    step = torch.where(coverage > 0, 1 / coverage.clamp(min=_TINY), coverage.new_zeros(()))
    to_mel = bank.T.contiguous()
    target = mel.transpose(1, 2)
    power = (coverage > 0).to(mel.dtype).expand(*target.shape[:2], -1).clone()
    for _ in range(iterations):
        ratio = target / (power @ to_mel).clamp_(min=_TINY)
        power.mul_(ratio @ bank).mul_(step)
    return power
