"""What numpy does several times as fast as torch, on a CPU; elsewhere torch does it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def places(mask: Tensor) -> Tensor:
    """Where a mask of any shape, flattened, is true: (n,) int64."""
    if mask.device.type == "cpu":
        return torch.from_numpy(np.flatnonzero(mask.numpy()))
    return mask.flatten().nonzero().flatten()


def repeated(values: Tensor, counts: Tensor) -> Tensor:
    """Each of `values` (n,) as often as `counts` (n,) says, one after the other."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.repeat(values.numpy(), counts.numpy()))
    return torch.repeat_interleave(values, counts)


def running_sum_(values: Tensor) -> Tensor:
    """`values` (batch, n, m) in place as the sums of all up to each along n."""
    if values.device.type != "cpu":
        return values.cumsum_(dim=1)
    rows = values.numpy()
    for index in range(1, rows.shape[1]):
        np.add(rows[:, index - 1], rows[:, index], out=rows[:, index])
    return values
