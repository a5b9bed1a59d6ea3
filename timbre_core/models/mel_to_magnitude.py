"""Log-mel frames to the power spectrum that a mel filterbank blurred."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.settings import LogMelSettings
from timbre_core.models.contracts import Backbone
from timbre_core.models.pitch_hint import pitch_hint
from timbre_core.models.tasks import MelToMagnitudeTask

_TINY = 1e-12
_STEEPEST = 4.0  # nepers of power between a harmonic and the middle of two, at the most: 35 dB between both ends


class MelToMagnitude(nn.Module):
    """Predicts how much the power of each FFT bin departs from the mean density of the mel bands over it.

    The departure has a part of its own for each bin and, where the pitch is known, a part along the harmonics whose
    strength the network chooses for each bin and frame: harmonic below, noisy above, or not harmonic at all.
    """

    def __init__(self, settings: MelToMagnitudeTask, features: LogMelSettings) -> None:
        super().__init__()
        self.features = features
        n_fft_bins = 1 + features.n_fft // 2
        self.backbone: Backbone = settings.backbone.build(features.n_bins, n_fft_bins)
        self.departure = nn.Linear(self.backbone.out_features, n_fft_bins)
        self.strength = nn.Linear(self.backbone.out_features, n_fft_bins)
        bank = mel_filterbank(features)
        covered = bank.sum(dim=0)
        # Mean of the bands over a bin, weighted by how much of each it is: (n_mels, n_fft_bins). A band's power is
        # its weights' sum times the mean density below it.
        share = bank / covered.clamp(min=_TINY)
        self.register_buffer("_density", share / bank.sum(dim=1, keepdim=True).clamp(min=_TINY), persistent=False)
        self.register_buffer("_covered", (covered > 0).float(), persistent=False)

    def forward(self, frames: Tensor, pitch: Tensor) -> Tensor:
        """frames (batch, n_mels, T) in [-1, 1], pitch (batch,) MIDI or NaN -> log power (batch, T, 1 + n_fft // 2), nats.

        Relative to the note's loudest mel bin, as the frames are.
        """
        hint = pitch_hint(pitch, self.features)
        hidden = self.backbone(frames, hint)
        mel = torch.exp((frames.transpose(1, 2) - 1) * (self.features.top_db / 2 * math.log(10) / 10))
        density = torch.log(mel @ self.get_buffer("_density") + _TINY)
        harmonic = _STEEPEST * torch.sigmoid(self.strength(hidden)) * hint[:, None]
        return (density + self.departure(hidden) + harmonic).float()

    def power(self, frames: Tensor, pitch: Tensor) -> Tensor:
        """The power spectrum (batch, T, 1 + n_fft // 2); bins outside all bands are zero."""
        return torch.exp(self(frames, pitch)) * self.get_buffer("_covered")
