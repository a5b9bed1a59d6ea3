"""Decoders: a latent (with its conditions) back to a window of frames. One builder per `kind`, in DECODERS."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from timbre_core.models.layers import norm_layer
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
        # An even kernel doubles a side exactly with this padding; an odd one needs one more output row.
        padding, extra = (settings.kernel_size - 1) // 2, settings.kernel_size % 2
        for channels, following in zip(settings.channels, [*settings.channels[1:], 1], strict=True):
            layers.append(
                nn.ConvTranspose2d(
                    channels, following, settings.kernel_size, stride=2, padding=padding, output_padding=extra
                )
            )
            if following != 1:
                layers += [*norm_layer(settings.norm, following), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        image = self.seed(features).unflatten(1, self.seed_shape)
        return self.layers(image).squeeze(1)[:, : self.n_bins, : self.n_frames]


DECODERS: dict[str, Callable[..., nn.Module]] = {"conv": ConvDecoder}
