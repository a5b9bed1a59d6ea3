"""A whole note at points that are dense at its onset, as weights of smooth shapes over time and over bands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Encoder, EncoderSettings
from timbre_core.models.network import torch

Count = Annotated[int, Field(ge=1, le=4096)]


class NoteEncoderSettings(EncoderSettings):
    """`times` shapes over time by `bands` shapes over frequency, told to `width` numbers that know the whole note."""

    kind: Literal["note"] = "note"
    width: Count = 256
    times: Count = 16
    bands: Count = 64
    layers: Annotated[int, Field(ge=0, le=16)] = 1

    def build(self, n_bins: int, n_frames: int) -> NoteEncoder:
        return NoteEncoder(self, n_bins, n_frames)


class NoteEncoder(Encoder):
    """Frames at the points of `features.note_grid`, seen through shapes over time and bands; before training cosines."""

    to_points: torch.Tensor

    def __init__(self, settings: NoteEncoderSettings, n_bins: int, n_frames: int) -> None:
        super().__init__()
        from timbre_core.models.note_points import Residual, cosines, to_points

        self.register_buffer("to_points", to_points(n_frames), persistent=False)
        self.times = torch.nn.Parameter(cosines(len(self.to_points), settings.times))
        self.bands = torch.nn.Parameter(cosines(n_bins, settings.bands))
        self.first = torch.nn.Linear(self.times.shape[1] * self.bands.shape[1], settings.width)
        self.layers = torch.nn.Sequential(*(Residual(settings.width) for _ in range(settings.layers)))
        self.out_features = settings.width

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_bins, T) -> (batch, out_features)."""
        return self.of_points(frames @ self.to_points.T)

    def of_points(self, points: torch.Tensor) -> torch.Tensor:
        """(batch, n_bins, n_points) -> (batch, out_features)."""
        weights = self.bands.T @ points @ self.times
        hidden: torch.Tensor = self.layers(self.first(weights.flatten(1)))
        return hidden
