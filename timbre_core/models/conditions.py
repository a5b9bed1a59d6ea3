"""Conditions: what a model is told beside the frames, as vectors to concatenate. Registered in CONDITIONS."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from timbre_core.recipes import parts


class PitchEmbedding(nn.Module):
    """A learned vector per MIDI pitch."""

    label = "pitch"

    def __init__(self, settings: parts.PitchEmbedding) -> None:
        super().__init__()
        self.table = nn.Embedding(settings.count, settings.dim)
        self.out_features = settings.dim

    def forward(self, pitch: Tensor) -> Tensor:
        """(batch,) MIDI pitch, rounded to a whole key and held inside the table -> (batch, dim)."""
        return self.table(pitch.round().long().clamp(0, self.table.num_embeddings - 1))


class PitchScalar(nn.Module):
    """MIDI pitch as one number."""

    label = "pitch"
    out_features = 1

    def __init__(self, settings: parts.PitchScalar) -> None:
        super().__init__()
        self.origin, self.span = settings.origin, settings.span

    def forward(self, pitch: Tensor) -> Tensor:
        """(batch,) MIDI pitch -> (batch, 1)."""
        return ((pitch - self.origin) / self.span)[:, None]


CONDITIONS: dict[str, Callable[..., nn.Module]] = {"pitch_embedding": PitchEmbedding, "pitch_scalar": PitchScalar}
