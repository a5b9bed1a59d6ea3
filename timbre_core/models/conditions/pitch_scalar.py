"""MIDI pitch as one number, so that pitches between the keys are between their numbers."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from timbre_core.models.contracts import Condition, ConditionSettings, Place
from timbre_core.models.network import torch


class PitchScalarSettings(ConditionSettings):
    """(pitch - origin) / span."""

    label: ClassVar[str] = "pitch"
    kind: Literal["pitch_scalar"] = "pitch_scalar"
    origin: Annotated[float, Field(ge=0, le=127, description="MIDI pitch that becomes 0")] = 0.0
    span: Annotated[float, Field(gt=0, le=127, description="semitones above it that become 1")] = 127.0
    into: list[Place] = Field(default=["input", "decoder"], min_length=1)

    def build(self) -> PitchScalar:
        return PitchScalar(self)


class PitchScalar(Condition):
    """MIDI pitch as one number."""

    out_features = 1

    def __init__(self, settings: PitchScalarSettings) -> None:
        super().__init__()
        self.origin, self.span = settings.origin, settings.span

    def forward(self, pitch: torch.Tensor) -> torch.Tensor:
        """(batch,) MIDI pitch -> (batch, 1)."""
        return ((pitch - self.origin) / self.span)[:, None]
