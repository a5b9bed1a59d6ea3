"""MIDI velocity, or that it is not known."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from timbre_core.models.contracts import Condition, ConditionSettings
from timbre_core.models.network import torch


class VelocitySettings(ConditionSettings):
    """(velocity - origin) / span and 1; twice 0 where it is not known, as for a share of the notes while training."""

    label: ClassVar[str] = "velocity"
    optional: ClassVar[bool] = True
    kind: Literal["velocity"] = "velocity"
    origin: Annotated[float, Field(ge=0, le=127, description="MIDI velocity that becomes 0")] = 80.0
    span: Annotated[float, Field(gt=0, le=127, description="steps above it that become 1")] = 40.0
    dropout: Annotated[float, Field(ge=0, le=1, description="share of the notes whose velocity is kept secret")] = 0.2

    def build(self) -> VelocityCondition:
        return VelocityCondition(self)


class VelocityCondition(Condition):
    """MIDI velocity as two numbers."""

    out_features = 2

    def __init__(self, settings: VelocitySettings) -> None:
        super().__init__()
        self.origin, self.span, self.dropout = settings.origin, settings.span, settings.dropout

    def forward(self, velocity: torch.Tensor) -> torch.Tensor:
        """(batch,) MIDI velocity, NaN for an unknown one -> (batch, 2)."""
        known = ~velocity.isnan()
        if self.training and self.dropout:
            known = known & (torch.rand(len(velocity), device=velocity.device) >= self.dropout)
        told = ((velocity - self.origin) / self.span).nan_to_num() * known
        return torch.stack([told, known.to(told)], dim=1)
