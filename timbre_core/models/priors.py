"""Priors over the latent space. Registered in PRIORS."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from timbre_core.recipes import schema

_DRAWS = 16  # per posterior, where a Monte-Carlo KL is not given its latents


class StandardNormalPrior(nn.Module):
    """p(z) = N(0, I)."""

    def __init__(self, settings: schema.StandardNormalPrior, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim

    def kl(self, mu: Tensor, logvar: Tensor, z: Tensor | None = None) -> Tensor:
        """KL(N(mu, exp(logvar)) || N(0, 1)) of every dimension, in nats; the shape of `mu`. Exact, whatever `z` is.

        Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), appendix B.
        """
        return 0.5 * (mu.square() + logvar.exp() - 1.0 - logvar)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """(count, latent_dim) draws on the CPU."""
        return torch.randn(count, self.latent_dim, generator=generator)


class MixturePrior(nn.Module):
    """p(z) = sum over k of w_k N(m_k, diag(v_k)): weights, means and variances are parameters, trained with the model."""

    def __init__(self, settings: schema.MixturePrior, latent_dim: int) -> None:
        super().__init__()
        # Apart from each other, or all components would learn the same.
        self.means = nn.Parameter(torch.randn(settings.components, latent_dim))
        self.logvars = nn.Parameter(torch.zeros(settings.components, latent_dim))
        self.logits = nn.Parameter(torch.zeros(settings.components))

    def kl(self, mu: Tensor, logvar: Tensor, z: Tensor | None = None) -> Tensor:
        """A Monte-Carlo estimate of KL(N(mu, exp(logvar)) || p), in nats, of the shape of `mu` (batch, latent_dim).

        Args:
            z: the posterior's draws that it is estimated from (batch, latent_dim); none takes the mean over a few draws of
                its own, the same ones for the same shape.

        A mixture's KL has no closed form (Hershey and Olsen, "Approximating the Kullback Leibler divergence between Gaussian
        mixture models", 2007). Unbiased: the KL to the component k that is likeliest at mu is exact, and
        log(p(z) / N_k(z)) is what the draws estimate. So it is exact where all components coincide, and nearly so where
        they are far apart. p(z) is a product of p(z_d | z_1 ... z_{d-1}), which gives each dimension its part: the parts
        add up to the KL.
        """
        if z is not None:
            return self._kl(mu, logvar, z)
        generator = torch.Generator().manual_seed(0)
        deviation = (0.5 * logvar).exp()
        draws = (torch.randn(mu.shape, generator=generator).to(mu) for _ in range(_DRAWS))
        return torch.stack([self._kl(mu, logvar, mu + deviation * noise) for noise in draws]).mean(dim=0)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """(count, latent_dim) draws on the CPU."""
        with torch.no_grad():
            weights, means, deviations = (
                values.float().cpu() for values in (self.logits.softmax(dim=0), self.means, (0.5 * self.logvars).exp())
            )
            chosen = torch.multinomial(weights, count, replacement=True, generator=generator)
            return means[chosen] + deviations[chosen] * torch.randn(count, means.shape[1], generator=generator)

    def _kl(self, mu: Tensor, logvar: Tensor, z: Tensor) -> Tensor:
        log_weights = self.logits.log_softmax(dim=0)
        nearest = (self._log_components(mu).sum(dim=-1) + log_weights).argmax(dim=-1)
        to_nearest = _gaussian_kl(mu, logvar, self.means[nearest], self.logvars[nearest])
        each = self._log_components(z)
        upto = (each.cumsum(dim=-1) + log_weights[:, None]).logsumexp(dim=1)
        mixture = torch.diff(upto, dim=-1, prepend=torch.zeros_like(upto[:, :1]))
        return to_nearest - (mixture - each[torch.arange(len(z), device=z.device), nearest])

    def _log_components(self, z: Tensor) -> Tensor:
        """log N(z_d; m_kd, v_kd) of every component and dimension: (batch, components, latent_dim)."""
        squares = (z[:, None] - self.means).square() * torch.exp(-self.logvars)
        return -0.5 * (squares + self.logvars + math.log(2 * math.pi))


def _gaussian_kl(mu: Tensor, logvar: Tensor, mean: Tensor, prior_logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(mean, exp(prior_logvar))), element by element."""
    squares = ((mu - mean).square() + logvar.exp()) * torch.exp(-prior_logvar)
    return 0.5 * (squares - 1.0 - logvar + prior_logvar)


PRIORS: dict[str, Callable[..., nn.Module]] = {"standard_normal": StandardNormalPrior, "mixture": MixturePrior}
