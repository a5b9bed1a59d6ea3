"""How two notes are compared: one distance for the map, for neighbours, for Find similar, and for listening tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.recipes.schema import DistanceName

DISTANCES: tuple[str, ...] = get_args(DistanceName)

CODE = "code"
"""The column of a map that holds its notes' timbre codes (dim,)."""

TIMBRE_CODE = "timbre-code"
"""The checkpoint whose network makes codes."""

Coordinates = Callable[[np.ndarray], np.ndarray]
"""Note means (n, latent_dim) or one (latent_dim,) -> their places, in which the distance is Euclid's."""

_LEAST = 1e-3  # of the mean variance: a dimension that hardly varies does not become the loudest
_MOST_NOTES = 20_000


def coordinates(name: str, means: np.ndarray | None = None) -> Coordinates:
    """The places in which a distance of DISTANCES is Euclid's.

    euclidean: of the note means as they are. standardised: each dimension in units of its deviation. whitened: in units of
    the covariance (Mahalanobis). cosine: the angle between means, as the chord between directions. timbre is not of means but
    of timbre codes (see `timbre_core.learned_code`): latents without a code count as they are.

    `means` (n, latent_dim), those of the notes that deviations are taken from; without any (or with fewer than two) dimensions
    count as they are. Raises TimbreError for another name.
    """
    check_distance(name)
    if name == "cosine":
        return _directions
    if name in ("euclidean", "timbre") or means is None or len(means) < 2:
        return lambda z: np.asarray(z, dtype=np.float32)
    scale = _scale(name, np.asarray(means[:: 1 + len(means) // _MOST_NOTES], dtype=np.float64))
    return lambda z: (np.asarray(z, dtype=np.float64) @ scale).astype(np.float32)


def check_distance(name: str) -> str:
    """The name itself. Raises TimbreError for one that no distance has."""
    if name not in DISTANCES:
        raise TimbreError(f"no distance {name!r}: choose from {', '.join(DISTANCES)}.")
    return name


def away(places: np.ndarray, place: np.ndarray) -> np.ndarray:
    """How far each of the places (n, dim) is from one (dim,): (n,). Raises TimbreError for a place of another space."""
    place = np.asarray(place, dtype=np.float32)
    if place.shape != places.shape[1:]:
        raise TimbreError(
            f"a place of {place.size} numbers is not one of this map, whose notes have {places.shape[1]}: its timbre codes "
            "are of another network. Make the map again with `python -m timbre_core project`."
        )
    return np.asarray(np.linalg.norm(places - place, axis=1))


def nearest(distances: np.ndarray, k: int) -> np.ndarray:
    """Where the k smallest of distances (n,) are, the smallest first; of equal ones the first first."""
    if k >= len(distances):
        return np.argsort(distances, kind="stable")
    found = np.flatnonzero(distances <= np.partition(distances, k - 1)[k - 1]) if k > 0 else np.arange(0)
    return found[np.argsort(distances[found], kind="stable")][:k]


def _directions(z: np.ndarray) -> np.ndarray:
    z = np.asarray(z, dtype=np.float32)
    return z / np.maximum(np.linalg.norm(z, axis=-1, keepdims=True), 1e-12)


def _scale(name: str, means: np.ndarray) -> np.ndarray:
    """What means are multiplied with (latent_dim, latent_dim)."""
    covariance = np.atleast_2d(np.cov(means, rowvar=False))
    size = len(covariance)
    if name == "standardised":
        covariance = np.diag(np.diag(covariance))
    floor = _LEAST * np.trace(covariance) / size + 1e-12
    return np.linalg.inv(np.linalg.cholesky(covariance + floor * np.eye(size))).T
