"""A model, to encode and decode windows given as numpy arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from timbre_core.models.refinement import refined
from timbre_core.models.vae import VAE


@dataclass
class WindowCoder:
    """Windows to latents and back. Thread-safe: the model is only read."""

    model: VAE
    device: torch.device

    @torch.inference_mode()
    def encode(self, windows: np.ndarray, pitch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Windows (n, n_bins, T) and their MIDI pitches (n,) -> mu, logvar, each (n, latent_dim) float32."""
        frames, conditions = self._tensor(windows), self._conditions(pitch)
        mu, logvar = self.model.encode(frames, conditions)
        if self.model.refinement:
            mu = refined(self.model, frames, mu, conditions, self.model.refinement)
        return mu.cpu().numpy(), logvar.cpu().numpy()

    @torch.inference_mode()
    def decode(self, z: np.ndarray, pitch: np.ndarray, velocity: float = math.nan) -> np.ndarray:
        """Latents (n, latent_dim) and MIDI pitches (n,) -> windows (n, n_bins, T) float32.

        velocity: MIDI, for models that are told it; NaN leaves it open.
        """
        return self.model.decode(self._tensor(z), self._conditions(pitch, velocity)).cpu().numpy()

    @torch.inference_mode()
    def kl(self, mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
        """KL to the prior in nats, (n, latent_dim); zeros for a plain autoencoder, which has no posterior."""
        if not self.model.sampling:
            return np.zeros_like(mu)
        return self.model.prior.kl(self._tensor(mu), self._tensor(logvar)).cpu().numpy()

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(self.device)

    def _conditions(self, pitch: np.ndarray, velocity: float = math.nan) -> dict[str, torch.Tensor]:
        # An unknown pitch only reaches models that do not look at it.
        told = self._tensor(np.nan_to_num(pitch))
        return {"pitch": told} | ({} if math.isnan(velocity) else {"velocity": torch.full_like(told, velocity)})
