"""Total correlation: the discriminator's estimate against known answers, and whose gradients are whose."""

from __future__ import annotations

import math

import pytest
import torch

from timbre_core.errors import TimbreError
from timbre_core.models.discriminator import Discriminator, TotalCorrelation, discriminator_loss, total_correlation
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.training.distributed import Team
from timbre_core.training.draws import Draws

SETTINGS = TotalCorrelation(layers=3, units=64)
ALONE = Team(torch.device("cpu"))


def latents(correlation: float, count: int) -> torch.Tensor:
    """Pairs of standard normal numbers that depend on each other."""
    first, second = torch.randn(2, count)
    return torch.stack([first, correlation * first + math.sqrt(1 - correlation**2) * second], dim=1)


@pytest.mark.parametrize(("correlation", "low", "high"), [(0.0, -0.06, 0.06), (0.9, 0.72, 0.94), (1.0, 2.0, math.inf)])
def test_estimate_of_independent_correlated_and_copied_latents(correlation: float, low: float, high: float) -> None:
    """Two normal numbers of correlation r have -log(1 - r^2) / 2 nats: 0, 0.83, and no bound when one copies the other."""
    torch.manual_seed(0)
    discriminator = Discriminator(SETTINGS, 2)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-3)
    training = load_recipe("nsynth-vae", ["training.batch_size=1024"]).training
    for step in range(300):
        optimizer.zero_grad()
        loss = discriminator_loss(
            discriminator, latents(correlation, 1024), Draws(training, ALONE, step, 1024).orders(2)
        )
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        estimate = float(total_correlation(discriminator, latents(correlation, 20_000)))
    assert low < estimate < high


def test_each_term_moves_its_own_network() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(SETTINGS, 4)
    z = torch.randn(16, 4, requires_grad=True)
    total_correlation(discriminator, z).backward()
    assert z.grad is not None
    assert z.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in discriminator.parameters())
    z.grad = None
    discriminator_loss(discriminator, z, torch.stack([torch.randperm(16) for _ in range(4)], dim=1)).backward()
    assert z.grad is None
    assert all(parameter.grad is not None for parameter in discriminator.parameters())


def test_orders_are_permutations_that_differ_between_dimensions() -> None:
    training = load_recipe("nsynth-vae", ["training.batch_size=64"]).training
    draws = Draws(training, ALONE, 5, 64)
    orders = draws.orders(3)
    assert torch.equal(orders.sort(dim=0).values, torch.arange(64)[:, None].expand(-1, 3))
    assert not torch.equal(orders[:, 0], orders[:, 1])
    assert torch.equal(orders, Draws(training, ALONE, 5, 64).orders(3))
    assert not torch.equal(orders, Draws(training, ALONE, 6, 64).orders(3))
    assert not torch.equal(orders, draws.uniform(3).argsort(dim=0))


def test_mistakes_in_the_setting_are_named() -> None:
    with pytest.raises(TimbreError, match=r"objective\.total_correlation\.wieght'?: did you mean 'weight'"):
        load_recipe("nsynth-vae", ["objective.total_correlation={wieght: 3}"])
