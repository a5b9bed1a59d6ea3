"""A whole note at points that are dense at its onset, and convolutions over time from there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Encoder, EncoderSettings
from timbre_core.models.network import torch


class NoteEncoderSettings(EncoderSettings):
    """`width` channels, each of which sees all bands; time is halved three times."""

    kind: Literal["note"] = "note"
    width: Annotated[int, Field(ge=1, le=4096)] = 128

    def build(self, n_bins: int, n_frames: int) -> NoteEncoder:
        return NoteEncoder(self, n_bins, n_frames)


class NoteEncoder(Encoder):
    """Frames at the points of `features.note_grid`, convolved over time and flattened."""

    to_points: torch.Tensor

    def __init__(self, settings: NoteEncoderSettings, n_bins: int, n_frames: int) -> None:
        super().__init__()
        from timbre_core.models.note_points import to_points

        self.register_buffer("to_points", to_points(n_frames), persistent=False)
        width = settings.width
        self.strided = torch.nn.ModuleList(
            [torch.nn.Conv1d(size, width, 5, stride=2, padding=2) for size in (n_bins, width, width)]
        )
        self.layers = torch.nn.ModuleList([torch.nn.Conv1d(width, width, 3, padding=1) for _ in range(3)])
        length = len(self.to_points)
        for _ in self.strided:
            length = (length + 1) // 2
        self.out_features = width * length

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_bins, T) -> (batch, out_features)."""
        return self.of_points(frames @ self.to_points.T)

    def of_points(self, points: torch.Tensor) -> torch.Tensor:
        """(batch, n_bins, n_points) -> (batch, out_features)."""
        hidden = points
        for strided, layer in zip(self.strided, self.layers, strict=True):
            hidden = torch.nn.functional.gelu(strided(hidden))
            hidden = hidden + torch.nn.functional.gelu(layer(_normal(hidden)))
        return _normal(hidden).flatten(1)


def _normal(hidden: torch.Tensor) -> torch.Tensor:
    """Channels of each point (batch, channels, n_points) with mean 0 and deviation 1."""
    normal: torch.Tensor = torch.nn.functional.layer_norm(hidden.transpose(1, 2), hidden.shape[1:2]).transpose(1, 2)
    return normal
