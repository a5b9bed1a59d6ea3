"""MIDI pitch as a learned vector."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from timbre_core.models.contracts import Condition, ConditionSettings
from timbre_core.models.network import torch


class PitchEmbeddingSettings(ConditionSettings):
    """A vector of `dim` numbers for each of `count` keys."""

    label: ClassVar[str] = "pitch"
    kind: Literal["pitch_embedding"] = "pitch_embedding"
    count: Annotated[int, Field(ge=1, le=1024)] = 128
    dim: Annotated[int, Field(ge=1, le=1024)] = 16

    def build(self) -> PitchEmbedding:
        return PitchEmbedding(self)


class PitchEmbedding(Condition):
    """A learned vector per MIDI pitch."""

    def __init__(self, settings: PitchEmbeddingSettings) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(settings.count, settings.dim)
        self.out_features = settings.dim

    def forward(self, pitch: torch.Tensor) -> torch.Tensor:
        """(batch,) MIDI pitch, rounded to a whole key and held inside the table -> (batch, dim)."""
        return self.table(pitch.round().long().clamp(0, self.table.num_embeddings - 1))
