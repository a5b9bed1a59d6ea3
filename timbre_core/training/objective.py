"""The training objective: reconstruction + beta x free-bits KL, and its two schedules."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from timbre_core.models.likelihoods import LIKELIHOODS
from timbre_core.models.vae import VAE, Forward
from timbre_core.recipes.schema import ObjectiveSettings, Recipe, TrainingSettings


class Loss(NamedTuple):
    """Scalars of one batch; KL figures are nats per latent dimension."""

    total: Tensor
    recon: Tensor
    kl_raw: Tensor
    kl_fb: Tensor


def loss(recipe: Recipe, model: VAE, output: Forward, frames: Tensor, beta: float) -> Loss:
    """total = recon + beta * kl_fb.

    kl_raw averages KL(q(z|x) || p(z)) over batch and dimensions. kl_fb clamps each dimension's batch mean from below at
    `free_bits` before averaging over dimensions, so a dimension is not pushed below that (Kingma et al., "Improved
    Variational Inference with Inverse Autoregressive Flow", 2016, appendix C8). A model without sampling has no KL.
    """
    recon = LIKELIHOODS[recipe.model.likelihood.kind](output.decoded, frames)
    if not recipe.model.sampling:
        zero = recon.new_zeros(())
        return Loss(recon, recon, zero, zero)
    per_dimension = model.prior.kl(output.mu, output.logvar).mean(dim=0)
    kl_fb = per_dimension.clamp_min(recipe.objective.free_bits).mean()
    return Loss(recon + beta * kl_fb, recon, per_dimension.mean(), kl_fb)


def beta_at(objective: ObjectiveSettings, step: int) -> float:
    """Weight of the KL at an optimiser step counted from 0: linear from 0 to `beta` over `warmup_steps`."""
    if objective.warmup_steps == 0:
        return objective.beta
    return objective.beta * min(1.0, step / objective.warmup_steps)


def learning_rate_at(training: TrainingSettings, step: int, steps: int) -> float:
    """Learning rate at a step of `steps`: constant, or half a cosine from the full rate down to 1 % of it."""
    if training.schedule == "constant":
        return training.learning_rate
    progress = min(1.0, step / max(1, steps))
    return training.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * progress)))
