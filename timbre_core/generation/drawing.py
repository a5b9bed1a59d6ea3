"""Timbres drawn from the prior or from a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

_WIDEST = 10  # times a family's deviation


def draw_mean(
    space: TimbreSpace, rng: np.random.Generator, family: str | None, like: str | None, spread: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """A mean latent (latent_dim,), and how the windows of the map note nearest to it depart from theirs, (n, latent_dim)."""
    if like is not None:
        return space.mean_of(like), space.departures_of(like)
    if family is None:
        mean = space.model.prior.sample(1, torch.Generator().manual_seed(int(rng.integers(2**31)))).numpy()[0]
        if not space.has_map:
            return mean, np.zeros_like(mean)[None]
        rows = np.arange(len(space.means))
    else:
        rows = space.rows_of_family(family)
        points = space.means[rows]
        mean = _draw_near(rng, points) if spread is None else _draw_around(rng, points, spread)
    nearest = rows[np.argmin(np.linalg.norm(space.means[rows] - mean, axis=1))]
    return mean, space.departures_of(str(space.map_notes["note_id"].iloc[int(nearest)]))


def _draw_near(rng: np.random.Generator, points: np.ndarray) -> np.ndarray:
    """A point between three random ones of `points` (n, latent_dim): inside the family's cloud, whatever its shape."""
    chosen = points[rng.choice(len(points), size=min(3, len(points)), replace=False)]
    return (rng.dirichlet(np.ones(len(chosen))) @ chosen).astype(np.float32)


def _draw_around(rng: np.random.Generator, points: np.ndarray, spread: float) -> np.ndarray:
    """A Gaussian draw around the mean of `points` (n, latent_dim), `spread` times as wide as they are in each dimension."""
    if not 0 <= spread <= _WIDEST:
        raise TimbreError(f"spread {spread:g}: choose between 0 and {_WIDEST}.")
    noise = rng.standard_normal(points.shape[1], dtype=np.float32)
    return points.mean(axis=0) + np.float32(spread) * points.std(axis=0) * noise
