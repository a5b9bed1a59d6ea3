"""Frames of a window to the points of a note's grid (see `features.note_grid`) and back, and what parts of whole notes share."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from timbre_core.features.note_grid import frames_of, grid_edges

_LEFT_OVER = 4


def window_edges(n_frames: int) -> np.ndarray:
    """First frames of the points of a window of `n_frames` frames, and its end: (n_points + 1,).

    Few frames that are left over belong to the last point, more are one of their own.
    """
    edges = np.unique(np.minimum(grid_edges(n_frames), n_frames))
    if n_frames - edges[-1] < _LEFT_OVER:
        edges = edges[:-1]
    return np.append(edges, n_frames)


def to_points(n_frames: int) -> Tensor:
    """Weights (n_points, n_frames) that make points of frames: each is the mean of its own."""
    edges = window_edges(n_frames)
    frames = np.arange(n_frames)
    inside = (frames >= edges[:-1, None]) & (frames < edges[1:, None])
    return torch.from_numpy(inside / inside.sum(axis=1, keepdims=True)).float()


def to_frames(n_frames: int) -> Tensor:
    """Weights (n_frames, n_points) that make frames of points: straight lines between the points' middles."""
    edges = window_edges(n_frames)
    if len(edges) < 3:
        return torch.ones(n_frames, 1)
    return frames_of(torch.eye(len(edges) - 1), edges, n_frames)


def cosines(size: int, count: int) -> Tensor:
    """The first `count` (at most `size`) cosines of the orthonormal DCT-II over `size` places, (size, count)."""
    place, number = torch.arange(size) + 0.5, torch.arange(min(count, size))
    shapes = torch.cos(math.pi / size * place[:, None] * number) * math.sqrt(2 / size)
    shapes[:, 0] /= math.sqrt(2)
    return shapes


class Residual(nn.Module):
    """x + W gelu(V norm(x)), of (batch, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        nn.init.zeros_(self.outer.weight)

    def forward(self, hidden: Tensor) -> Tensor:
        change: Tensor = self.outer(nn.functional.gelu(self.inner(self.norm(hidden))))
        return hidden + change
