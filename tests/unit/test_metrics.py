"""Metrics of constructed data, whose value is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.tones import LATENTS, small_recipe
from timbre_core.analysis.coding import Coder
from timbre_core.analysis.metrics import LatentStatistics, ReconstructionErrors, explained_variance, fold_octaves
from timbre_core.recipes.networks import build_model


def test_kl_against_torch_distributions() -> None:
    rng = np.random.default_rng(0)
    mu, logvar = rng.normal(size=(50, LATENTS)), rng.normal(size=(50, LATENTS)) - 1
    coder = Coder(build_model(small_recipe()), torch.device("cpu"), small_recipe())
    statistics = LatentStatistics(LATENTS)
    for part in (slice(0, 7), slice(7, 50)):
        statistics.add(mu[part], coder.kl(mu[part], logvar[part]))
    q = torch.distributions.Normal(torch.from_numpy(mu), torch.from_numpy(np.exp(0.5 * logvar)))
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).mean(dim=0).numpy()
    np.testing.assert_allclose(statistics.kl_per_dim, expected, rtol=1e-5)


def test_active_units_of_constructed_data() -> None:
    rng = np.random.default_rng(0)
    deviations = np.sqrt([1.0, 0.02, 0.005, 0.0])
    mu = rng.normal(size=(5000, 4)) * deviations + 1000.0  # an offset must not cost precision
    statistics = LatentStatistics(4)
    for part in np.array_split(mu, 37):
        statistics.add(part, np.zeros_like(part))
    np.testing.assert_allclose(statistics.mu_variance, mu.var(axis=0), rtol=1e-6, atol=1e-9)
    assert statistics.active_units == 2


def test_reconstruction_errors_average_over_notes() -> None:
    errors = ReconstructionErrors()
    errors.add(60.0, l1=0.1, mse=0.01)
    errors.add(60.2, l1=0.3, mse=0.03)
    errors.add(math.nan, l1=0.5, mse=0.05)
    summary = errors.summary()
    assert summary["l1"] == pytest.approx(0.3)
    assert summary["by_pitch"] == {"60": {"mse": pytest.approx(0.02), "l1": pytest.approx(0.2), "notes": 2}}


def test_fold_octaves() -> None:
    cents = np.array([0.0, 1200.0, -1210.0, 2390.0, 500.0, math.nan])
    np.testing.assert_allclose(fold_octaves(cents), [0, 0, -10, -10, 500, math.nan])


def test_explained_variance_is_that_of_the_axes() -> None:
    """Points on orthogonal axes, turned: their variances are known."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    axes = np.repeat(np.eye(4), 2, axis=0) * np.array([[1, -1] * 4]).T * np.array([4.0, 2.0, 2.0, 1.0])
    np.testing.assert_allclose(explained_variance(axes @ turn + 7), np.array([16, 20, 24, 25]) / 25, atol=1e-9)
    assert not explained_variance(np.ones((5, 3))).any()
