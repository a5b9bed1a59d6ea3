"""The mixture prior: its KL against the closed form and against sampling, and what it draws."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

from timbre_core.models.priors.mixture import MixturePrior, MixturePriorSettings


def mixture(components: int, latent_dim: int) -> MixturePrior:
    torch.manual_seed(2)
    return MixturePrior(MixturePriorSettings(components=components), latent_dim)


def test_mixture_kl_is_the_closed_form_when_its_components_coincide() -> None:
    prior = mixture(5, 8)
    with torch.no_grad():
        prior.means[:] = prior.means[0]
        prior.logvars[:] = torch.randn(8)
        prior.logits.copy_(torch.randn(5))
    mu, logvar = torch.randn(16, 8) * 2, torch.randn(16, 8)
    component = Normal(prior.means[0], (0.5 * prior.logvars[0]).exp())
    expected = kl_divergence(Normal(mu, (0.5 * logvar).exp()), component)
    torch.testing.assert_close(prior.kl(mu, logvar, torch.randn(16, 8)), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(prior.kl(mu, logvar), expected, rtol=1e-4, atol=1e-4)


def test_mixture_kl_agrees_with_sampling() -> None:
    """Components that overlap: the estimate's mean is that of log q(z) - log p(z), which torch.distributions knows."""
    prior = mixture(4, 3)
    mu, logvar = torch.randn(1, 3), torch.randn(1, 3) * 0.5
    posterior = Normal(mu, (0.5 * logvar).exp())
    z = posterior.sample((200_000,))[:, 0]
    components = Independent(Normal(prior.means, (0.5 * prior.logvars).exp()), 1)
    target = MixtureSameFamily(Categorical(logits=prior.logits), components)
    expected = (posterior.log_prob(z).sum(dim=-1) - target.log_prob(z)).mean()
    estimate = prior.kl(mu.expand(len(z), 3), logvar.expand(len(z), 3), z).sum(dim=-1)
    assert estimate.mean().item() == pytest.approx(expected.item(), abs=0.01)
    assert prior.kl(mu, logvar).sum().item() == pytest.approx(expected.item(), abs=4 * estimate.std().item() / 4)


def test_mixture_draws_from_its_components() -> None:
    prior = mixture(2, 3)
    with torch.no_grad():
        prior.means.copy_(torch.tensor([[-50.0] * 3, [50.0] * 3]))
        prior.logits.copy_(torch.tensor([0.0, math.log(3.0)]))
    drawn = prior.sample(4000, torch.Generator().manual_seed(0))
    upper = drawn[:, 0] > 0
    assert upper.float().mean().item() == pytest.approx(0.75, abs=0.03)
    torch.testing.assert_close(drawn[upper].mean(dim=0), torch.full((3,), 50.0), rtol=0, atol=0.1)
