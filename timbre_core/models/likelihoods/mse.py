"""Squared errors."""

from __future__ import annotations

from typing import Literal

from timbre_core.models.contracts import Likelihood, LikelihoodSettings
from timbre_core.models.network import torch


class SquaredErrorSettings(LikelihoodSettings):
    """Nothing more to choose."""

    kind: Literal["mse"] = "mse"

    def build(self) -> SquaredError:
        return SquaredError()


class SquaredError(Likelihood):
    """Mean squared error: a Gaussian likelihood of fixed scale, up to constants."""

    def forward(self, output: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.mse_loss(output, frames)
