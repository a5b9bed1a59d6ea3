"""Directions of a latent space to move along, the most telling first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LatentAxes:
    """Orthonormal directions through the mean of a map's notes.

    Attributes:
        centre: (latent_dim,) mean of the notes' mean latents.
        directions: (latent_dim, latent_dim), a row per axis.
        spread: (latent_dim,) standard deviation of the notes along each axis, > 0.
        weight: (latent_dim,) how much each does: KL in nats, or share of the variance.
    """

    centre: np.ndarray
    directions: np.ndarray
    spread: np.ndarray
    weight: np.ndarray


def dimension_axes(means: np.ndarray, kl_per_dim: Sequence[float] | None = None) -> LatentAxes:
    """The latent's own dimensions of notes' `means` (n_notes, latent_dim), by KL where it is known, else by variance."""
    variance = means.var(axis=0, dtype=np.float64)
    known = kl_per_dim is not None and len(kl_per_dim) == len(variance) and np.isfinite(kl_per_dim).all()
    weight = np.asarray(kl_per_dim if known else variance / max(float(variance.sum()), 1e-12), dtype=np.float64)
    order = np.argsort(-weight, kind="stable")
    return LatentAxes(means.mean(axis=0), np.eye(len(variance))[order], _spread(variance[order]), weight[order])


def principal_axes(means: np.ndarray) -> LatentAxes:
    """The principal components of notes' `means` (n_notes, latent_dim), by variance.

    Each points to where its largest coefficient is positive, so that the same notes give the same signs.
    """
    centred = means - means.mean(axis=0, dtype=np.float64)
    variance, vectors = np.linalg.eigh(centred.T @ centred / max(len(means), 1))
    variance, vectors = np.maximum(variance[::-1], 0), vectors[:, ::-1].T
    largest = vectors[np.arange(len(vectors)), np.abs(vectors).argmax(axis=1)]
    share = variance / max(float(variance.sum()), 1e-12)
    return LatentAxes(means.mean(axis=0), vectors * np.sign(largest)[:, None], _spread(variance), share)


def _spread(variance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(variance, 1e-6))
