"""FactorVAE's discriminator, and the total correlation that it estimates."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre_core.recipes import schema

BETAS = (0.5, 0.9)
"""Adam's momenta that the paper trains the discriminator with."""


class Discriminator(nn.Module):
    """Is a latent as the encoder makes them (positive), or are its dimensions of different windows (negative)?

    Its logit estimates log q(z) / prod_j q(z_j), whose mean over q(z) is the total correlation (Kim & Mnih, "Disentangling
    by Factorising", 2018).
    """

    def __init__(self, settings: schema.TotalCorrelation, latent_dim: int) -> None:
        super().__init__()
        widths = [latent_dim] + [settings.units] * (settings.layers - 1)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, z: Tensor) -> Tensor:
        """(batch, latent_dim) -> logits (batch,)."""
        return self.layers(z).squeeze(-1)


def total_correlation(discriminator: nn.Module, z: Tensor) -> Tensor:
    """Estimated total correlation in nats of latents (batch, latent_dim); its gradient reaches `z` alone."""
    fixed = {name: value.detach() for name, value in discriminator.named_parameters()}
    return torch.func.functional_call(discriminator, fixed, (z,)).mean()


def discriminator_loss(discriminator: nn.Module, z: Tensor, order: Tensor) -> Tensor:
    """Cross entropy in nats (log 2 for a guess); its gradient reaches the discriminator alone.

    order: (batch, latent_dim) int64, where each dimension's value of a shuffled latent comes from in the batch.
    """
    z = z.detach()
    true, shuffled = discriminator(torch.cat([z, z.gather(0, order)])).chunk(2)
    return 0.5 * (F.softplus(-true) + F.softplus(shuffled)).mean()
