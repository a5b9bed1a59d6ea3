"""A linear map in which notes of one instrument are near and instruments are as far apart as their means say."""

from __future__ import annotations

import numpy as np


def discriminant(points: np.ndarray, label: np.ndarray, dim: int, shrinkage: float = 0.05) -> np.ndarray:
    """A map (n, dim), or as many as there are labels, for points (n_points, n): `points @ map` has the spread within a label
    evened out, and the directions left that the labels' means differ most in.

    Linear discriminant analysis (Fisher, "The use of multiple measurements in taxonomic problems", 1936) with the covariance
    within labels, each label counting the same, drawn by `shrinkage`, 0 to 1, towards one that is alike in all directions
    (Ledoit & Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", 2004), so that what hardly varies
    does not count without bounds.
    """
    points = np.asarray(points, dtype=np.float64)
    _, place, count = np.unique(label, return_inverse=True, return_counts=True)
    means = np.zeros((len(count), points.shape[1]))
    np.add.at(means, place, points)
    means /= count[:, None]
    within = (points - means[place]) / np.sqrt(count)[place][:, None]
    covariance = within.T @ within
    size = len(covariance)
    covariance *= size / np.trace(covariance)
    values, vectors = np.linalg.eigh((1 - shrinkage) * covariance + shrinkage * np.eye(size))
    evened = (vectors / np.sqrt(values)) @ vectors.T
    apart = (means - means.mean(axis=0)) @ evened
    return np.asarray(evened @ np.linalg.svd(apart, full_matrices=False)[2][:dim].T)


def without(
    points: np.ndarray, value: np.ndarray, label: np.ndarray, directions: int, ridge: float = 0.1
) -> np.ndarray:
    """A map (n, n - directions) that leaves out, one after the other, the directions that a number is best read from linearly
    within a label.

    points (n_points, n), value (n_points,); what labels differ by stays, and each counts the same. Lengths in what is left stay
    as they are. Iterative null-space projection (Ravfogel et al., "Null it out", 2020), with ridge regression on points of unit
    deviation.
    """
    points, value = np.asarray(points, dtype=np.float64), np.asarray(value, dtype=np.float64)
    _, place, count = np.unique(label, return_inverse=True, return_counts=True)
    weight = (1 / np.sqrt(count))[place][:, None]
    means = np.zeros((len(count), points.shape[1]))
    np.add.at(means, place, points)
    centred = points - (means / count[:, None])[place]
    wanted = (value - (np.bincount(place, value) / count)[place])[:, None]
    deviation = centred.std(axis=0)
    left = np.eye(points.shape[1])
    for _ in range(directions):
        seen = weight * (centred @ left @ left.T) / deviation
        told = np.linalg.solve(seen.T @ seen + ridge * len(count) * np.eye(len(deviation)), seen.T @ (weight * wanted))
        direction = left.T @ (told[:, 0] / deviation)
        # What is orthogonal to it, of what is left: all but the first column of a reflection that has it as its first.
        basis = np.linalg.qr(np.column_stack([direction, np.eye(len(direction))]))[0]
        left = left @ basis[:, 1:]
    return left
