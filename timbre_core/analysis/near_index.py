"""The nearest of very many points without looking at each: faiss' inverted lists, and exact distances of what they find."""

from __future__ import annotations

import math
import threading
from functools import cached_property
from typing import Any

import numpy as np

MANY = 150_000
"""From how many points on an index is worth its making: some seconds for a million."""
_LOOKED_AT = 24  # lists of an index, of about the square root of the points: 97 in 100 of the nearest are found
_TRAINED_ON = 40  # points a list
_SPARE = 4  # times as many are found as are wanted, and their distances taken exactly


class NearIndex:
    """The nearest rows of points (n, dim) float32 by Euclid's distance. Exact until an index is made, which begins at once and
    waits for nobody; thread-safe.

    Jegou, Douze & Schmid, "Product quantization for nearest neighbor search" (IEEE PAMI 33, 2011), of which it takes the
    inverted lists; their vectors are kept in 16 bits.
    """

    def __init__(self, points: np.ndarray) -> None:
        self._points = points
        self._index: Any = None
        self._making = threading.Thread(target=self._make, name="near-index", daemon=True)
        self._making.start()

    def ready(self, seconds: float | None = None) -> bool:
        """Whether the index is made; waits for it so long (None: until it is)."""
        self._making.join(seconds)
        return self._index is not None

    def nearest(self, place: np.ndarray, k: int) -> list[tuple[int, float]]:
        """Rows and distances of the k points nearest to a place (dim,), nearest first."""
        place = np.asarray(place, dtype=np.float32)
        if self._index is None:
            rows = np.argpartition(self._squares - 2 * (self._points @ place), min(_SPARE * k, len(self._points) - 1))
            rows = rows[: _SPARE * k]
        else:
            rows = self._index.search(place[None], _SPARE * k)[1][0]
            rows = rows[rows >= 0]
        distances = np.linalg.norm(self._points[rows] - place, axis=1)
        order = np.argsort(distances, kind="stable")[:k]
        return [(int(rows[at]), float(distances[at])) for at in order]

    @cached_property
    def _squares(self) -> np.ndarray:
        squares: np.ndarray = np.einsum("nd,nd->n", self._points, self._points)
        return squares

    def _make(self) -> None:
        try:
            import faiss
        except ImportError:
            return  # exact then, and slower
        count, dim = self._points.shape
        lists = max(1, round(math.sqrt(count)))
        coarse = faiss.IndexFlatL2(dim)
        index = faiss.IndexIVFScalarQuantizer(coarse, dim, lists, faiss.ScalarQuantizer.QT_fp16)
        rows = np.random.default_rng(0).choice(count, min(count, _TRAINED_ON * lists), replace=False)
        index.train(np.ascontiguousarray(self._points[np.sort(rows)]))
        for first in range(0, count, 65_536):  # in parts: other threads want the processor too
            index.add(np.ascontiguousarray(self._points[first : first + 65_536]))
        index.nprobe = min(lists, _LOOKED_AT)
        self._index = index
