"""From mel power back to a power spectrum, which has several times as many bins as there are bands."""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.settings import LogMelSettings

_TINY = 1e-30
_BETWEEN_HARMONICS = 1e-2  # of a harmonic's power: what the comb starts with elsewhere, so that nothing is ruled out


def mel_to_power(mel: Tensor, settings: LogMelSettings, iterations: int = 30, pitch: Tensor | None = None) -> Tensor:
    """A power spectrogram (batch, n_frames, 1 + n_fft // 2), >= 0, whose mel power is `mel` (batch, n_mels, n_frames).

    Minimises the Kullback-Leibler divergence between `mel` and the mel power of the result by multiplicative updates
    (Lee & Seung, "Algorithms for non-negative matrix factorization", 2001). What is positive stays so and nothing is
    clamped; bands at different levels converge alike, unlike with least squares. Bins outside all bands are zero.

    Many spectra have the same mel, and the one that is found resembles the start. It is flat, or, where the note's
    `pitch` (batch,) in MIDI is known (not NaN), peaks at its harmonics, whichever fits the mel better: inharmonic sounds
    and notes with a wrong label do better from the flat one.
    """
    bank = mel_filterbank(settings).to(mel.device)
    target = mel.transpose(1, 2)
    covered = (bank.sum(dim=0) > 0).to(mel.dtype)
    power = _descend(target, bank, covered[None, None], iterations)
    if pitch is None or bool(pitch.isnan().all()):
        return power
    comb = harmonic_comb(pitch.nan_to_num(0.0), settings)[:, None] * covered
    harmonic = _descend(target, bank, comb, iterations)
    better = (_divergence(target, bank, harmonic) < _divergence(target, bank, power)) & ~pitch.isnan()
    return torch.where(better[:, None, None], harmonic, power)


def _descend(target: Tensor, bank: Tensor, start: Tensor, iterations: int) -> Tensor:
    """Multiplicative updates of the power spectrogram that begins as `start`, broadcast to (batch, n_frames, n_bins)."""
    coverage = bank.sum(dim=0)
    step = torch.where(coverage > 0, 1 / coverage.clamp(min=_TINY), coverage.new_zeros(()))
    to_mel = bank.T.contiguous()
    power = start.expand(*target.shape[:2], -1).clone()
    for _ in range(iterations):
        ratio = target / (power @ to_mel).clamp_(min=_TINY)
        power.mul_(ratio @ bank).mul_(step)
    return power


def _divergence(target: Tensor, bank: Tensor, power: Tensor) -> Tensor:
    """Generalised Kullback-Leibler divergence (batch,) of the mel power of `power` from `target`."""
    fit = (power @ bank.T).clamp_(min=_TINY)
    return (torch.special.xlogy(target, target / fit) - target + fit).sum(dim=(1, 2))


def harmonic_comb(pitch: Tensor, settings: LogMelSettings) -> Tensor:
    """Power spectra (batch, 1 + n_fft // 2) of equally strong harmonics of `pitch` (batch,) MIDI, seen through a Hann window.

    1 at a harmonic, 0.01 between them.
    """
    bins = torch.arange(1 + settings.n_fft // 2, device=pitch.device, dtype=torch.float32)
    f0 = 440 * torch.exp2((pitch.float()[:, None] - 69) / 12) * (settings.n_fft / settings.sample_rate)
    distance = (bins - f0 * torch.round(bins / f0).clamp(min=1)).abs()
    # The main lobe of a Hann window's transform: sinc(x) / (1 - x^2), whose limit at 1 is 1/2.
    at_one = (distance - 1).abs() < 1e-3
    lobe = torch.where(at_one, 0.5, torch.sinc(distance) / (1 - distance.square()).where(~at_one, torch.ones(())))
    return torch.where(distance < 2, lobe.square(), 0.0) + _BETWEEN_HARMONICS
