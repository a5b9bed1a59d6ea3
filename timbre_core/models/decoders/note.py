"""A whole note from one code: harmonics where the pitch has them and noise between, over time.

After Serra & Smith's harmonics and noise ("Spectral modeling synthesis", 1990), in mel bands: the network says how loud
harmonics would be anywhere and how loud noise is, smoothly over bands; where harmonics are is the pitch's own affair.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Decoder, DecoderSettings
from timbre_core.models.network import torch

_NOISE_BANDS = 32
_STAGES = 3
_RISE = 60.0 / 40.0  # frame units in one unit of `PitchComb`'s levels, at 80 dB between -1 and 1
_NEPERS = 40 * math.log(10) / 10  # in one frame unit, of power


class NoteDecoderSettings(DecoderSettings):
    """`width` channels over time, of `hidden` numbers that know the whole note.

    The last of the model's conditions is to be a `pitch_comb`; frames are to span 80 dB (features.top_db).
    """

    kind: Literal["note"] = "note"
    width: Annotated[int, Field(ge=1, le=4096)] = 160
    hidden: Annotated[int, Field(ge=1, le=4096)] = 256

    def build(self, in_features: int, n_bins: int, n_frames: int) -> NoteDecoder:
        return NoteDecoder(self, in_features, n_bins, n_frames)


class NoteDecoder(Decoder):
    """Codes with their conditions to levels at the points of `features.note_grid`, and these to frames."""

    to_frames: torch.Tensor

    def __init__(self, settings: NoteDecoderSettings, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        if in_features <= n_bins:
            raise ValueError(
                "the decoder of kind note is told the pitch by a condition of kind pitch_comb, as the last one"
            )
        from timbre_core.models.note_points import to_frames

        self.n_bins, width = n_bins, settings.width
        self.register_buffer("to_frames", to_frames(n_frames), persistent=False)
        self.lengths = _lengths(self.to_frames.shape[1])
        hidden = settings.hidden
        self.first = torch.nn.Linear(in_features, hidden)
        self.whole = torch.nn.Linear(hidden, hidden)
        self.seed = torch.nn.Linear(hidden, width * self.lengths[0])
        self.layers = torch.nn.ModuleList([torch.nn.Conv1d(width, width, 3, padding=1) for _ in range(2 * _STAGES)])
        self.out = torch.nn.Conv1d(width, n_bins + _NOISE_BANDS, 1)
        assert self.out.bias is not None
        torch.nn.init.constant_(self.out.bias, -0.5)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        return self.points(features) @ self.to_frames.T

    def points(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, in_features) -> (batch, n_bins, n_points)."""
        gelu = torch.nn.functional.gelu
        whole = gelu(self.first(features))
        whole = whole + gelu(self.whole(whole))
        hidden = self.seed(whole).unflatten(1, (-1, self.lengths[0]))
        for stage, length in enumerate(self.lengths[1:]):
            hidden = torch.nn.functional.interpolate(hidden, size=length, mode="linear", align_corners=True)
            for layer in self.layers[2 * stage : 2 * stage + 2]:
                normal = torch.nn.functional.layer_norm(hidden.transpose(1, 2), hidden.shape[1:2]).transpose(1, 2)
                hidden = hidden + gelu(layer(normal))
        harmonic, noise = self.out(hidden).float().split([self.n_bins, _NOISE_BANDS], dim=1)
        noise = torch.nn.functional.interpolate(
            noise.transpose(1, 2), size=self.n_bins, mode="linear", align_corners=True
        ).transpose(1, 2)
        comb = _RISE * features[:, -self.n_bins :, None].float()
        return torch.logaddexp(_NEPERS * (harmonic + comb), _NEPERS * noise) / _NEPERS


def _lengths(n_points: int) -> list[int]:
    """Points of the seed and of each stage, the last one all of them."""
    lengths = [n_points]
    for _ in range(_STAGES):
        lengths.insert(0, (lengths[0] + 1) // 2)
    return lengths
