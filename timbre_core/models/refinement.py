"""Latents improved after encoding: a few steps toward what the decoder explains the frames best with.

An encoder answers for all notes at once and errs most on instruments that it never heard; the decoder can say how to mend that
(Cremer, Li & Duvenaud, "Inference suboptimality in variational autoencoders", 2018; Kim et al., "Semi-amortized variational
autoencoders", 2018).
"""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.models.vae import VAE, Conditions

_RATE = 0.1  # of Adam, in units of the prior's deviation
_DECAYS = (0.9, 0.99)
_PRICE = 0.01  # of a nat of the prior, beside the weighted reconstruction term


def refined(model: VAE, frames: Tensor, mu: Tensor, conditions: Conditions, steps: int) -> Tensor:
    """Latents (batch, latent_dim) from `mu` after `steps` of Adam on the reconstruction of frames (batch, n_bins, T), with some
    of the KL. The model is left as it is; notes do not influence each other."""
    with torch.inference_mode(False), torch.enable_grad():
        frames, z = frames.clone(), mu.clone().requires_grad_(True)
        told = {name: value.clone() for name, value in conditions.items()}
        weight = len(frames) * model.weight  # the likelihood is a mean over the batch
        held = torch.empty_like(frames)
        first, second = torch.zeros_like(mu), torch.zeros_like(mu)
        for step in range(1, steps + 1):
            decoded = model.likelihood.frames(model.decoded(z, told))
            heard = decoded.detach()
            torch.clamp_min(heard, -1.0, out=held)
            pull = model.likelihood.gradient(held, frames).masked_fill_(heard < -1.0, 0).mul_(weight)
            # A scalar's gradient: of a tensor's, autograd imports sympy, which takes half a second and 20 MB.
            (gradient,) = torch.autograd.grad((decoded * pull).sum(), z)
            with torch.no_grad():
                gradient = gradient + _PRICE * z
                first = torch.lerp(gradient, first, _DECAYS[0])
                second = torch.lerp(gradient.square(), second, _DECAYS[1])
                corrected = [part / (1 - decay**step) for part, decay in zip((first, second), _DECAYS, strict=True)]
                z -= _RATE * corrected[0] / (corrected[1].sqrt() + 1e-12)
        return z.detach()
