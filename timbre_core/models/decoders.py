"""Decoders: a latent (with its conditions) back to a window of frames. One builder per `kind`, in DECODERS."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

from timbre_core.models.layers import PhasedUpsampling, dense_layers, dropout_layer, norm_layer
from timbre_core.models.recurrent import LstmDecoder
from timbre_core.recipes import parts, schema


class ConvDecoder(nn.Module):
    """A linear map to a small image, enlarged by transposed convolutions, cropped to (n_bins, T)."""

    def __init__(self, settings: schema.ConvDecoder, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.n_bins, self.n_frames = n_bins, n_frames
        bins, frames = (math.prod(layer.stride[axis] for layer in settings.layers) for axis in (0, 1))
        self.seed_shape = (settings.channels[0], -(-n_bins // bins), -(-n_frames // frames))
        self.seed = nn.Linear(in_features, math.prod(self.seed_shape))
        layers: list[nn.Module] = [nn.ReLU(inplace=True)]
        for (channels, kernel_size, stride), following in pairwise(settings.layers):
            layers.append(_enlarging(channels, following.channels, kernel_size, stride))
            layers += [*norm_layer(settings.norm, following.channels), nn.ReLU(inplace=True)]
            layers += dropout_layer(settings.dropout)
        layers.append(_last(*settings.layers[-1]))
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        image = self.seed(features).unflatten(1, self.seed_shape)
        return self.layers(image).squeeze(1)[:, : self.n_bins, : self.n_frames]


def _enlarging(in_channels: int, out_channels: int, kernel_size: int, stride: tuple[int, int]) -> nn.ConvTranspose2d:
    """A transposed convolution that multiplies the sides by `stride`."""
    padding = (kernel_size - 1) // 2
    extra = (stride[0] + 2 * padding - kernel_size, stride[1] + 2 * padding - kernel_size)
    return nn.ConvTranspose2d(in_channels, out_channels, kernel_size, stride, padding, extra)


def _last(channels: int, kernel_size: int, stride: tuple[int, int]) -> nn.Module:
    if kernel_size == 4 and stride == (2, 2):
        return PhasedUpsampling(channels, 1)
    return _enlarging(channels, 1, kernel_size, stride)


class DenseDecoder(nn.Module):
    """Fully connected layers with leaky ReLUs, and a linear one to all values of a window."""

    def __init__(self, settings: parts.DenseDecoder, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.shape = (n_bins, n_frames)
        self.layers = dense_layers([in_features, *settings.units], settings.slope)
        self.out = nn.Linear(settings.units[-1], n_bins * n_frames)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        return self.out(self.layers(features)).unflatten(1, self.shape)


DECODERS: dict[str, Callable[..., nn.Module]] = {"conv": ConvDecoder, "dense": DenseDecoder, "lstm": LstmDecoder}
