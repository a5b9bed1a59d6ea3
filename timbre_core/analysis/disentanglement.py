"""How well latent dimensions and known factors of the data answer each other: MIG, DCI, and the total correlation.

The definitions of the papers; the library that collected them, disentanglement_lib, is no longer kept and needs TensorFlow 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_BINS = 20  # as Locatello et al., "Challenging Common Assumptions" (2019), discretise a latent
_TREES = 40
_AT_ONCE = 64  # latents whose densities are computed together


def mutual_information_gap(mu: np.ndarray, factors: np.ndarray) -> float:
    """MIG (Chen et al., "Isolating Sources of Disentanglement", 2018), 0 to 1.

    mu: (n, latent_dim) mean latents. factors: (n, n_factors) integer levels. For each factor, the mutual information of the
    dimension that tells most of it less that of the next one, over the factor's entropy; the mean of these. A dimension is
    divided into 20 bins of equal width. A factor with a single level counts for nothing. Raises ValueError where none has two.
    """
    information = np.array([[_information(_binned(z), levels) for z in mu.T] for levels in factors.T])
    entropy = np.array([_entropy(np.bincount(levels)) for levels in factors.T])
    known = entropy > 0
    if not known.any():
        raise ValueError("no factor has two levels")
    ordered = np.sort(np.pad(information[known], ((0, 0), (1, 0))), axis=1)
    return float(((ordered[:, -1] - ordered[:, -2]) / entropy[known]).mean())


class Dci(NamedTuple):
    """disentanglement: a dimension is important for one factor alone; completeness: a factor is told by one dimension alone;
    informativeness: R2 with which factors are predicted from other notes' latents. All 1 at best."""

    disentanglement: float
    completeness: float
    informativeness: float


def dci(mu: np.ndarray, factors: np.ndarray, seed: int = 0) -> Dci:
    """DCI (Eastwood & Williams, "A Framework for the Quantitative Evaluation of Disentangled Representations", 2018).

    mu: (n, latent_dim). factors: (n, n_factors) numbers. Importances are those of random forests, as in the paper, fitted to
    three quarters of the notes; informativeness is measured on the others. Dimensions count by their share of all
    importance.
    """
    from sklearn.ensemble import RandomForestRegressor

    order = np.random.default_rng(seed).permutation(len(mu))
    test, train = np.split(order, [len(order) // 4])
    importance, told = [], []
    for levels in factors.T.astype(np.float64):
        forest = RandomForestRegressor(_TREES, min_samples_leaf=2, random_state=seed)
        forest.fit(mu[train], levels[train])
        importance.append(forest.feature_importances_)
        told.append(forest.score(mu[test], levels[test]))
    return Dci(*_one_to_one(np.array(importance)), float(np.mean(told)))


def _one_to_one(importance: np.ndarray) -> tuple[float, float]:
    """Disentanglement and completeness of importances (n_factors, latent_dim), which are >= 0."""
    total = importance.sum()
    if total == 0:
        return 0.0, 0.0
    by_dimension = 1 - _spread(importance.T)
    return float(by_dimension @ importance.sum(axis=0) / total), float((1 - _spread(importance)).mean())


def _spread(shares: np.ndarray) -> np.ndarray:
    """Entropy of each row over that of an even one; 1 for a row of zeros."""
    sums = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, sums, out=np.full_like(shares, 1 / shares.shape[1]), where=sums > 0)
    return -(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1) / np.log(max(shares.shape[1], 2))


def aggregate_correlation(mu: np.ndarray, logvar: np.ndarray, seed: int = 0, most: int = 2048) -> float:
    """Total correlation in nats of the aggregated posterior of a whole, finite set: KL(q(z) || prod_j q(z_j)).

    mu, logvar: (n, latent_dim) of all windows there are. q(z) is the mixture of their n Gaussians, which is known exactly, so
    only the mean over `most` latents drawn from it is an estimate. (Chen et al., 2018, estimate the densities too, from a
    batch.) For a sample of a larger world it is too high: n posteriors that do not overlap depend on each other.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(mu))[:most]
    z = mu[drawn] + np.exp(0.5 * logvar[drawn]) * rng.standard_normal((len(drawn), mu.shape[1]))
    precision, constant = np.exp(-logvar), -0.5 * (logvar + np.log(2 * np.pi))
    found = 0.0
    for first in range(0, len(z), _AT_ONCE):
        density = constant - 0.5 * (z[first : first + _AT_ONCE, None] - mu) ** 2 * precision  # (some, n, latent_dim)
        together = _log_mean(density.sum(axis=2))
        found += float((together - _log_mean(density).sum(axis=1)).sum())
    return found / len(z)


def _log_mean(values: np.ndarray) -> np.ndarray:
    """Log of the mean of exponentials along axis 1."""
    top = values.max(axis=1, keepdims=True)
    return np.squeeze(top, 1) + np.log(np.exp(values - top).mean(axis=1))


def _binned(z: np.ndarray) -> np.ndarray:
    edges = np.histogram_bin_edges(z, _BINS)
    return np.digitize(z, edges[1:-1])


def _information(one: np.ndarray, other: np.ndarray) -> float:
    """Mutual information in nats of two arrays of small whole numbers."""
    together = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(together, (one, other), 1)
    return _entropy(together.sum(axis=1)) + _entropy(together.sum(axis=0)) - _entropy(together.ravel())


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
