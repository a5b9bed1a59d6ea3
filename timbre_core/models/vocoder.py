"""Log-mel frames straight to audio."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from timbre_core.features.settings import LogMelSettings
from timbre_core.models.contracts import Backbone
from timbre_core.models.pitch_hint import band_density, midi_to_bins, pitch_hint
from timbre_core.models.tasks import VocoderTask

_LOUDEST = 12.0  # nepers: keeps a first, wild prediction from overflowing


class Vocoder(nn.Module):
    """ConvNeXt blocks and an inverse-STFT head (Siuzdak, "Vocos: Closing the gap between time-domain and Fourier-based
    neural vocoders for high-quality audio synthesis", 2023).

    Unlike there, the head departs from what is known: magnitudes from the density of the mel bands, phases from steady
    partials, at the harmonics of the pitch where it is known and at the bins' own frequencies elsewhere. It adds a deviation
    of their frequency, which is summed up over time, and one of the phase. So a steady tone asks for no counting of
    frames, which convolutions cannot do.
    """

    def __init__(self, settings: VocoderTask, features: LogMelSettings) -> None:
        super().__init__()
        self.features = features
        n_fft_bins = 1 + features.n_fft // 2
        self.backbone: Backbone = settings.backbone.build(features.n_bins, n_fft_bins)
        self.head = nn.Linear(self.backbone.out_features, 3 * n_fft_bins)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("_density", band_density(features), persistent=False)

    def forward(self, frames: Tensor, pitch: Tensor) -> Tensor:
        """frames (batch, n_mels, T) in [-1, 1], pitch (batch,) MIDI or NaN -> complex spectra (batch, T, 1 + n_fft // 2).

        Their frames are centred a hop apart; level relative to the note's loudest mel bin.
        """
        features = self.features
        out = self.head(self.backbone(frames, pitch_hint(pitch, features))).float()
        departure, deviation, offset = out.chunk(3, dim=-1)
        log_mel = (frames.transpose(1, 2) - 1) * (features.top_db / 20 * math.log(10))
        level = 0.5 * (log_mel @ self.get_buffer("_density") + departure)
        bins = torch.arange(level.shape[-1], device=frames.device, dtype=torch.float32)
        f0 = midi_to_bins(pitch.float().nan_to_num(69.0), features)[:, None]
        harmonic = f0 * torch.round(bins / f0).clamp(min=1)
        steady = torch.where(pitch.isnan()[:, None], bins.expand_as(harmonic), harmonic)
        advance = (steady * (2 * math.pi * features.hop_length / features.n_fft)).remainder(2 * math.pi)
        time = torch.arange(frames.shape[2], device=frames.device, dtype=torch.float32)[None, :, None]
        # Phases are counted from a frame's first sample, its centre is n_fft // 2 later.
        centre = bins * (2 * math.pi * (features.n_fft // 2) / features.n_fft)
        phase = advance[:, None] * time + (math.pi * deviation.tanh()).cumsum(dim=1) + offset - centre
        return torch.polar(torch.exp(level.clamp(max=_LOUDEST)), phase)
