"""The optimiser of a training: a model's parameters; those of its prior, and a discriminator's, at rates of their own."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from timbre_core.models.discriminator import BETAS
from timbre_core.models.vae import VAE
from timbre_core.recipes.schema import Recipe


def new_optimizer(recipe: Recipe, model: nn.Module, discriminator: nn.Module | None = None) -> torch.optim.Optimizer:
    """Adam or AdamW as the recipe says; `set_rate` changes its rate."""
    settings, wanted = recipe.training, recipe.objective.total_correlation
    groups: list[dict[str, Any]] = [{"params": list(model.parameters()), "relative_rate": 1.0}]
    if settings.prior_rate != 1 and isinstance(model, VAE):
        # Adam's steps are as long as the rate, and a prior's means have further to go than a network's weights.
        own = [*model.prior.parameters(), *model.likelihood.parameters()]
        rest = [parameter for parameter in model.parameters() if all(parameter is not other for other in own)]
        groups = [{"params": rest, "relative_rate": 1.0}, {"params": own, "relative_rate": settings.prior_rate}]
    if discriminator is not None and wanted is not None:
        rate = wanted.learning_rate / settings.learning_rate
        parameters = list(discriminator.parameters())
        groups.append({"params": parameters, "relative_rate": rate, "betas": BETAS, "weight_decay": 0.0})
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Train on at this rate; a discriminator's stays in proportion to it."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["relative_rate"]
