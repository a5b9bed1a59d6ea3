"""Dropout that is quick on a CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_HALF, _WHOLE = 2**15, 2**16  # of the values that a random int16 has
_DRAWN_AT_ONCE = 4  # int16 in one 64-bit draw


class QuickDropout(nn.Dropout):
    """`torch.nn.Dropout` with the same shares, several times as fast while training on a CPU.

    torch draws a double-precision number for every value; here every 64 random bits decide on four values (the share is
    exact to 1/65,536), and values that are left out are cleared with a bit mask. Draws follow torch's global generator.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Any shape; the same values outside training."""
        kind = _INTEGERS.get(values.dtype)
        if not self.training or values.device.type != "cpu" or kind is None or self.inplace:
            return super().forward(values)
        return _LeaveOut.apply(values, self.p, kind)


_INTEGERS = {torch.bfloat16: torch.int16, torch.float16: torch.int16, torch.float32: torch.int32}


class _LeaveOut(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, share: float, kind: torch.dtype) -> Tensor:
        mask = _mask(values, share).to(kind)
        ctx.save_for_backward(mask)
        ctx.scale = 1 / (1 - share)
        return _masked(values, mask, ctx.scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (mask,) = ctx.saved_tensors
        return _masked(gradients[0], mask, ctx.scale), None, None


def _masked(values: Tensor, mask: Tensor, scale: float) -> Tensor:
    return (values.view(mask.dtype) & mask).view(values.dtype).mul_(scale)


def _mask(values: Tensor, share: float) -> Tensor:
    """int16 of the values' shape and memory format: -1 (all bits) for the values that stay, else 0."""
    places = torch.empty_like(values, dtype=torch.int16)
    seed = int(torch.randint(2**63 - 1, ()))
    count = -(-places.numel() // _DRAWN_AT_ONCE)
    drawn = np.random.Generator(np.random.SFC64(seed)).integers(-(2**63), 2**63, count, dtype=np.int64)
    flat = torch.from_numpy(drawn).view(torch.int16)
    first_left_out = round((1 - share) * _WHOLE) - _HALF
    if first_left_out >= _HALF:  # less than 1 in 65,536 is left out: none
        return places.fill_(-1)
    uniform = flat.as_strided(places.size(), places.stride())
    # Each pass works on whole registers: 0 from the first value that is left out on, -1 below it.
    return uniform.clamp(first_left_out - 1, first_left_out).sub_(first_left_out)
