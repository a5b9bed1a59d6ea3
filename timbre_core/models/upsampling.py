"""A transposed convolution that is quick on a CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PhasedUpsampling(nn.ConvTranspose2d):
    """A transposed convolution of kernel 4, stride 2, padding 1, computed as a 3 x 3 convolution and a pixel shuffle.

    Same weights, same result: each of the four output phases sees only three input positions a side, so the four are the
    channels of one convolution (Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016). With a
    single output channel this is the faster way round on a CPU.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size=4, stride=2, padding=1)

    def forward(self, image: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(batch, in_channels, height, width) -> (batch, out_channels, 2 height, 2 width)."""
        phases = _phases(_phases(self.weight, 2), 2)  # (in, out, y phase, y tap, x phase, x tap)
        kernel = phases.permute(1, 2, 4, 0, 3, 5).reshape(4 * self.out_channels, self.in_channels, 3, 3)
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        return F.pixel_shuffle(F.conv2d(image, kernel, bias, padding=1), 2)


def _phases(weight: Tensor, dim: int) -> Tensor:
    """Replace a side of four taps by two new last sides (phase 2, tap 3): which tap meets which neighbour in each phase."""
    first, second, third, fourth = weight.unbind(dim)
    nothing = torch.zeros_like(first)
    even = torch.stack([fourth, second, nothing], dim=-1)
    odd = torch.stack([nothing, third, first], dim=-1)
    return torch.stack([even, odd], dim=-2)
