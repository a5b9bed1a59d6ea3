"""FactorVAE's discriminator, and the total correlation that it estimates."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field

from timbre_core.models.network import Network, torch
from timbre_core.parts import Part

BETAS = (0.5, 0.9)
"""Adam's momenta that the paper trains the discriminator with."""


class TotalCorrelation(Part):
    """FactorVAE's term: how much latent dimensions depend on each other, by a discriminator that tells latents from
    others whose dimensions were shuffled."""

    weight: Annotated[float, Field(ge=0, description="gamma; 0 measures alone")] = 10.0
    layers: Annotated[int, Field(ge=1, le=16, description="of the discriminator")] = 6
    units: Annotated[int, Field(ge=1, le=8192)] = 1000
    learning_rate: Annotated[float, Field(gt=0, le=10, description="of the discriminator")] = 1e-4

    def build(self, latent_dim: int) -> Discriminator:
        """A fresh discriminator of latents (latent_dim,)."""
        return Discriminator(self, latent_dim)


class Discriminator(Network):
    """Is a latent as the encoder makes them (positive), or are its dimensions of different windows (negative)?

    Its logit estimates log q(z) / prod_j q(z_j), whose mean over q(z) is the total correlation (Kim & Mnih, "Disentangling
    by Factorising", 2018).
    """

    def __init__(self, settings: TotalCorrelation, latent_dim: int) -> None:
        super().__init__()
        widths = [latent_dim] + [settings.units] * (settings.layers - 1)
        layers: list[torch.nn.Module] = []
        for before, after in pairwise(widths):
            layers += [torch.nn.Linear(before, after), torch.nn.LeakyReLU(0.2)]
        self.layers = torch.nn.Sequential(*layers, torch.nn.Linear(widths[-1], 1))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """(batch, latent_dim) -> logits (batch,)."""
        return self.layers(z).squeeze(-1)


def total_correlation(discriminator: torch.nn.Module, z: torch.Tensor) -> torch.Tensor:
    """Estimated total correlation in nats of latents (batch, latent_dim); its gradient reaches `z` alone."""
    fixed = {name: value.detach() for name, value in discriminator.named_parameters()}
    return torch.func.functional_call(discriminator, fixed, (z,)).mean()


def discriminator_loss(discriminator: torch.nn.Module, z: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """Cross entropy in nats (log 2 for a guess); its gradient reaches the discriminator alone.

    order: (batch, latent_dim) int64, where each dimension's value of a shuffled latent comes from in the batch.
    """
    z = z.detach()
    true, shuffled = discriminator(torch.cat([z, z.gather(0, order)])).chunk(2)
    return 0.5 * (torch.nn.functional.softplus(-true) + torch.nn.functional.softplus(shuffled)).mean()
