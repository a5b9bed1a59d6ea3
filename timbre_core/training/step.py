"""What a training step knows beside its batch."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from timbre_core.models.vae import VAE
from timbre_core.recipes.schema import Recipe
from timbre_core.training.draws import Draws


@dataclass(frozen=True)
class Step:
    """One step's surroundings. network: the one whose parts the loss looks at; through: a trained space that blurs inputs;
    discriminator: of latents, where the objective has one."""

    recipe: Recipe
    network: nn.Module
    draws: Draws
    beta: float
    through: VAE | None = None
    discriminator: nn.Module | None = None
