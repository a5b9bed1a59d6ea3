"""MIDI pitch as the mel levels of its harmonics: what physics says of it, so that no network need learn it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from timbre_core.models.contracts import Condition, ConditionSettings
from timbre_core.models.network import torch

STEPS = 8  # of a semitone; between them levels are between theirs
_KEYS = 128
_RANGE_DB = 60.0
_BETWEEN = 1e-3  # of a harmonic's power: nothing is ruled out


class PitchCombSettings(ConditionSettings):
    """The pitch as a number, and the levels that equally strong harmonics have in each mel band.

    The mel bands are those of the recipe's features: `sample_rate`, `n_fft`, `n_mels` and `fmax` are to be the same.
    """

    label: ClassVar[str] = "pitch"
    kind: Literal["pitch_comb"] = "pitch_comb"
    sample_rate: Annotated[int, Field(ge=1_000, le=384_000, description="Hz")] = 44_100
    n_fft: Annotated[int, Field(ge=16, le=65_536)] = 2048
    n_mels: Annotated[int, Field(ge=4, le=1024)] = 128
    fmax: Annotated[float | None, Field(gt=0, description="Hz; none means half the sample rate")] = None

    def build(self) -> PitchComb:
        return PitchComb(self)


class PitchComb(Condition):
    """MIDI pitch as one number, followed by mel levels of its harmonics."""

    table: torch.Tensor

    def __init__(self, settings: PitchCombSettings) -> None:
        super().__init__()
        self.out_features = 1 + settings.n_mels
        self.register_buffer("table", harmonic_levels(settings), persistent=False)

    def forward(self, pitch: torch.Tensor) -> torch.Tensor:
        """(batch,) MIDI pitch -> (batch, 1 + n_mels): the pitch from -1 to 1 and levels from -1 (60 dB down or less) to 0."""
        place = (pitch * STEPS).clamp(0, len(self.table) - 1)
        left = place.long().clamp_max(len(self.table) - 2)
        share = (place - left)[:, None]
        levels = self.table[left] * (1 - share) + self.table[left + 1] * share
        return torch.cat([(pitch / 64 - 1)[:, None], levels], dim=1)


def harmonic_levels(settings: PitchCombSettings) -> torch.Tensor:
    """Levels (8 x 127 + 1, n_mels) of harmonics of amplitude 1 in mel bands whose largest weight is 1, seen through a Hann window
    of n_fft samples; in units of 60 dB."""
    from timbre_core.features.note_grid import peak_filterbank
    from timbre_core.features.settings import LogMelSettings

    mel = LogMelSettings(
        sample_rate=settings.sample_rate, n_fft=settings.n_fft, hop_length=1, n_mels=settings.n_mels, fmax=settings.fmax
    )
    f0 = 440 * torch.exp2((torch.arange((_KEYS - 1) * STEPS + 1) / STEPS - 69) / 12)[:, None]
    f0 = f0 * (settings.n_fft / settings.sample_rate)
    bins = torch.arange(1 + settings.n_fft // 2)
    away = (bins - f0 * torch.round(bins / f0).clamp_min(1)).abs()
    # The main lobe of a Hann window's transform: sinc(x) / (1 - x^2), whose limit at 1 is 1/2.
    at_one = (away - 1).abs() < 1e-3
    lobe = torch.where(at_one, 0.5, torch.sinc(away) / (1 - away.square()).where(~at_one, torch.ones(())))
    power = torch.where(away < 2, lobe.square(), 0.0) + _BETWEEN
    levels = 10 * torch.log10((power @ peak_filterbank(mel).T).clamp_min(1e-9))
    return (levels / _RANGE_DB).clamp(-1, 1)
