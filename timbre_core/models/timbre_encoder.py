"""What stays over an instrument's notes: an encoder of whole notes, and what trains it.

Convolutions along a note's grid, of which only points that are heard count; their mean and deviation over time and the mean
of the onset make the code. It is trained to be near for notes of one instrument and far for others (Khosla et al.,
"Supervised contrastive learning", 2020), to tell the family, and to say what the instrument's other notes look like when
told their pitch, for which it needs no pitch of its own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timbre_core.features.note_grid import grid_edges
from timbre_core.features.settings import LogMelSettings
from timbre_core.models.note_classifier import N_FAMILIES
from timbre_core.models.tasks import TimbreCodeTask

_SPAN_DB, _OFFSET = 20.0, 1.5
_ONSET = 12  # points after the first convolution: 0.3 s
_PICTURE = (0, 2, 5, 10, 20, 28, 36, 50)  # points that another note is told at
_GROUP = 4  # bands that are one there
_PROJECTION = 64


class TimbreEncoder(nn.Module):
    """Level-free grids (batch, n_points, n_mels) and which points are heard (batch, n_points) -> codes (batch, code_dim)."""

    def __init__(self, settings: TimbreCodeTask, features: LogMelSettings) -> None:
        super().__init__()
        width, dim = settings.width, settings.code_dim
        self.features = features
        self.first = nn.Conv1d(features.n_mels, width, 4, stride=2, padding=1)
        self.layers = nn.ModuleList([nn.Conv1d(width, width, 3, padding=1) for _ in range(2)])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
        self.code = nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Linear(width, dim))
        self.family = nn.Linear(dim, N_FAMILIES)
        self.projection = nn.Sequential(nn.Linear(dim, 128), nn.GELU(), nn.Linear(128, _PROJECTION))
        picture = len(_PICTURE) * (features.n_mels // _GROUP)
        self.other = nn.Sequential(
            nn.Linear(dim + 3, 256), nn.GELU(), nn.Linear(256, 256), nn.GELU(), nn.Linear(256, picture)
        )

    def forward(self, grid: Tensor, heard: Tensor) -> Tensor:
        seen = (grid / _SPAN_DB + _OFFSET) * heard[..., None]
        half = grid.shape[1] // 2
        alive = torch.maximum(heard[:, 0 : 2 * half : 2], heard[:, 1 : 2 * half : 2])[:, None]
        hidden = nn.functional.gelu(self.first(seen.transpose(1, 2))) * alive
        for layer, norm in zip(self.layers, self.norms, strict=True):
            normal = norm(hidden.transpose(1, 2)).transpose(1, 2) * alive
            hidden = hidden + nn.functional.gelu(layer(normal)) * alive
        edges = torch.from_numpy(grid_edges(8 * grid.shape[1])).float()
        lengths = (edges[1:] - edges[:-1])[: 2 * half].unflatten(0, (-1, 2)).sum(1)
        weight = alive * lengths.sqrt()
        total = weight.sum(2).clamp_min(1)
        mean = (hidden * weight).sum(2) / total
        deviation = ((hidden - mean[..., None]).square() * weight).sum(2) / total
        early = alive[..., :_ONSET]
        onset = (hidden[..., :_ONSET] * early).sum(2) / early.sum(2).clamp_min(1)
        return self.code(torch.cat([mean, (deviation + 1e-4).sqrt(), onset], dim=1))

    def other_note(self, code: Tensor, pitch: Tensor) -> Tensor:
        """What a note of MIDI pitch (batch,) looks like, coarsely, in dB: see `picture`."""
        height = (pitch / 24 - 2.7)[:, None]
        told = torch.cat([code, height, torch.sin(height), torch.cos(2 * height)], dim=1)
        return _SPAN_DB * self.other(told)

    @staticmethod
    def picture(grid: Tensor) -> Tensor:
        """Level-free grids (batch, n_points, n_mels) at a few points and bands, (batch, n)."""
        last = grid.shape[1] - 1
        points = [min(point, last) for point in _PICTURE]
        return grid[:, points].unflatten(2, (-1, _GROUP)).mean(3).flatten(1)
