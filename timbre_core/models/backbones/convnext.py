"""A 1-D ConvNeXt along time: a backbone of inverter networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Backbone, BackboneSettings
from timbre_core.models.network import Network, torch


class ConvNeXtSettings(BackboneSettings):
    """Frames to features: 1-D ConvNeXt blocks along time, as in Vocos (Siuzdak, 2023)."""

    kind: Literal["convnext"] = "convnext"
    width: Annotated[int, Field(ge=1, le=4096)] = 192
    layers: Annotated[int, Field(ge=1, le=64)] = 4
    expansion: Annotated[int, Field(ge=1, le=16)] = 3
    kernel_size: Annotated[int, Field(ge=1, le=63, description="frames")] = 7

    def build(self, in_bins: int, hint_bins: int) -> ConvNeXt:
        return ConvNeXt(self, in_bins, hint_bins)


class ConvNeXtBlock(Network):
    """Depthwise convolution over frames, then a two-layer network on each frame, around a residual path.

    Liu et al., "A ConvNet for the 2020s" (2022), in one dimension as in Siuzdak, "Vocos" (2023).
    """

    def __init__(self, settings: ConvNeXtSettings) -> None:
        super().__init__()
        width = settings.width
        self.depthwise = torch.nn.Conv1d(width, width, settings.kernel_size, padding="same", groups=width)
        self.norm = torch.nn.LayerNorm(width)
        self.wide = torch.nn.Linear(width, width * settings.expansion)
        self.narrow = torch.nn.Linear(width * settings.expansion, width)
        # Small at first, so that a deep stack begins near the identity.
        self.scale = torch.nn.Parameter(torch.full((width,), 1 / settings.layers))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, T, width) -> (batch, T, width)."""
        mixed = self.norm(self.depthwise(features.transpose(1, 2)).transpose(1, 2))
        return features + self.scale * self.narrow(torch.nn.functional.gelu(self.wide(mixed)))


class ConvNeXt(Backbone):
    """Frames and a vector per window to features per frame."""

    def __init__(self, settings: ConvNeXtSettings, in_bins: int, hint_bins: int) -> None:
        super().__init__()
        self.enter = torch.nn.Conv1d(in_bins, settings.width, settings.kernel_size, padding="same")
        self.hint = torch.nn.Linear(hint_bins, settings.width, bias=False)
        self.norm = torch.nn.LayerNorm(settings.width)
        self.blocks = torch.nn.Sequential(*[ConvNeXtBlock(settings) for _ in range(settings.layers)])
        self.leave = torch.nn.LayerNorm(settings.width)
        self.out_features = settings.width

    def forward(self, frames: torch.Tensor, hint: torch.Tensor) -> torch.Tensor:
        """frames (batch, in_bins, T) and hint (batch, hint_bins), zeros for none -> (batch, T, width)."""
        entered = self.enter(frames).transpose(1, 2) + self.hint(hint)[:, None]
        return self.leave(self.blocks(self.norm(entered)))
