"""Where a learned prior and a learned scale begin: at the notes as the model then encodes and decodes them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import torch
from torch import nn

from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.models.likelihoods.gaussian import Gaussian
from timbre_core.models.priors.mixture import MixturePrior
from timbre_core.models.vae import VAE
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import BatchSource
from timbre_core.training.distributed import Team

_WINDOWS = 20_000  # as many as tell where hundreds of components lie


@torch.no_grad()
def fit_to_notes(recipe: Recipe, model: nn.Module, averaged: nn.Module | None, store: FeatureStore, team: Team) -> None:
    """Fit a mixture prior to the posteriors of training windows, a Gaussian likelihood's scale to their errors, and give
    the averaged model the same.

    Every process does it for itself with the same windows, so that all have the same. Raises TimbreError when there are fewer
    windows than components.
    """
    assert isinstance(model, VAE)
    source = BatchSource(store, "train", recipe, replace(team, rank=0, size=1), None)
    model.eval()
    posteriors, errors = [], []
    for batch in islice(source.epoch(0), -(-_WINDOWS // recipe.training.batch_size)):
        output = model(batch.frames, batch.conditions)
        posteriors.append((output.mu, output.logvar))
        errors.append((output.decoded - batch.frames).square().mean())
    if isinstance(model.prior, MixturePrior):
        mu, logvar = (torch.cat(parts) for parts in zip(*posteriors, strict=True))
        model.prior.fit(mu, logvar, recipe.training.seed)
    if isinstance(model.likelihood, Gaussian):
        model.likelihood.log_scale.copy_(0.5 * torch.stack(errors).mean().log())
    if isinstance(averaged, VAE):
        averaged.prior.load_state_dict(model.prior.state_dict())
        averaged.likelihood.load_state_dict(model.likelihood.state_dict())
