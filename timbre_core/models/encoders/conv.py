"""Strided convolutions over a window."""

from __future__ import annotations

from typing import Literal

from timbre_core.models.contracts import Encoder, EncoderSettings
from timbre_core.models.convolutions import ConvLayers
from timbre_core.models.layers import dropout_layer, norm_layer
from timbre_core.models.network import torch


class ConvEncoderSettings(ConvLayers, EncoderSettings):
    """`channels` are those of each layer's result."""

    kind: Literal["conv"] = "conv"

    def build(self, n_bins: int, n_frames: int) -> ConvEncoder:
        return ConvEncoder(self, n_bins, n_frames)


class ConvEncoder(Encoder):
    """Strided convolutions over (n_bins, T), flattened.

    Each layer divides both axes by its strides (rounding up), so any window size of at least one frame works.
    """

    def __init__(self, settings: ConvEncoderSettings, n_bins: int, n_frames: int) -> None:
        super().__init__()
        layers: list[torch.nn.Module] = []
        width, height, length = 1, n_bins, n_frames
        for channels, kernel_size, stride in settings.layers:
            layers.append(torch.nn.Conv2d(width, channels, kernel_size, stride=stride, padding=kernel_size // 2))
            layers += [
                *norm_layer(settings.norm, channels),
                torch.nn.ReLU(inplace=True),
                *dropout_layer(settings.dropout),
            ]
            width = channels
        self.layers = torch.nn.Sequential(*layers)
        with torch.no_grad():
            shape = self.layers(torch.zeros(2, 1, height, length)).shape
        self.out_features = shape[1] * shape[2] * shape[3]

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_bins, T) -> (batch, out_features)."""
        return self.layers(frames.unsqueeze(1)).flatten(1)
