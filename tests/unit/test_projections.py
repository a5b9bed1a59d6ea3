"""Maps: shapes, determinism, neighbourhoods kept, and data that leaves a method nothing to work on."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.analysis import projections
from timbre_core.analysis.projections import COLUMNS, METHODS, project
from timbre_core.errors import TimbreError


def blobs(n: int = 240, dimensions: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three well separated clusters (n, dimensions) and the label of each point."""
    rng = np.random.default_rng(seed)
    centres = np.zeros((3, dimensions))
    centres[[0, 1, 2], [0, 1, 2]] = 12.0
    label = rng.integers(0, 3, n)
    return (centres[label] + rng.normal(size=(n, dimensions))).astype(np.float32), label


def purity(coordinates: np.ndarray, label: np.ndarray) -> float:
    """Share of points whose nearest neighbour on the map has their label."""
    distance = np.linalg.norm(coordinates[:, None] - coordinates[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    return float((label[distance.argmin(axis=1)] == label).mean())


def test_pca_is_the_singular_value_decomposition() -> None:
    rng = np.random.default_rng(0)
    mu = (rng.normal(size=(200, 8)) * np.arange(8, 0, -1) + 5).astype(np.float32)
    coordinates = project(mu, ["pca"], progress=False).to_numpy()
    _, singular, axes = np.linalg.svd(mu - mu.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.linalg.norm(coordinates, axis=0), singular[:3], rtol=1e-4)
    expected = (mu - mu.mean(axis=0)) @ axes[:3].T
    for got, want in zip(coordinates.T, expected.T, strict=True):
        assert np.allclose(got, want, atol=1e-3) or np.allclose(got, -want, atol=1e-3)


def test_pca_sign_hangs_on_the_data_not_on_its_order() -> None:
    mu, _ = blobs()
    order = np.random.default_rng(1).permutation(len(mu))
    straight = project(mu, ["pca"], progress=False).to_numpy()
    shuffled = project(mu[order], ["pca"], progress=False).to_numpy()
    np.testing.assert_allclose(shuffled, straight[order], atol=1e-3)


def test_every_method_keeps_clusters_and_repeats_itself() -> None:
    mu, label = blobs()
    first = project(mu, METHODS, seed=3, progress=False)
    assert list(first.columns) == [column for method in METHODS for column in COLUMNS[method]]
    assert len(first) == len(mu)
    assert (first.dtypes == np.float32).all()
    assert np.isfinite(first.to_numpy()).all()
    for columns in (
        ["umap_1", "umap_2"],
        ["umap3_1", "umap3_2", "umap3_3"],
        ["tsne_1", "tsne_2"],
        ["pacmap_1", "pacmap_2"],
    ):
        assert purity(first[columns].to_numpy(), label) > 0.98, columns
    again = project(mu, METHODS, seed=3, progress=False)
    np.testing.assert_array_equal(again.to_numpy(), first.to_numpy())


def test_large_data_takes_the_approximate_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Approximate neighbours, PCA initialisation, all threads, and t-SNE of a part: as for hundreds of thousands."""
    monkeypatch.setattr(projections, "MOST_SEEDED", 50)
    monkeypatch.setattr(projections, "MOST_TSNE", 120)
    monkeypatch.setattr(projections, "_MOST_EXACT_NEIGHBORS", 50)
    mu, label = blobs(400)
    coordinates = project(mu, ["umap", "tsne"], progress=False)
    assert np.isfinite(coordinates.to_numpy()).all()
    for columns in (["umap_1", "umap_2"], ["tsne_1", "tsne_2"]):
        assert purity(coordinates[columns].to_numpy(), label) > 0.98, columns


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 6, 8, 25])
def test_few_notes(n: int) -> None:
    mu, _ = blobs(n) if n else (np.zeros((0, 16), np.float32), None)
    coordinates = project(mu, METHODS, progress=False)
    assert coordinates.shape == (n, 12)
    assert np.isfinite(coordinates.to_numpy()).all()
    if 2 <= n <= 5:
        assert np.ptp(coordinates["umap_1"]) > 0, "notes in different places must not fall on one point"


@pytest.mark.parametrize("n", [3, 40])
def test_notes_in_one_place(n: int) -> None:
    coordinates = project(np.full((n, 4), 0.5, np.float32), METHODS, progress=False)
    assert np.isfinite(coordinates.to_numpy()).all()


def test_many_duplicates() -> None:
    mu, _ = blobs(60)
    coordinates = project(np.repeat(mu[:12], 30, axis=0), METHODS, progress=False)
    assert np.isfinite(coordinates.to_numpy()).all()


@pytest.mark.parametrize("dimensions", [1, 2])
def test_fewer_dimensions_than_the_map(dimensions: int) -> None:
    mu = np.random.default_rng(0).normal(size=(50, dimensions)).astype(np.float32)
    coordinates = project(mu, ["pca", "umap"], progress=False)
    assert np.isfinite(coordinates.to_numpy()).all()
    assert (coordinates["pca_3"] == 0).all()


def test_wrong_input() -> None:
    with pytest.raises(TimbreError, match="no projection 'mds'"):
        project(np.zeros((5, 2)), ["mds"], progress=False)
    with pytest.raises(TimbreError, match="finite"):
        project(np.full((5, 2), np.nan), ["pca"], progress=False)
    with pytest.raises(TimbreError, match="finite"):
        project(np.zeros(5), ["pca"], progress=False)


def test_many_dimensions_need_no_table_of_their_pairs() -> None:
    few = np.random.default_rng(0).normal(size=(12, 20_000)).astype(np.float32)
    few[:6] += 5
    coordinates = project(few, ["pca"], progress=False)
    assert list(coordinates) == COLUMNS["pca"]
    expected = few - few.mean(axis=0)
    distances = np.linalg.norm(expected @ np.linalg.svd(expected, full_matrices=False)[2][:3].T, axis=1)
    np.testing.assert_allclose(np.linalg.norm(coordinates, axis=1), distances, rtol=1e-3)
