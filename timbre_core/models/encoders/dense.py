"""Fully connected layers over all values of a window."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Encoder, EncoderSettings
from timbre_core.models.layers import dense_layers
from timbre_core.models.network import torch


class DenseEncoderSettings(EncoderSettings):
    """`units` are those of each layer."""

    kind: Literal["dense"] = "dense"
    units: list[Annotated[int, Field(ge=1, le=65_536)]] = Field(default=[90], min_length=1, max_length=8)
    slope: Annotated[float, Field(ge=0, lt=1, description="of the leaky ReLU below zero")] = 0.01

    def build(self, n_bins: int, n_frames: int) -> DenseEncoder:
        return DenseEncoder(self, n_bins, n_frames)


class DenseEncoder(Encoder):
    """Fully connected layers with leaky ReLUs over all values of a window."""

    def __init__(self, settings: DenseEncoderSettings, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.layers = dense_layers([n_bins * n_frames, *settings.units], settings.slope)
        self.out_features = settings.units[-1]

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_bins, T) -> (batch, out_features)."""
        return self.layers(frames.flatten(1))
