"""LSTM layers that write a window frame by frame."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Decoder, DecoderSettings
from timbre_core.models.network import torch


class LstmDecoderSettings(DecoderSettings):
    """`units` of each layer."""

    kind: Literal["lstm"] = "lstm"
    units: Annotated[int, Field(ge=1, le=4096)] = 256
    layers: Annotated[int, Field(ge=1, le=8)] = 1

    def build(self, in_features: int, n_bins: int, n_frames: int) -> LstmDecoder:
        return LstmDecoder(self, in_features, n_bins, n_frames)


class LstmDecoder(Decoder):
    """LSTM layers that are shown the latent at every frame; each state is a frame by one linear map."""

    def __init__(self, settings: LstmDecoderSettings, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.n_frames = n_frames
        self.layers = torch.nn.LSTM(in_features, settings.units, settings.layers, batch_first=True)
        self.frame = torch.nn.Linear(settings.units, n_bins)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        states, _ = self.layers(features[:, None].expand(-1, self.n_frames, -1))
        return self.frame(states).transpose(1, 2)
