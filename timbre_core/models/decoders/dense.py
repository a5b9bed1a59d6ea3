"""Fully connected layers to all values of a window."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Decoder, DecoderSettings
from timbre_core.models.layers import dense_layers
from timbre_core.models.network import torch


class DenseDecoderSettings(DecoderSettings):
    """`units` are those of each layer before the last."""

    kind: Literal["dense"] = "dense"
    units: list[Annotated[int, Field(ge=1, le=65_536)]] = Field(default=[90], min_length=1, max_length=8)
    slope: Annotated[float, Field(ge=0, lt=1, description="of the leaky ReLU below zero")] = 0.01

    def build(self, in_features: int, n_bins: int, n_frames: int) -> DenseDecoder:
        return DenseDecoder(self, in_features, n_bins, n_frames)


class DenseDecoder(Decoder):
    """Fully connected layers with leaky ReLUs, and a linear one to all values of a window."""

    def __init__(self, settings: DenseDecoderSettings, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.shape = (n_bins, n_frames)
        self.layers = dense_layers([in_features, *settings.units], settings.slope)
        self.out = torch.nn.Linear(settings.units[-1], n_bins * n_frames)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        return self.out(self.layers(features)).unflatten(1, self.shape)
