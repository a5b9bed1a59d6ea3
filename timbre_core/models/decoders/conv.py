"""Transposed convolutions that enlarge a small image to a window."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from timbre_core.models.contracts import Decoder, DecoderSettings
from timbre_core.models.convolutions import Channels, ConvLayers, KernelSizes
from timbre_core.models.layers import dropout_layer, norm_layer
from timbre_core.models.network import torch


class ConvDecoderSettings(ConvLayers, DecoderSettings):
    """`channels` are what goes into each layer, the last one makes the frames."""

    kind: Literal["conv"] = "conv"
    channels: list[Channels] = Field(default=[64, 32, 16], min_length=1, max_length=8)
    kernel_size: KernelSizes = Field(default=[4])

    @model_validator(mode="after")
    def _has_a_middle(self) -> ConvDecoderSettings:
        if any(layer.kernel_size % 2 == 0 and 1 in layer.stride for layer in self.layers):
            raise ValueError("a layer with a stride of 1 needs an odd kernel_size, which has a middle")
        return self

    def build(self, in_features: int, n_bins: int, n_frames: int) -> ConvDecoder:
        return ConvDecoder(self, in_features, n_bins, n_frames)


class ConvDecoder(Decoder):
    """A linear map to a small image, enlarged by transposed convolutions, cropped to (n_bins, T)."""

    def __init__(self, settings: ConvDecoderSettings, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.n_bins, self.n_frames = n_bins, n_frames
        bins, frames = (math.prod(layer.stride[axis] for layer in settings.layers) for axis in (0, 1))
        self.seed_shape = (settings.channels[0], -(-n_bins // bins), -(-n_frames // frames))
        self.seed = torch.nn.Linear(in_features, math.prod(self.seed_shape))
        layers: list[torch.nn.Module] = [torch.nn.ReLU(inplace=True)]
        for (channels, kernel_size, stride), following in pairwise(settings.layers):
            layers.append(_enlarging(channels, following.channels, kernel_size, stride))
            layers += [*norm_layer(settings.norm, following.channels), torch.nn.ReLU(inplace=True)]
            layers += dropout_layer(settings.dropout)
        layers.append(_last(*settings.layers[-1]))
        self.layers = torch.nn.Sequential(*layers)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        image = self.seed(features).unflatten(1, self.seed_shape)
        return self.layers(image).squeeze(1)[:, : self.n_bins, : self.n_frames]


def _enlarging(
    in_channels: int, out_channels: int, kernel_size: int, stride: tuple[int, int]
) -> torch.nn.ConvTranspose2d:
    """A transposed convolution that multiplies the sides by `stride`."""
    from timbre_core.models.upsampling import Upsampling

    return Upsampling(in_channels, out_channels, kernel_size, stride)


def _last(channels: int, kernel_size: int, stride: tuple[int, int]) -> torch.nn.Module:
    from timbre_core.models.upsampling import BlockedUpsampling, PhasedUpsampling

    if kernel_size == 4 and stride == (2, 2):
        return PhasedUpsampling(channels, 1)
    return BlockedUpsampling(channels, kernel_size, stride)
