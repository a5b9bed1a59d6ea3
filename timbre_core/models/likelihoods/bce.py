"""Frames as shares of black and white."""

from __future__ import annotations

from typing import Literal

from timbre_core.models.contracts import Likelihood, LikelihoodSettings
from timbre_core.models.network import torch


class BernoulliSettings(LikelihoodSettings):
    """Nothing more to choose."""

    kind: Literal["bce"] = "bce"

    def build(self) -> Bernoulli:
        return Bernoulli()


class Bernoulli(Likelihood):
    """Binary cross-entropy in nats per value, of frames in [-1, 1] taken for shares in [0, 1]; the output is logits."""

    def frames(self, output: torch.Tensor) -> torch.Tensor:
        """Twice the logistic function, less 1."""
        return torch.tanh(0.5 * output)

    def forward(self, output: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.binary_cross_entropy_with_logits(output, 0.5 * (frames + 1))
