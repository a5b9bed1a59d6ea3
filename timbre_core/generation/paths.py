"""Paths through a latent space: between notes, and at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from timbre_core.errors import TimbreError

_PARALLEL = 1e-4  # radians: directions nearer to each other, or to opposite ones, have no great circle of their own


def linear(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Points (n, latent_dim) at `share` (n,), 0 to 1, of the straight line from `a` to `b` (latent_dim,)."""
    return a + share[:, None] * (b - a)


def spherical(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Points (n, latent_dim) at `share` (n,), 0 to 1, of the arc from `a` to `b` (latent_dim,) around the origin.

    The direction turns at constant speed along the great circle (Shoemake, "Animating rotation with quaternion curves",
    SIGGRAPH 1985); the distance to the origin changes linearly. A straight line between two draws from a normal prior passes
    nearer to the origin than nearly all draws lie; an arc does not. Where one end is the origin, or they lie in one
    direction or in opposite ones, the path is the straight line.
    """
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if min(lengths) == 0:
        return linear(a, b, share)
    start, end = a / lengths[0], b / lengths[1]
    angle = float(np.arccos(np.clip(start @ end, -1, 1)))
    if not _PARALLEL < angle < np.pi - _PARALLEL:
        return linear(a, b, share)
    share = share[:, None]
    direction = (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)
    return direction * (lengths[0] + share * (lengths[1] - lengths[0]))


PATHS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "spherical": spherical,
    "linear": linear,
}


def check_path(kind: str) -> None:
    """Raises TimbreError for a path that is none of PATHS."""
    if kind not in PATHS:
        raise TimbreError(f"no path {kind[:80]!r}: choose {' or '.join(PATHS)}.")


def along_path(points: np.ndarray, places: np.ndarray, kind: str = "spherical") -> np.ndarray:
    """Points (n, latent_dim) float32 at `places` (n,) of the path through `points` (m, latent_dim), m >= 1.

    Place 0 is the first point, 1 the second, and so on up to m - 1. Raises TimbreError for an unknown kind.
    """
    check_path(kind)
    found = np.repeat(points[:1], len(places), axis=0).astype(np.float32)
    for segment in range(len(points) - 1):
        last = segment == len(points) - 2
        here = (places >= segment) & (last | (places < segment + 1))
        share = np.clip(places[here] - segment, 0, 1)
        found[here] = PATHS[kind](points[segment], points[segment + 1], share)
    return found


def random_walk(
    start: np.ndarray, count: int, step: float, centre: np.ndarray, spread: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A walk (count, latent_dim) float32 with small random steps, the first point `start` (latent_dim,).

    Each step draws from a normal distribution whose deviation is `step` (0 to 1) times `spread` (latent_dim,), and falls back
    toward `centre` (latent_dim,) by as much as keeps the walk where notes are: its points have the deviation `spread` in the
    long run, however long it goes on (an autoregressive process of order 1). Without that it would leave the space.
    """
    kept = np.sqrt(1 - step**2)
    noise = step * spread * rng.standard_normal((count, len(start)))
    walk = np.empty((count, len(start)))
    here = start - centre
    for i in range(count):
        walk[i] = here
        here = kept * here + noise[i]
    return (walk + centre).astype(np.float32)
