"""Where new notes lie on a map that is there already: nothing is fitted again, and the map's own notes stay where they are.

A note is placed amid the map's notes that the model finds most alike, the nearer the more (by the fourth power of the distance);
`benchmarks/placing.py` compares this with a network fitted to the map and with UMAP's own `transform`. Principal components
are a linear map of the latents, and met exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from timbre_core.analysis.distances import Coordinates, coordinates
from timbre_core.analysis.projections import COLUMNS
from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError

NEIGHBOURS = 5
_AT_ONCE = 2048  # new notes that are compared with the map's at once: some 40 MB


@dataclass(frozen=True)
class Placer:
    """A map that notes are placed on. columns: of its coordinates; mark: changes with the map."""

    columns: list[str]
    mark: str
    _means: np.ndarray
    _places: np.ndarray
    _scaled: Coordinates
    _neighbours: int = NEIGHBOURS

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Placer:
        """For a checkpoint's map. Raises TimbreError where it has none."""
        latents = checkpoint.latents
        if latents is None or latents.empty:
            raise TimbreError(
                f"{checkpoint.path} has no map to place notes on: make it with `python -m timbre_core project "
                f"{checkpoint.path}`."
            )
        columns = [name for names in COLUMNS.values() for name in names if name in latents]
        means = np.stack(latents["mu"].tolist()).astype(np.float32)
        places = latents[columns].to_numpy(np.float32)
        return cls(
            columns, cls.mark_of(columns, means, places), means, places, coordinates(checkpoint.recipe.distance, means)
        )

    @staticmethod
    def mark_of(columns: Sequence[str], means: np.ndarray, places: np.ndarray) -> str:
        """The mark of a map: its notes' mean latents and places, the columns of which have these names."""
        return hashlib.sha256(means.tobytes() + places.tobytes() + ",".join(columns).encode()).hexdigest()[:16]

    @classmethod
    def on(cls, means: np.ndarray, places: np.ndarray, neighbours: int = NEIGHBOURS) -> Placer:
        """For any points (m, latent_dim) with places (m, n): amid so many neighbours."""
        columns = [f"{axis}" for axis in range(places.shape[1])]
        return cls(columns, "", means, places, coordinates("euclidean"), neighbours)

    def place(self, mu: np.ndarray) -> np.ndarray:
        """Mean latents (n, latent_dim) -> coordinates (n, len(columns)) float32."""
        mu = np.asarray(mu, dtype=np.float32)
        placed = np.empty((len(mu), len(self.columns)), dtype=np.float32)
        for first in range(0, len(mu), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            placed[part] = self._amid(self._scaled(mu[part]))
        linear = [place for place, name in enumerate(self.columns) if name.startswith("pca_")]
        if linear and len(self._means) > self._means.shape[1]:
            placed[:, linear] = np.column_stack([mu, np.ones(len(mu))]) @ self._axes(linear)
        return placed

    @cached_property
    def _points(self) -> np.ndarray:
        return self._scaled(self._means)

    def _amid(self, points: np.ndarray) -> np.ndarray:
        near, squares = nearest_rows(self._points, points, min(self._neighbours, len(self._points)))
        weights = 1 / (squares + 1e-9 + 1e-3 * squares[:, -1:]) ** 2
        weights /= weights.sum(axis=1, keepdims=True)
        return np.einsum("nk,nkc->nc", weights, self._places[near])

    def _axes(self, linear: list[int]) -> np.ndarray:
        table = np.column_stack([self._means.astype(np.float64), np.ones(len(self._means))])
        return np.linalg.lstsq(table, self._places[:, linear].astype(np.float64))[0]


def nearest_rows(points: np.ndarray, asked: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of points (m, dim) nearest to each of `asked` (n, dim), nearest first, and the squares of their distances."""
    squares = (asked**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)[None] - 2 * asked @ points.T
    near = np.argpartition(squares, k - 1, axis=1)[:, :k] if k < len(points) else np.tile(np.arange(k), (len(asked), 1))
    found = np.take_along_axis(squares, near, axis=1)
    order = np.argsort(found, axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1), np.maximum(np.take_along_axis(found, order, axis=1), 0)
