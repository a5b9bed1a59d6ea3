"""Where new notes lie on a map that is there already: nothing is fitted again, and the map's own notes stay where they are.

A note is placed amid the map's notes that the model finds most alike, the nearer the more (by the fourth power of the distance);
`benchmarks/placing.py` compares this with a network fitted to the map and with UMAP's own `transform`. Principal components
are a linear map of what the map was made of, and met exactly: of timbre codes where the recipe's distance is theirs, else of
mean latents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from timbre_core.analysis.distances import CODE, TIMBRE_CODE, Coordinates, coordinates
from timbre_core.analysis.projections import COLUMNS
from timbre_core.checkpoint import Checkpoint, companion
from timbre_core.errors import TimbreError
from timbre_core.maps import weights_mark

NEIGHBOURS = 5
_AT_ONCE = 2048  # new notes that are compared with the map's at once: some 40 MB


@dataclass(frozen=True)
class Placer:
    """A map that notes are placed on. columns: of its coordinates; mark: changes with the map.

    coded_by: what tells the network whose timbre codes notes are placed by from others, empty where that is by mean latents.
    name: of its checkpoint, for messages.
    """

    columns: list[str]
    mark: str
    coded_by: str
    name: str
    _points: np.ndarray
    _means: np.ndarray
    _places: np.ndarray
    _scaled: Coordinates
    _neighbours: int = NEIGHBOURS

    @classmethod
    def of(cls, checkpoint: Checkpoint, codes: bool = True) -> Placer:
        """For a checkpoint's map. codes: False to place by mean latents whatever the recipe's distance. Raises TimbreError
        where there is no map."""
        latents = checkpoint.latents
        if latents is None or latents.empty:
            raise TimbreError(
                f"{checkpoint.path} has no map to place notes on: make it with `python -m timbre_core project "
                f"{checkpoint.path}`."
            )
        columns = [name for names in COLUMNS.values() for name in names if name in latents]
        coded_by = code_mark(checkpoint) if codes and CODE in latents else ""
        means = np.stack(latents["mu"].tolist()).astype(np.float32)
        points = np.stack(latents[CODE].tolist()).astype(np.float32) if coded_by else means
        places = latents[columns].to_numpy(np.float32)
        mark = cls.mark_of(columns, points, places)
        compared = coordinates(checkpoint.recipe.distance, points)
        return cls(columns, mark, coded_by, checkpoint.name, points, means, places, compared)

    @staticmethod
    def mark_of(columns: Sequence[str], points: np.ndarray, places: np.ndarray) -> str:
        """The mark of a map: what its notes are placed by, and their places, the columns of which have these names."""
        return hashlib.sha256(points.tobytes() + places.tobytes() + ",".join(columns).encode()).hexdigest()[:16]

    @classmethod
    def on(cls, means: np.ndarray, places: np.ndarray, neighbours: int = NEIGHBOURS) -> Placer:
        """For any points (m, latent_dim) with places (m, n): amid so many neighbours."""
        columns = [f"{axis}" for axis in range(places.shape[1])]
        return cls(columns, "", "", "", means, means, places, coordinates("euclidean"), neighbours)

    def place(self, points: np.ndarray) -> np.ndarray:
        """Mean latents, or timbre codes where there is `coded_by`, (n, dim) -> coordinates (n, len(columns)) float32.

        Raises TimbreError for codes of another size than the map's.
        """
        points = np.asarray(points, dtype=np.float32)
        placed = np.empty((len(points), len(self.columns)), dtype=np.float32)
        for first in range(0, len(points), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            placed[part] = self._amid(points[part], self._places)
        linear = [place for place, name in enumerate(self.columns) if name.startswith("pca_")]
        if linear and len(self._points) > self._points.shape[1]:
            placed[:, linear] = np.column_stack([points, np.ones(len(points))]) @ self._axes(linear)
        return placed

    @cached_property
    def _known(self) -> np.ndarray:
        return self._scaled(self._points)

    def latents(self, points: np.ndarray) -> np.ndarray:
        """Timbre codes (n, dim) -> mean latents (n, latent_dim) amid those of the map's notes that are most alike: a guess."""
        return self._amid(np.asarray(points, dtype=np.float32), self._means)

    def _amid(self, points: np.ndarray, of: np.ndarray) -> np.ndarray:
        if points.shape[1] != self._points.shape[1]:
            raise TimbreError(
                f"the timbre codes on the map of {self.name} are of another network than {TIMBRE_CODE}: make the map again with "
                f"`python -m timbre_core project {self.name}`."
            )
        near, squares = nearest_rows(self._known, self._scaled(points), min(self._neighbours, len(self._known)))
        weights = 1 / (squares + 1e-9 + 1e-3 * squares[:, -1:]) ** 2
        weights /= weights.sum(axis=1, keepdims=True)
        return np.einsum("nk,nkc->nc", weights, of[near])

    def _axes(self, linear: list[int]) -> np.ndarray:
        table = np.column_stack([self._points.astype(np.float64), np.ones(len(self._points))])
        return np.linalg.lstsq(table, self._places[:, linear].astype(np.float64))[0]


def code_mark(checkpoint: Checkpoint) -> str:
    """What tells the network that makes a checkpoint's timbre codes from others; empty where its distance is not theirs, or
    there is no such network."""
    if checkpoint.recipe.distance != "timbre":
        return ""
    try:
        return weights_mark(companion(TIMBRE_CODE, checkpoint.path.parent))
    except TimbreError:
        return ""


def is_coded_otherwise(checkpoint: Checkpoint, columns: Mapping[str, Any]) -> bool:
    """Whether what was read for a map has no timbre codes of the network that its notes are placed by now: such a library is
    placed by mean latents until it is updated. columns: of an `OwnLibrary`."""
    coded_by = code_mark(checkpoint)
    return bool(coded_by and columns) and columns.get("coded_by") != coded_by


def nearest_rows(points: np.ndarray, asked: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of points (m, dim) nearest to each of `asked` (n, dim), nearest first, and the squares of their distances."""
    squares = (asked**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)[None] - 2 * asked @ points.T
    near = np.argpartition(squares, k - 1, axis=1)[:, :k] if k < len(points) else np.tile(np.arange(k), (len(asked), 1))
    found = np.take_along_axis(squares, near, axis=1)
    order = np.argsort(found, axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1), np.maximum(np.take_along_axis(found, order, axis=1), 0)
