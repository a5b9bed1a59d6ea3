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
from timbre_core.features.timbre_grid import COURSE, carried_on, course
from timbre_core.models.note_classifier import N_FAMILIES
from timbre_core.models.tasks import TimbreCodeTask

_SPAN_DB, _OFFSET = 20.0, 1.5
_ONSET = 12  # points after the first convolution: 0.3 s
_PICTURE = (0, 2, 5, 10, 20, 28, 36, 50)  # points that another note is told at
_GROUP = 4  # bands that are one there
_PROJECTION = 64
CEPSTRA = 30
"""Of each time that `timed_cepstra` tells of."""

_FINER = 0.25
_TIMES = (0, 2, 5, 10, 16, 24, 38, 61)  # first points of the times that cepstra are told at
_BY_LENGTH = 0.25


class Trunk(nn.Module):
    """Convolutions along level-free grids, and what is learned from their means."""

    def __init__(self, n_mels: int, width: int, dim: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_mels, width, 4, stride=2, padding=1)
        self.layers = nn.ModuleList([nn.Conv1d(width, width, 3, padding=1) for _ in range(2)])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
        self.code = nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Linear(width, dim))

    def learned(self, grid: Tensor, heard: Tensor) -> Tensor:
        """Grids (batch, n_points, n_mels) and which points are heard (batch, n_points) -> (batch, dim)."""
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


class TimbreEncoder(Trunk):
    """Level-free grids (batch, n_points, n_mels) and which points are heard (batch, n_points) -> codes (batch, dim).

    A code is the learned part, `code_dim` numbers, and, where the task has them, a direction that a trunk of its own tells (two
    notes are no further apart in it than other instruments are), cepstra of the note with their time kept, and its `course`;
    where the task has it, all through a linear map, `metric` (n, dim), that is fitted after training: what one instrument's
    notes differ by counts less in it, and what tells the pitch does not.
    """

    metric: Tensor | None

    def __init__(self, settings: TimbreCodeTask, features: LogMelSettings) -> None:
        super().__init__(features.n_mels, settings.width, settings.code_dim)
        dim, aside = settings.code_dim, settings.direction
        self.features = features
        self.cepstra = settings.cepstra
        self.course = settings.course
        told = dim + (aside.dim if aside else 0) + (cepstra_size(features) if settings.cepstra else 0)
        told += COURSE if settings.course else 0
        self.register_buffer("metric", torch.eye(told, settings.metric) if settings.metric else None)
        self.aside = Trunk(features.n_mels, aside.width, aside.dim) if aside else None
        self.family = nn.Linear(dim, N_FAMILIES)
        self.projection = nn.Sequential(nn.Linear(dim, 128), nn.GELU(), nn.Linear(128, _PROJECTION))
        picture = len(_PICTURE) * (features.n_mels // _GROUP)
        self.other = nn.Sequential(
            nn.Linear(dim + 3, 256), nn.GELU(), nn.Linear(256, 256), nn.GELU(), nn.Linear(256, picture)
        )

    def forward(self, grid: Tensor, heard: Tensor, whole: bool = True) -> Tensor:
        """The code; with `whole` False what is learned of it alone, the direction last, before the map."""
        parts = [self.learned(grid, heard)]
        if self.aside is not None:
            parts.append(nn.functional.normalize(self.aside.learned(grid, heard).float(), dim=1))
        if whole:
            parts += self.measured(grid, heard)
        told = torch.cat(parts, dim=1)
        return told @ self.metric if whole and self.metric is not None else told

    def measured(self, grid: Tensor, heard: Tensor) -> list[Tensor]:
        """What of the code, before the map, is not learned: cepstra (batch, n) and `course` (batch, COURSE), if any."""
        if not self.cepstra and not self.course:
            return []
        whole = carried_on(grid, heard, self.features)
        cepstra = [self.cepstra * timed_cepstra(whole)] if self.cepstra else []
        return cepstra + ([course(whole, self.features)] if self.course else [])

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


def timed_cepstra(grid: Tensor) -> Tensor:
    """Cepstra (batch, n) of grids (batch, n_points, n_mels) at seven times from the onset on, 30 of each, in dB.

    The first is the level, so that attack and decay are among them; the others count a little more the finer the shape that they
    tell of. Times count by a root of how many points they hold, and by a fourth root of how long these are.
    """
    edges, n_mels = point_edges(grid.shape[1]), grid.shape[2]
    angle = math.pi / n_mels * (torch.arange(n_mels) + 0.5)
    order = torch.arange(CEPSTRA)
    cosines = torch.cos(order[:, None] * angle) * math.sqrt(2 / n_mels) * order.clamp_min(1)[:, None] ** _FINER
    cosines[0] /= math.sqrt(2)
    spectra = grid @ cosines.T
    lengths = torch.from_numpy(edges[1:] - edges[:-1]).float()
    shares = (lengths / lengths.sum()) ** _BY_LENGTH
    parts = [
        shares[first:after].sum().sqrt() * spectra[:, first:after].mean(1)
        for first, after in pairwise(_TIMES)
        if after <= len(lengths)
    ]
    return torch.cat(parts, dim=1)


def cepstra_size(features: LogMelSettings) -> int:
    """How many numbers `timed_cepstra` has of a note's grid."""
    length = round((features.seconds or 4.0) * features.sample_rate)
    points = len(grid_edges(1 + length // features.hop_length)) - 1
    return CEPSTRA * sum(after <= points for after in _TIMES[1:])
