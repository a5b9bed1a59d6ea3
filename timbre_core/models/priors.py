"""Priors over the latent space. Registered in PRIORS."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from timbre_core.recipes import schema


class StandardNormalPrior(nn.Module):
    """p(z) = N(0, I)."""

    def __init__(self, settings: schema.StandardNormalPrior, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim

    def kl(self, mu: Tensor, logvar: Tensor) -> Tensor:
        """KL(N(mu, exp(logvar)) || N(0, 1)) of every dimension, in nats; the shape of `mu`.

        Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), appendix B.
        """
        return 0.5 * (mu.square() + logvar.exp() - 1.0 - logvar)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """(count, latent_dim) draws on the CPU."""
        return torch.randn(count, self.latent_dim, generator=generator)


PRIORS: dict[str, Callable[..., nn.Module]] = {"standard_normal": StandardNormalPrior}
