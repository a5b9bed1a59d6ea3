"""Latents improved after encoding: a few steps toward what the decoder explains the frames best with.

An encoder answers for all notes at once and errs most on instruments that it never heard; the decoder can say how to mend that
(Cremer, Li & Duvenaud, "Inference suboptimality in variational autoencoders", 2018; Kim et al., "Semi-amortized variational
autoencoders", 2018).

Levels in dB that are nearest in the mean of absolute errors are medians where a note is not sure of them, and medians in dB
hold less power than there is: high bands, which flicker, would come out too soft. So the energies of wide blocks count beside.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from timbre_core.models.vae import VAE, Conditions

_RATE = 0.1  # of Adam, in units of the prior's deviation
_DECAYS = (0.9, 0.99)
_PRICE = 0.01  # of a nat of the prior, beside the weighted reconstruction term
_GROUPS = 8  # of neighbouring bins, as good as equal
_PARTS = (1 / 16, 1 / 4)  # of a window's frames: onset, what follows it, and the rest
_NEPERS = 40 * math.log(10) / 10  # of power, in one unit of frames that span 80 dB
_UNHEARD = 1e-6  # of the window's power: what is softer in a block does not count


def refined(model: VAE, frames: Tensor, mu: Tensor, conditions: Conditions, steps: int) -> Tensor:
    """Latents (batch, latent_dim) from `mu` after `steps` of Adam on the reconstruction of frames (batch, n_bins, T), with some
    of the KL and, where the model weighs them, the energies of blocks. The model is left as it is; notes do not influence each
    other."""
    with torch.inference_mode(False), torch.enable_grad():
        frames, z = frames.clone(), mu.clone().requires_grad_(True)
        told = {name: value.clone() for name, value in conditions.items()}
        weight = len(frames) * model.weight  # the likelihood is a mean over the batch
        energies = Energies(frames) if model.energies else None
        held = torch.empty_like(frames)
        first, second = torch.zeros_like(mu), torch.zeros_like(mu)
        for step in range(1, steps + 1):
            decoded = model.likelihood.frames(model.decoded(z, told))
            heard = decoded.detach()
            torch.clamp_min(heard, -1.0, out=held)
            pull = model.likelihood.gradient(held, frames).mul_(weight)
            if energies is not None:
                pull += energies.gradient(held).mul_(model.weight * model.energies)
            pull.masked_fill_(heard < -1.0, 0)
            # A scalar's gradient: of a tensor's, autograd imports sympy, which takes half a second and 20 MB.
            (gradient,) = torch.autograd.grad((decoded * pull).sum(), z)
            with torch.no_grad():
                gradient = gradient + _PRICE * z
                first = torch.lerp(gradient, first, _DECAYS[0])
                second = torch.lerp(gradient.square(), second, _DECAYS[1])
                corrected = [part / (1 - decay**step) for part, decay in zip((first, second), _DECAYS, strict=True)]
                z -= _RATE * corrected[0] / (corrected[1].sqrt() + 1e-12)
        return z.detach()


class Energies:
    """The energies that frames (batch, n_bins, T), of 80 dB from -1 to 1, have in blocks of neighbouring bins and frames."""

    def __init__(self, frames: Tensor) -> None:
        n_bins, n_frames = frames.shape[1:]
        group = torch.arange(n_bins, device=frames.device) * _GROUPS // n_bins
        place = (torch.arange(n_frames, device=frames.device) + 0.5) / n_frames
        part = (place[:, None] >= place.new_tensor(_PARTS)).sum(dim=1)
        self._bins = torch.nn.functional.one_hot(group).T.to(frames.dtype)
        self._frames = torch.nn.functional.one_hot(part).to(frames.dtype)
        wanted = self._blocks(_power(frames))
        self._floor = _UNHEARD * wanted.sum(dim=(1, 2), keepdim=True)
        self._wanted = wanted + self._floor

    def gradient(self, heard: Tensor) -> Tensor:
        """What the blocks' mean absolute error of level, in the frames' unit, changes by with each value of `heard`, as large."""
        power = _power(heard)
        blocks = self._blocks(power) + self._floor
        pull = (blocks - self._wanted).sign_() / (blocks * blocks[0].numel())
        return (self._bins.T @ pull @ self._frames.T).mul_(power)

    def _blocks(self, power: Tensor) -> Tensor:
        return self._bins @ power @ self._frames


def _power(frames: Tensor) -> Tensor:
    """Of frames, 1 at the loudest."""
    return torch.exp(_NEPERS * (frames - 1))
