"""Figures that describe a model on a set of notes, gathered note by note: nothing here grows with the data."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ACTIVE_VARIANCE = 0.01
"""A latent dimension is active when the variance of its mean over the data is above this (Burda et al. 2016)."""


@dataclass
class LatentStatistics:
    """KL per dimension, and the variance of mu, over all windows.

    The variance is gathered with Chan's update, so that one pass over the data loses no precision.
    """

    latent_dim: int
    windows: int = 0
    _kl: np.ndarray = field(init=False)
    _mean: np.ndarray = field(init=False)
    _squares: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._kl, self._mean, self._squares = (np.zeros(self.latent_dim) for _ in range(3))

    def add(self, mu: np.ndarray, kl: np.ndarray) -> None:
        """Windows' mu and KL to the prior in nats, each (n_windows, latent_dim)."""
        mu = np.asarray(mu, dtype=np.float64)
        count, total = len(mu), self.windows + len(mu)
        mean = mu.mean(axis=0)
        shift = mean - self._mean
        self._squares += ((mu - mean) ** 2).sum(axis=0) + shift**2 * self.windows * count / total
        self._mean += shift * count / total
        self._kl += np.asarray(kl, dtype=np.float64).sum(axis=0)
        self.windows = total

    @property
    def kl_per_dim(self) -> np.ndarray:
        """Mean over windows of each dimension's KL, nats (latent_dim,)."""
        return self._kl / max(self.windows, 1)

    @property
    def mu_variance(self) -> np.ndarray:
        """Variance over windows of each dimension's mean (latent_dim,)."""
        return self._squares / max(self.windows, 1)

    @property
    def active_units(self) -> int:
        """Dimensions that carry something: variance of mu above 0.01 (Burda et al., "Importance Weighted Autoencoders", 2016)."""
        return int((self.mu_variance > ACTIVE_VARIANCE).sum())


@dataclass
class ReconstructionErrors:
    """Means over notes of the errors of decoded windows and notes; each note counts once, however long it is."""

    notes: int = 0
    _sums: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _by_pitch: dict[int, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0, 0.0]))

    def add(self, pitch: float, **errors: float) -> None:
        """One note: its MIDI pitch (NaN unknown) and its errors by name, `l1` and `mse` among them."""
        self.notes += 1
        for name, value in errors.items():
            self._sums[name] += float(value)
        if not math.isnan(pitch):
            entry = self._by_pitch[round(pitch)]
            for position, value in enumerate((errors["mse"], errors["l1"], 1.0)):
                entry[position] += float(value)

    def summary(self) -> dict[str, Any]:
        """Each error's mean over notes, and mse and l1 `by_pitch` (a MIDI pitch as text)."""
        means: dict[str, Any] = {name: total / self.notes for name, total in self._sums.items()}
        means["by_pitch"] = {
            str(pitch): {"mse": mse / count, "l1": l1 / count, "notes": int(count)}
            for pitch, (mse, l1, count) in sorted(self._by_pitch.items())
        }
        return means


def explained_variance(points: np.ndarray) -> np.ndarray:
    """Share of the variance of points (n, dim) that their first 1, 2, ... principal components explain: (dim,), up to 1.

    Zeros where all points are the same.
    """
    centred = np.asarray(points, dtype=np.float64) - np.mean(points, axis=0, dtype=np.float64)
    variances = np.clip(np.linalg.eigvalsh(centred.T @ centred)[::-1], 0, None)
    total = variances.sum()
    return np.cumsum(variances) / total if total > 0 else np.zeros(len(variances))


def fold_octaves(cents: np.ndarray) -> np.ndarray:
    """Pitch errors in cents with whole octaves taken out: within [-600, 600]."""
    return cents - 1200.0 * np.round(cents / 1200.0)
