"""The training objective: reconstruction + beta x free-bits KL, and its two schedules."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from timbre_core.models.vae import VAE, Forward
from timbre_core.recipes.schema import ObjectiveSettings, Recipe, TrainingSettings


class Loss(NamedTuple):
    """Scalars of one batch; KL figures are nats per latent dimension."""

    total: Tensor
    recon: Tensor
    kl_raw: Tensor
    kl_fb: Tensor


def loss(recipe: Recipe, model: VAE, output: Forward, frames: Tensor, beta: float) -> Loss:
    """total = weight * recon + beta * kl_fb, `weight` being the likelihood's.

    kl_raw averages KL(q(z|x) || p(z)) over batch and dimensions. kl_fb clamps each dimension's batch mean from below at
    `free_bits` before averaging over dimensions, so a dimension is not pushed below that (Kingma et al., "Improved
    Variational Inference with Inverse Autoregressive Flow", 2016, appendix C8). A model without sampling has no KL. With
    `nats`, kl_fb is how far the KL of all dimensions is from that, over their number.
    """
    recon = model.likelihood(output.decoded, frames)
    weighted = recipe.model.likelihood.weight * recon
    if not recipe.model.sampling:
        zero = recon.new_zeros(())
        return Loss(weighted, recon, zero, zero)
    per_dimension = model.prior.kl(output.mu, output.logvar, output.z).mean(dim=0)
    kl_raw = kl_fb = per_dimension.mean()
    if recipe.objective.free_bits > 0:  # an estimate can be below 0, so 0 is no bound to hold it to
        kl_fb = per_dimension.clamp_min(recipe.objective.free_bits).mean()
    if recipe.objective.nats is not None:
        # Burgess et al., "Understanding disentangling in beta-VAE" (2018): a rate is aimed at, from above and below.
        kl_fb = (per_dimension.sum() - recipe.objective.nats).abs() / len(per_dimension)
    return Loss(weighted + beta * kl_fb, recon, kl_raw, kl_fb)


def beta_at(objective: ObjectiveSettings, step: int) -> float:
    """Weight of the KL at an optimiser step counted from 0: linear from 0 to `beta` over `warmup_steps`."""
    if objective.warmup_steps == 0:
        return objective.beta
    return objective.beta * min(1.0, step / objective.warmup_steps)


def learning_rate_at(training: TrainingSettings, step: int, steps: int, reductions: int = 0) -> float:
    """Learning rate at a step of `steps`: constant, half a cosine from the full rate down to 1 % of it, or, for "plateau",
    reduced as often as the training has stood still so far."""
    if training.schedule == "constant":
        return training.learning_rate
    if training.schedule == "plateau":
        return training.learning_rate * training.plateau_factor**reductions
    progress = min(1.0, step / max(1, steps))
    return training.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * progress)))
