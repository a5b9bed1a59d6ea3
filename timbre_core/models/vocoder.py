"""Log-mel frames straight to audio."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timbre_core.features.settings import LogMelSettings
from timbre_core.models.convnext import ConvNeXt
from timbre_core.models.pitch_hint import pitch_hint
from timbre_core.recipes.tasks import VocoderTask

_LOUDEST = 12.0  # nepers: keeps a first, wild prediction from overflowing


class Vocoder(nn.Module):
    """ConvNeXt blocks and an inverse-STFT head (Siuzdak, "Vocos: Closing the gap between time-domain and Fourier-based
    neural vocoders for high-quality audio synthesis", 2023), told where the harmonics are if the pitch is known."""

    def __init__(self, settings: VocoderTask, features: LogMelSettings) -> None:
        super().__init__()
        self.features = features
        n_fft_bins = 1 + features.n_fft // 2
        self.backbone = ConvNeXt(settings.backbone, features.n_bins, n_fft_bins)
        self.head = nn.Linear(settings.backbone.width, 2 * n_fft_bins)

    def forward(self, frames: Tensor, pitch: Tensor) -> Tensor:
        """frames (batch, n_mels, T) in [-1, 1], pitch (batch,) MIDI or NaN -> complex spectra (batch, T, 1 + n_fft // 2)."""
        hidden = self.backbone(frames, pitch_hint(pitch, self.features))
        level, phase = self.head(hidden).float().chunk(2, dim=-1)
        return torch.polar(torch.exp(level.clamp(max=_LOUDEST)), phase)
