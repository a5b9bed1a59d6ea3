"""What one process trains: a model, its averaged weights, its optimiser, and how far they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from timbre_core.models.vae import VAE
from timbre_core.models.weights import load_weights
from timbre_core.recipes.networks import build_discriminator, build_network
from timbre_core.recipes.schema import Recipe
from timbre_core.training.distributed import Team, uses_channels_last
from timbre_core.training.optimizer import new_optimizer
from timbre_core.training.state import Progress

# Parts without which a model can start from another one's weights, such as a VAE with a mixture prior from one without.
_LEARNED_AFRESH = ("prior", "likelihood")


@dataclass
class Training:
    """What one process trains: the model and all that changes with it."""

    recipe: Recipe
    team: Team
    model: nn.Module
    parallel: nn.Module
    averaged: AveragedModel | None
    optimizer: torch.optim.Optimizer
    progress: Progress = field(default_factory=Progress)
    through: VAE | None = None
    discriminator: nn.Module | None = None

    @property
    def measured(self) -> nn.Module:
        """The model that is validated and kept: averaged weights where the recipe asks for them."""
        return self.averaged.module if self.averaged is not None else self.model


def new_training(recipe: Recipe, team: Team, start: Path | None = None) -> Training:
    """Model, averaged model and optimiser of a recipe at their start (with the weights of `start`), without data."""
    settings = recipe.training
    torch.manual_seed(settings.seed)
    model = build_network(recipe).to(team.device)
    if start is not None:
        load_weights(start, model, but=_LEARNED_AFRESH)
    if uses_channels_last(settings, team.device):
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = AveragedModel(model, multi_avg_fn=_average(settings.ema), use_buffers=True) if settings.ema else None
    discriminator = build_discriminator(recipe)
    discriminator = discriminator.to(team.device) if discriminator is not None else None
    optimizer = new_optimizer(recipe, model, discriminator)
    parallel: nn.Module = model
    if team.size > 1:
        parallel = DistributedDataParallel(model, device_ids=[team.device] if team.device.type == "cuda" else None)
    return Training(recipe, team, model, parallel, averaged, optimizer, discriminator=discriminator)


def _average(decay: float) -> Any:
    """Exponential moving average whose window grows with the run, so that early epochs are not held to the start."""

    @torch.no_grad()
    def update(averages: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        rate = min(decay, (1 + int(count)) / (10 + int(count)))
        smooth = [place for place, average in enumerate(averages) if average.is_floating_point()]
        if smooth:
            torch._foreach_lerp_([averages[place] for place in smooth], [current[place] for place in smooth], 1 - rate)
        for place in set(range(len(averages))) - set(smooth):  # counters of batch normalisation
            averages[place].copy_(current[place])

    return update
