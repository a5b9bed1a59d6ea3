"""A Gaussian whose scale is learned."""

from __future__ import annotations

import math
from typing import Literal

from timbre_core.models.contracts import Likelihood, LikelihoodSettings
from timbre_core.models.network import torch

# Below e^-6 of the frames' range a Gaussian would gain without end from what it has learned by heart.
_SMALLEST_LOG_SCALE = -6.0
_NORMALISING = 0.5 * math.log(2 * math.pi)


class GaussianSettings(LikelihoodSettings):
    """Nothing more to choose."""

    kind: Literal["gaussian"] = "gaussian"

    def build(self) -> Gaussian:
        return Gaussian()


class Gaussian(Likelihood):
    """Negative log-likelihood in nats per value of a Gaussian with one learned scale.

    Rybkin et al., "Simple and Effective VAE Training with Calibrated Decoders" (2021).
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = torch.nn.Parameter(torch.zeros(()))

    def forward(self, output: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        log_scale = self.log_scale.clamp_min(_SMALLEST_LOG_SCALE)
        return 0.5 * torch.nn.functional.mse_loss(output, frames) * torch.exp(-2 * log_scale) + log_scale + _NORMALISING
