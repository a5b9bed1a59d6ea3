"""Reconstruction terms: how far decoded frames are from the original ones. Registered in LIKELIHOODS.

A likelihood turns the decoder's output into frames (`frames`), and calling it with that output and the original frames
gives the mean term per value, a scalar.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Below e^-6 of the frames' range a Gaussian would gain without end from what it has learned by heart.
_SMALLEST_LOG_SCALE = -6.0


class Laplace(nn.Module):
    """Mean absolute error: a Laplace likelihood of unit scale, up to constants."""

    def frames(self, output: Tensor) -> Tensor:
        """The decoder's output is the frames."""
        return output

    def forward(self, output: Tensor, frames: Tensor) -> Tensor:
        return F.l1_loss(output, frames)


class SquaredError(Laplace):
    """Mean squared error: a Gaussian likelihood of fixed scale, up to constants."""

    def forward(self, output: Tensor, frames: Tensor) -> Tensor:
        return F.mse_loss(output, frames)


class Gaussian(Laplace):
    """Negative log-likelihood in nats per value of a Gaussian with one learned scale.

    Rybkin et al., "Simple and Effective VAE Training with Calibrated Decoders" (2021).
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(()))

    def forward(self, output: Tensor, frames: Tensor) -> Tensor:
        log_scale = self.log_scale.clamp_min(_SMALLEST_LOG_SCALE)
        return 0.5 * F.mse_loss(output, frames) * torch.exp(-2 * log_scale) + log_scale + 0.5 * math.log(2 * math.pi)


class Bernoulli(nn.Module):
    """Binary cross-entropy in nats per value, of frames in [-1, 1] taken for shares in [0, 1]; the output is logits."""

    def frames(self, output: Tensor) -> Tensor:
        """Twice the logistic function, less 1."""
        return torch.tanh(0.5 * output)

    def forward(self, output: Tensor, frames: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(output, 0.5 * (frames + 1))


LIKELIHOODS: dict[str, Callable[[], nn.Module]] = {
    "l1": Laplace,
    "mse": SquaredError,
    "gaussian": Gaussian,
    "bce": Bernoulli,
}
