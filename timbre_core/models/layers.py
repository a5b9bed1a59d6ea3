"""Small layers that encoders and decoders share."""

from __future__ import annotations

from torch import nn


def norm_layer(kind: str, channels: int) -> list[nn.Module]:
    """The normalisation named by a recipe, as a list so that "none" adds nothing."""
    return [nn.BatchNorm2d(channels)] if kind == "batch" else []
