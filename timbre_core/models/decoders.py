"""Decoders: a latent (with its conditions) back to a window of frames. One builder per `kind`, in DECODERS."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

from timbre_core.models.layers import PhasedUpsampling, dense_layers, norm_layer
from timbre_core.recipes import schema


class ConvDecoder(nn.Module):
    """A linear map to a small image, doubled by transposed convolutions, cropped to (n_bins, T)."""

    def __init__(self, settings: schema.ConvDecoder, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.n_bins, self.n_frames = n_bins, n_frames
        factor = 2 ** len(settings.channels)
        self.seed_shape = (settings.channels[0], -(-n_bins // factor), -(-n_frames // factor))
        self.seed = nn.Linear(in_features, self.seed_shape[0] * self.seed_shape[1] * self.seed_shape[2])
        layers: list[nn.Module] = [nn.ReLU(inplace=True)]
        for channels, following in pairwise(settings.channels):
            layers += [_doubling(channels, following, settings.kernel_size), *norm_layer(settings.norm, following)]
            layers.append(nn.ReLU(inplace=True))
        last = settings.channels[-1]
        layers.append(
            PhasedUpsampling(last, 1) if settings.kernel_size == 4 else _doubling(last, 1, settings.kernel_size)
        )
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        image = self.seed(features).unflatten(1, self.seed_shape)
        return self.layers(image).squeeze(1)[:, : self.n_bins, : self.n_frames]


def _doubling(in_channels: int, out_channels: int, kernel_size: int) -> nn.ConvTranspose2d:
    # An even kernel doubles a side exactly with this padding; an odd one needs one more output row.
    padding, extra = (kernel_size - 1) // 2, kernel_size % 2
    return nn.ConvTranspose2d(in_channels, out_channels, kernel_size, stride=2, padding=padding, output_padding=extra)


class DenseDecoder(nn.Module):
    """Fully connected layers with leaky ReLUs, and a linear one to all values of a window."""

    def __init__(self, settings: schema.DenseDecoder, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.shape = (n_bins, n_frames)
        self.layers = dense_layers([in_features, *settings.units], settings.slope)
        self.out = nn.Linear(settings.units[-1], n_bins * n_frames)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        return self.out(self.layers(features)).unflatten(1, self.shape)


DECODERS: dict[str, Callable[..., nn.Module]] = {"conv": ConvDecoder, "dense": DenseDecoder}
