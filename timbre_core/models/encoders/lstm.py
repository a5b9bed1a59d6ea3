"""LSTM layers that read a window frame by frame."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Encoder, EncoderSettings
from timbre_core.models.network import torch


class LstmEncoderSettings(EncoderSettings):
    """`units` of each layer and direction."""

    kind: Literal["lstm"] = "lstm"
    units: Annotated[int, Field(ge=1, le=4096)] = 256
    layers: Annotated[int, Field(ge=1, le=8)] = 1
    bidirectional: bool = False

    def build(self, n_bins: int, n_frames: int) -> LstmEncoder:
        return LstmEncoder(self, n_bins)


class LstmEncoder(Encoder):
    """What LSTM layers (Hochreiter & Schmidhuber, 1997) remember of a window when they have read its last frame."""

    def __init__(self, settings: LstmEncoderSettings, n_bins: int) -> None:
        super().__init__()
        self.directions = 2 if settings.bidirectional else 1
        self.layers = torch.nn.LSTM(
            n_bins, settings.units, settings.layers, batch_first=True, bidirectional=settings.bidirectional
        )
        self.out_features = settings.units * self.directions

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_bins, T) -> (batch, out_features): the last layer's states, each direction at its own end."""
        _, (states, _) = self.layers(frames.transpose(1, 2))
        return states[-self.directions :].transpose(0, 1).flatten(1)
