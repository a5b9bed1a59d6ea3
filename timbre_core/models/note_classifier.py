"""A small network that hears which family plays which pitch. Its embedding compares sets of notes."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from timbre_core.features.settings import LogMelSettings
from timbre_core.models.tasks import NoteClassifierTask

N_FAMILIES, N_PITCHES = 11, 128


class Answers(NamedTuple):
    """Logits of the family (batch, 11), in the order of NSynth's families, and of the MIDI pitch (batch, 128)."""

    family: Tensor
    pitch: Tensor


class NoteClassifier(nn.Module):
    """Convolutions over (n_bins, T), averaged over time alone, so that frequency keeps its place; then the embedding."""

    def __init__(self, settings: NoteClassifierTask, features: LogMelSettings) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        height = features.n_bins
        for before, after in pairwise([1, *settings.channels]):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
            height = -(-height // 2)
        self.layers = nn.Sequential(*layers)
        self.embedding = nn.Linear(settings.channels[-1] * height, settings.embedding)
        self.dropout = nn.Dropout(settings.dropout)
        self.family = nn.Linear(settings.embedding, N_FAMILIES)
        self.pitch = nn.Linear(settings.embedding, N_PITCHES)

    def embed(self, frames: Tensor) -> Tensor:
        """Frames (batch, n_bins, T) in [-1, 1], any T -> embeddings (batch, embedding)."""
        seen = self.layers(frames.unsqueeze(1)).mean(dim=-1).flatten(1)
        return nn.functional.gelu(self.embedding(seen))

    def forward(self, frames: Tensor) -> Answers:
        """Frames (batch, n_bins, T) in [-1, 1] -> logits."""
        embedded = self.dropout(self.embed(frames))
        return Answers(self.family(embedded).float(), self.pitch(embedded).float())
