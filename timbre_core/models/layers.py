"""Small layers that encoders and decoders share."""

from __future__ import annotations

from itertools import pairwise

from timbre_core.models.network import torch


def norm_layer(kind: str, channels: int) -> list[torch.nn.Module]:
    """The normalisation named by a recipe, as a list so that "none" adds nothing."""
    return [torch.nn.BatchNorm2d(channels)] if kind == "batch" else []


def dropout_layer(share: float) -> list[torch.nn.Module]:
    """Dropout of a share of the values, as a list so that 0 adds nothing."""
    from timbre_core.models.dropout import QuickDropout

    return [QuickDropout(share)] if share > 0 else []


def dense_layers(widths: list[int], slope: float) -> torch.nn.Sequential:
    """Linear maps from each width to the next, each followed by a leaky ReLU."""
    layers: list[torch.nn.Module] = []
    for before, after in pairwise(widths):
        layers += [torch.nn.Linear(before, after), torch.nn.LeakyReLU(slope, inplace=True)]
    return torch.nn.Sequential(*layers)
