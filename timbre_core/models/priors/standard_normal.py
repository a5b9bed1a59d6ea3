"""The standard normal prior."""

from __future__ import annotations

from typing import Literal

from timbre_core.models.contracts import Prior, PriorSettings
from timbre_core.models.network import torch


class StandardNormalPriorSettings(PriorSettings):
    """Nothing to choose."""

    kind: Literal["standard_normal"] = "standard_normal"

    def build(self, latent_dim: int) -> StandardNormalPrior:
        return StandardNormalPrior(latent_dim)


class StandardNormalPrior(Prior):
    """p(z) = N(0, I)."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim

    def kl(self, mu: torch.Tensor, logvar: torch.Tensor, z: torch.Tensor | None = None) -> torch.Tensor:
        """KL(N(mu, exp(logvar)) || N(0, 1)) of every dimension, in nats; the shape of `mu`. Exact, whatever `z` is.

        Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), appendix B.
        """
        return 0.5 * (mu.square() + logvar.exp() - 1.0 - logvar)

    def sample(self, count: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """(count, latent_dim) draws on the CPU."""
        return torch.randn(count, self.latent_dim, generator=generator)
