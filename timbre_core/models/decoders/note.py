"""A whole note from one code: harmonics where the pitch has them and noise between, over time.

After Serra & Smith's harmonics and noise ("Spectral modeling synthesis", 1990), in mel bands: the network says how loud
harmonics would be anywhere and how loud noise is, smoothly over bands; where harmonics are is the pitch's own affair.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from timbre_core.models.contracts import Decoder, DecoderSettings
from timbre_core.models.network import torch

_NOISE = (12, 16)  # shapes over time and over bands: noise is smoother than harmonics
_RISE = 60.0 / 40.0  # frame units in one unit of `PitchComb`'s levels, at 80 dB between -1 and 1
_NEPERS = 40 * math.log(10) / 10  # in one frame unit, of power
_SOFT = -0.5  # frame units that everything begins at

Count = Annotated[int, Field(ge=1, le=4096)]


class NoteDecoderSettings(DecoderSettings):
    """`width` numbers that know the whole note, told as `times` shapes over time by `bands` shapes over frequency.

    The last of the model's conditions is to be a `pitch_comb`; frames are to span 80 dB (features.top_db).
    """

    whole_notes: ClassVar[bool] = True
    kind: Literal["note"] = "note"
    width: Count = 384
    times: Count = 16
    bands: Count = 48
    layers: Annotated[int, Field(ge=0, le=16)] = 2

    def build(self, in_features: int, n_bins: int, n_frames: int) -> NoteDecoder:
        return NoteDecoder(self, in_features, n_bins, n_frames)


class NoteDecoder(Decoder):
    """Codes with their conditions to levels at the points of `features.note_grid`, and these to frames.

    Levels are weighted sums of shapes, which are cosines before training.
    """

    to_frames: torch.Tensor

    def __init__(self, settings: NoteDecoderSettings, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        if in_features <= n_bins:
            raise ValueError(
                "the decoder of kind note is told the pitch by a condition of kind pitch_comb, as the last one"
            )
        from timbre_core.models.note_points import Residual, cosines, to_frames

        self.n_bins = n_bins
        self.register_buffer("to_frames", to_frames(n_frames), persistent=False)
        n_points = self.to_frames.shape[1]
        self.times, self.noise_times = (
            torch.nn.Parameter(cosines(n_points, count)) for count in (settings.times, _NOISE[0])
        )
        self.bands, self.noise_bands = (
            torch.nn.Parameter(cosines(n_bins, count)) for count in (settings.bands, _NOISE[1])
        )
        self.first = torch.nn.Linear(in_features, settings.width)
        self.layers = torch.nn.Sequential(*(Residual(settings.width) for _ in range(settings.layers)))
        shapes = ((self.bands, self.times), (self.noise_bands, self.noise_times))
        self.out = torch.nn.ModuleList(
            [torch.nn.Linear(settings.width, bands.shape[1] * times.shape[1]) for bands, times in shapes]
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        return self.points(features) @ self.to_frames.T

    def points(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, in_features) -> (batch, n_bins, n_points)."""
        hidden = self.layers(self.first(features))
        harmonic, noise = (
            _SOFT + (bands @ weights(hidden).unflatten(1, (bands.shape[1], -1)) @ times.T).float()
            for weights, bands, times in zip(
                self.out, (self.bands, self.noise_bands), (self.times, self.noise_times), strict=True
            )
        )
        comb = _RISE * features[:, -self.n_bins :, None].float()
        return torch.logaddexp(_NEPERS * (harmonic + comb), _NEPERS * noise) / _NEPERS
