"""The one model: a variational autoencoder composed of the parts that a recipe names.

Without sampling it is a plain autoencoder; without conditions an unconditional VAE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from timbre_core.errors import TimbreError
from timbre_core.models.contracts import Decoder, Encoder, Likelihood, Prior
from timbre_core.models.settings import ModelSettings

Conditions = Mapping[str, Tensor]


class Forward(NamedTuple):
    """What a training step needs: mu, logvar and z (batch, latent_dim), and what the decoder makes of z (batch, n_bins, T):
    frames for most likelihoods, logits for bce."""

    decoded: Tensor
    mu: Tensor
    logvar: Tensor
    z: Tensor


class VAE(nn.Module):
    """Windows of frames to latents and back. `conditions` maps a label ("pitch") to a tensor (batch,); optional ones may lack."""

    def __init__(self, settings: ModelSettings, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.sampling = settings.sampling
        self.latent_dim = settings.latent_dim
        self.refinement, self.energies = settings.refinement, settings.refinement_energies
        self.weight = settings.likelihood.weight
        conditions = [part.build() for part in settings.conditions]
        self.conditions = nn.ModuleList(conditions)
        self._told = [(part.label, tuple(part.into), part.optional) for part in settings.conditions]
        self._widths = [part.out_features for part in conditions]
        self.encoder: Encoder = settings.encoder.build(n_bins + self._condition_width("input"), n_frames)
        encoded = self.encoder.out_features + self._condition_width("encoder")
        self.mu = nn.Linear(encoded, settings.latent_dim)
        self.logvar = nn.Linear(encoded, settings.latent_dim) if settings.sampling else None
        decoded = settings.latent_dim + self._condition_width("decoder")
        self.decoder: Decoder = settings.decoder.build(decoded, n_bins, n_frames)
        self.prior: Prior = settings.prior.build(settings.latent_dim)
        self.likelihood: Likelihood = settings.likelihood.build()

    def encode(self, frames: Tensor, conditions: Conditions) -> tuple[Tensor, Tensor]:
        """(batch, n_bins, T) -> mu and logvar, float32, each (batch, latent_dim). logvar is in [-12, 8].

        A plain autoencoder has no variance: its logvar is all zeros and means nothing.
        """
        seen = self._with_conditions("input", frames, conditions)
        features = self._with_conditions("encoder", self.encoder(seen), conditions)
        mu = self.mu(features).float()
        if self.logvar is None:
            return mu, torch.zeros_like(mu)
        return mu, self.logvar(features).float().clamp(-12.0, 8.0)

    def decode(self, z: Tensor, conditions: Conditions) -> Tensor:
        """(batch, latent_dim) -> (batch, n_bins, T), float32; held to [-1, 1] outside training."""
        frames = self.likelihood.frames(self.decoded(z, conditions))
        return frames if self.training else frames.clamp(-1.0, 1.0)

    def forward(
        self,
        frames: Tensor,
        conditions: Conditions,
        noise: Tensor | None = None,
        wanted: Conditions | None = None,
    ) -> Forward:
        """Encode, sample z = mu + sigma * noise (reparameterisation), decode.

        `noise` (batch, latent_dim) is standard normal; None, or a model without sampling, decodes mu. `wanted` are the
        conditions to decode with, where they are others than the frames' own.
        """
        mu, logvar = self.encode(frames, conditions)
        z = mu if noise is None or not self.sampling else mu + torch.exp(0.5 * logvar) * noise
        return Forward(self.decoded(z, conditions if wanted is None else wanted), mu, logvar, z)

    def decoded(self, z: Tensor, conditions: Conditions) -> Tensor:
        """The decoder's output (batch, n_bins, T) before the likelihood makes frames of it."""
        return self.decoder(self._with_conditions("decoder", z, conditions)).float()

    def _condition_width(self, place: str) -> int:
        return sum(width for width, (_, into, _) in zip(self._widths, self._told, strict=True) if place in into)

    def _with_conditions(self, place: str, features: Tensor, conditions: Conditions) -> Tensor:
        """`features` (batch, n) or frames (batch, n, T) with the conditions of a place after the n, the same at all times."""
        parts = [features]
        for condition, (label, into, optional) in zip(self.conditions, self._told, strict=True):
            if place in into:
                values = conditions.get(label)
                if values is None and not optional:
                    raise TimbreError(f"this model needs the {label} of every note: give it.")
                if values is None:
                    values = features.new_full(features.shape[:1], torch.nan)
                told = condition(values).to(features.dtype)
                parts.append(told if features.ndim == 2 else told[..., None].expand(-1, -1, features.shape[2]))
        return torch.cat(parts, dim=1) if len(parts) > 1 else features


def count_parameters(model: nn.Module) -> int:
    """Trainable numbers of a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
