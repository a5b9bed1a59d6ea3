"""Absolute errors."""

from __future__ import annotations

from typing import Literal

from timbre_core.models.contracts import Likelihood, LikelihoodSettings
from timbre_core.models.network import torch


class LaplaceSettings(LikelihoodSettings):
    """Nothing more to choose."""

    kind: Literal["l1"] = "l1"

    def build(self) -> Laplace:
        return Laplace()


class Laplace(Likelihood):
    """Mean absolute error: a Laplace likelihood of unit scale, up to constants."""

    def forward(self, output: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.l1_loss(output, frames)

    def gradient(self, output: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        return (output - frames).sign_().div_(output.numel())
