"""Disentanglement: the measures' known answers."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.analysis.disentanglement import _one_to_one, aggregate_correlation, dci, mutual_information_gap


@pytest.fixture(scope="module")
def factors() -> np.ndarray:
    """All combinations of three factors of 6, 5 and 4 levels, four times."""
    return np.tile(
        np.stack(np.meshgrid(np.arange(6), np.arange(5), np.arange(4), indexing="ij"), -1).reshape(-1, 3), (8, 1)
    )


def turned(factors: np.ndarray) -> np.ndarray:
    """The same three factors, each dimension an even mixture of all."""
    mixture = np.array([[0.62, -0.56, 0.55], [0.55, 0.82, 0.13], [0.56, -0.13, -0.82]])
    return ((factors - factors.mean(0)) / factors.std(0)) @ mixture


def test_a_dimension_for_each_factor_is_disentangled(factors: np.ndarray) -> None:
    latents = np.column_stack([factors[:, [2, 0, 1]] * [1.0, -2.0, 5.0], np.zeros(len(factors))])
    assert mutual_information_gap(latents, factors) == pytest.approx(1)
    found = dci(latents, factors)
    assert min(found) > 0.98


def test_the_same_factor_in_two_dimensions_has_no_gap(factors: np.ndarray) -> None:
    twice = np.column_stack([factors, factors]).astype(float)
    assert mutual_information_gap(twice, factors) == pytest.approx(0, abs=1e-9)


def test_mixed_factors_are_informative_and_not_disentangled(factors: np.ndarray) -> None:
    mixed, apart = turned(factors), factors.astype(float)
    found = dci(mixed, factors)
    assert found.informativeness > 0.85
    assert found.disentanglement < 0.5 < dci(apart, factors).disentanglement
    assert mutual_information_gap(mixed, factors) < 0.3


def test_noise_tells_nothing(factors: np.ndarray) -> None:
    noise = np.random.default_rng(0).standard_normal((len(factors), 4))
    assert mutual_information_gap(noise, factors) < 0.03
    assert dci(noise, factors).informativeness < 0.05


def test_a_factor_with_one_level_counts_for_nothing(factors: np.ndarray) -> None:
    with_one = np.column_stack([factors, np.zeros(len(factors), dtype=int)])
    assert mutual_information_gap(factors.astype(float), with_one) == pytest.approx(1)
    with pytest.raises(ValueError, match="two levels"):
        mutual_information_gap(factors.astype(float), with_one[:, 3:])


@pytest.mark.parametrize(
    ("importance", "wanted"),
    [
        ([[1, 0], [0, 1]], (1, 1)),
        ([[1, 1], [1, 1]], (0, 0)),
        ([[1, 0], [1, 0]], (0, 1)),  # one dimension tells both factors
        ([[1, 1, 0, 0], [0, 0, 1, 1]], (1, 0.5)),  # two dimensions tell each of two factors
        ([[0, 0], [0, 0]], (0, 0)),
    ],
)
def test_dci_of_known_importances(importance: list[list[float]], wanted: tuple[float, float]) -> None:
    assert _one_to_one(np.array(importance, dtype=float)) == pytest.approx(wanted)


def test_total_correlation_of_a_gaussian_is_the_formula() -> None:
    """A mixture of many Gaussians whose means are a correlated Gaussian is nearly one whose correlation is known."""
    correlation, noise = 0.9, 0.5
    covariance = np.array([[1, correlation], [correlation, 1]])
    mu = np.random.default_rng(0).multivariate_normal([0, 0], covariance, 1500)
    logvar = np.full_like(mu, np.log(noise))
    rho = correlation / (1 + noise)
    found = aggregate_correlation(mu, logvar, most=600)
    assert found == pytest.approx(-0.5 * np.log(1 - rho**2), abs=0.06)


def test_factors_on_a_grid_have_no_total_correlation(factors: np.ndarray) -> None:
    latents = factors.astype(float)
    narrow = np.full_like(latents, -8.0)
    assert aggregate_correlation(latents, narrow) == pytest.approx(0, abs=1e-6)
    assert aggregate_correlation(turned(factors), narrow) > 1
    copied = np.column_stack([latents[:, 0], latents[:, 0]])
    assert aggregate_correlation(copied, narrow[:, :2]) == pytest.approx(np.log(6), abs=1e-6)
