"""What stays over an instrument's notes: an encoder of whole notes, and what trains it.

Convolutions along a note's grid, of which only points that are heard count; their mean and deviation over time and the mean
of the onset make the code. It is trained to be near for notes of one instrument and far for others (Khosla et al.,
"Supervised contrastive learning", 2020), to tell the family, and to say what the instrument's other notes look like when
told their pitch, for which it needs no pitch of its own.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from timbre_core.features.note_grid import grid_edges, point_edges
from timbre_core.features.settings import LogMelSettings
from timbre_core.models.note_classifier import N_FAMILIES
from timbre_core.models.tasks import TimbreCodeTask

_SPAN_DB, _OFFSET = 20.0, 1.5
_ONSET = 12  # points after the first convolution: 0.3 s
_PICTURE = (0, 2, 5, 10, 20, 28, 36, 50)  # points that another note is told at
_GROUP = 4  # bands that are one there
_PROJECTION = 64
_CEPSTRA, _CEPSTRAL_RANGE_DB = 13, 60.0
_GROUPS = (0, 2, 5, 10, 16, 20, 24, 30, 38, 48, 61)  # first points of the times that cepstra are told at
_BY_LENGTH = 0.5  # power of a time's share of the whole that its cepstra count with


class TimbreEncoder(nn.Module):
    """Level-free grids (batch, n_points, n_mels) and which points are heard (batch, n_points) -> codes (batch, dim).

    A code is the learned part, `code_dim` numbers, and, where the task weighs them, cepstra of the note with their time kept.
    """

    def __init__(self, settings: TimbreCodeTask, features: LogMelSettings) -> None:
        super().__init__()
        width, dim = settings.width, settings.code_dim
        self.features = features
        self.cepstra = settings.cepstra
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
        learned = self._learned(grid, heard)
        if not self.cepstra:
            return learned
        return torch.cat([learned, self.cepstra * timed_cepstra(grid, heard)], dim=1)

    def _learned(self, grid: Tensor, heard: Tensor) -> Tensor:
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


def timed_cepstra(grid: Tensor, heard: Tensor) -> Tensor:
    """Cepstra of level-free grids (batch, n_points, n_mels) at ten times from the onset on, (batch, n), in dB.

    The first is the level, so that attack and decay are among them. After the last point but one that is heard, where a
    recording ends, that point goes on. Bands count down to 60 dB below the loudest; times count by a root of how long they are.
    """
    edges = point_edges(grid.shape[1])
    held = torch.maximum(grid, grid.amax((1, 2), keepdim=True) - _CEPSTRAL_RANGE_DB)
    places = torch.arange(grid.shape[1])
    last = ((heard * (places + 1)).amax(1).long() - 2).clamp_min(0)  # the very last one hears the end
    held = held[torch.arange(len(grid))[:, None], torch.minimum(places[None], last[:, None])]
    n_mels = grid.shape[2]
    angle = math.pi / n_mels * (torch.arange(n_mels) + 0.5)
    cosines = torch.cos(torch.arange(_CEPSTRA)[:, None] * angle) * math.sqrt(2) / n_mels
    cosines[0] /= math.sqrt(2)
    spectra = held @ cosines.T
    seconds = edges[1:] - edges[:-1]
    parts = [
        (float(seconds[group].sum() / seconds.sum()) ** _BY_LENGTH) * spectra[:, group].mean(1)
        for group in (slice(first, after) for first, after in pairwise(_GROUPS) if after <= len(seconds))
    ]
    return torch.cat(parts, dim=1)
