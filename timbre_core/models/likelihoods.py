"""Reconstruction terms: how far decoded frames are from the original ones. Registered in LIKELIHOODS."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor


def l1(decoded: Tensor, frames: Tensor) -> Tensor:
    """Mean absolute error: a Laplace likelihood of unit scale, up to constants."""
    return F.l1_loss(decoded, frames)


def mse(decoded: Tensor, frames: Tensor) -> Tensor:
    """Mean squared error: a Gaussian likelihood of fixed scale, up to constants."""
    return F.mse_loss(decoded, frames)


LIKELIHOODS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"l1": l1, "mse": mse}
