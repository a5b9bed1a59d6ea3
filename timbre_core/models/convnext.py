"""A 1-D ConvNeXt along time: a backbone of inverter networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timbre_core.recipes.tasks import ConvNeXtBackbone


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over frames, then a two-layer network on each frame, around a residual path.

    Liu et al., "A ConvNet for the 2020s" (2022), in one dimension as in Siuzdak, "Vocos" (2023).
    """

    def __init__(self, settings: ConvNeXtBackbone) -> None:
        super().__init__()
        width = settings.width
        self.depthwise = nn.Conv1d(width, width, settings.kernel_size, padding="same", groups=width)
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, width * settings.expansion)
        self.narrow = nn.Linear(width * settings.expansion, width)
        # Small at first, so that a deep stack begins near the identity.
        self.scale = nn.Parameter(torch.full((width,), 1 / settings.layers))

    def forward(self, features: Tensor) -> Tensor:
        """(batch, T, width) -> (batch, T, width)."""
        mixed = self.norm(self.depthwise(features.transpose(1, 2)).transpose(1, 2))
        return features + self.scale * self.narrow(nn.functional.gelu(self.wide(mixed)))


class ConvNeXt(nn.Module):
    """Frames and a vector per window to features per frame."""

    def __init__(self, settings: ConvNeXtBackbone, in_bins: int, hint_bins: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(in_bins, settings.width, settings.kernel_size, padding="same")
        self.hint = nn.Linear(hint_bins, settings.width, bias=False)
        self.norm = nn.LayerNorm(settings.width)
        self.blocks = nn.Sequential(*[ConvNeXtBlock(settings) for _ in range(settings.layers)])
        self.leave = nn.LayerNorm(settings.width)
        self.out_features = settings.width

    def forward(self, frames: Tensor, hint: Tensor) -> Tensor:
        """frames (batch, in_bins, T) and hint (batch, hint_bins), zeros for none -> (batch, T, width)."""
        entered = self.enter(frames).transpose(1, 2) + self.hint(hint)[:, None]
        return self.leave(self.blocks(self.norm(entered)))
