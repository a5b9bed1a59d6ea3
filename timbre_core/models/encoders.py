"""Encoders: windows of frames to a flat feature vector. One builder per `kind`, registered in ENCODERS."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from timbre_core.models.layers import dense_layers, dropout_layer, norm_layer
from timbre_core.models.recurrent import LstmEncoder
from timbre_core.recipes import parts, schema


class ConvEncoder(nn.Module):
    """Strided convolutions over (n_bins, T), flattened.

    Each layer divides both axes by its strides (rounding up), so any window size of at least one frame works.
    """

    def __init__(self, settings: schema.ConvEncoder, n_bins: int, n_frames: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width, height, length = 1, n_bins, n_frames
        for channels, kernel_size, stride in settings.layers:
            layers.append(nn.Conv2d(width, channels, kernel_size, stride=stride, padding=kernel_size // 2))
            layers += [*norm_layer(settings.norm, channels), nn.ReLU(inplace=True), *dropout_layer(settings.dropout)]
            width = channels
        self.layers = nn.Sequential(*layers)
        with torch.no_grad():
            shape = self.layers(torch.zeros(2, 1, height, length)).shape
        self.out_features = shape[1] * shape[2] * shape[3]

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, n_bins, T) -> (batch, out_features)."""
        return self.layers(frames.unsqueeze(1)).flatten(1)


class DenseEncoder(nn.Module):
    """Fully connected layers with leaky ReLUs over all values of a window."""

    def __init__(self, settings: parts.DenseEncoder, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.layers = dense_layers([n_bins * n_frames, *settings.units], settings.slope)
        self.out_features = settings.units[-1]

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, n_bins, T) -> (batch, out_features)."""
        return self.layers(frames.flatten(1))


ENCODERS: dict[str, Callable[..., nn.Module]] = {"conv": ConvEncoder, "dense": DenseEncoder, "lstm": LstmEncoder}
