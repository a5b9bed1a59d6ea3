"""Transposed convolutions that are quick on a CPU."""

from __future__ import annotations

import math
from typing import Any

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


class Upsampling(nn.ConvTranspose2d):
    """A transposed convolution that multiplies the sides by its strides. Its gradients take half the time on a CPU.

    Same weights, same result, same gradients. torch leaves the bias's gradient to its library's transposed convolution, which
    is several times as slow with one (findings/torch-bias-of-transposed-convolutions-is-slow.sh): here it is a sum of its own.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: tuple[int, int]) -> None:
        padding = (kernel_size - 1) // 2
        extra = (stride[0] + 2 * padding - kernel_size, stride[1] + 2 * padding - kernel_size)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, extra)

    def forward(self, image: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(batch, in_channels, height, width) -> (batch, out_channels, height x stride, width x stride)."""
        if image.device.type != "cpu" or torch.jit.is_tracing() or torch.compiler.is_exporting():
            return super().forward(image, output_size)
        weight, bias = self.weight, self.bias
        if torch.is_autocast_enabled("cpu"):
            kind = torch.get_autocast_dtype("cpu")
            image, weight, bias = image.to(kind), weight.to(kind), None if bias is None else bias.to(kind)
        made: Tensor = _Upsampled.apply(image, weight, bias, self.stride, self.padding, self.output_padding)
        return made


class _Upsampled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, bias: Tensor | None, *how: Any) -> Tensor:
        ctx.save_for_backward(image, weight)
        ctx.how = how
        return F.conv_transpose2d(image, weight, bias, *how)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        of_bias = gradients[0].sum((0, 2, 3)) if ctx.needs_input_grad[2] else None
        return *_gradients(ctx, gradients[0]), of_bias, None, None, None


def _gradients(ctx: Any, of_result: Tensor) -> tuple[Tensor | None, Tensor | None]:
    """Of the image and of the weights of a transposed convolution; ctx.how: its stride, padding and output padding."""
    stride, padding, output_padding = ctx.how
    wanted = (*ctx.needs_input_grad[:2], False)
    of_image, of_weight, _ = torch.ops.aten.convolution_backward(
        of_result, *ctx.saved_tensors, None, stride, padding, (1, 1), True, output_padding, 1, wanted
    )
    return of_image, of_weight


_WIDE = 16  # channels that fill a CPU's vector registers


class BlockedUpsampling(Upsampling):
    """A transposed convolution to a single channel, computed as an ordinary one whose channels are a block of the image.

    Same weights, same result. A kernel of a library works on 16 channels at a time, so that one channel wastes 15/16 of
    it; here a block of the result of about 4 x 4 is the 16 channels of a strided convolution. The gradients, which have many
    channels, are those of the framework's own kernel.
    """

    def __init__(self, in_channels: int, kernel_size: int, stride: tuple[int, int]) -> None:
        super().__init__(in_channels, 1, kernel_size, stride)

    def forward(self, image: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(batch, in_channels, height, width) -> (batch, 1, height x stride, width x stride)."""
        weight = self.weight
        if torch.is_autocast_enabled(image.device.type):
            kind = torch.get_autocast_dtype(image.device.type)
            image, weight = image.to(kind), weight.to(kind)
        if image.device.type != "cpu" or torch.jit.is_tracing() or torch.compiler.is_exporting():
            return super().forward(image, output_size)
        made = _Blocked.apply(image, weight, self.stride, self.padding, self.output_padding)
        return made if self.bias is None else made + self.bias.to(made.dtype)


class _Blocked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, stride: Any, padding: Any, output_padding: Any) -> Tensor:
        ctx.save_for_backward(image, weight)
        ctx.how = (stride, padding, output_padding)
        return _in_blocks(image, weight, stride, padding[0])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return *_gradients(ctx, gradients[0]), None, None, None


def _in_blocks(image: Tensor, weight: Tensor, stride: tuple[int, int], padding: int) -> Tensor:
    """weight (in_channels, 1, side, side) -> (batch, 1, height x stride, width x stride)."""
    side = weight.shape[2]
    high, wide = (_Side(side, step, padding, size) for step, size in zip(stride, image.shape[2:], strict=True))
    padded = F.pad(weight[:, 0], (0, 1, 0, 1))  # a last row and column of zeros, for places without a tap
    kernel = padded[:, high.taps[:, None, :, None], wide.taps[None, :, None, :]]
    kernel = kernel.permute(1, 2, 0, 3, 4).flatten(0, 1).contiguous(memory_format=torch.channels_last)
    inputs, around = (high.inputs, wide.inputs), (*wide.around, *high.around)
    if around[0] == around[1] and around[2] == around[3]:
        blocks = F.conv2d(image, kernel, None, inputs, (around[2], around[0]))
    else:
        blocks = F.conv2d(F.pad(image, around), kernel, None, inputs)
    made = blocks.unflatten(1, (high.block, wide.block)).permute(0, 3, 1, 4, 2).flatten(3, 4).flatten(1, 2)
    return made[:, None, : high.size, : wide.size]


class _Side:
    """One side of an image that a transposed convolution enlarges by `step`, in blocks of its result.

    block: places of the result in a block, for each `inputs` places of the image. taps (block, reach): which place of the
    kernel a place of the block meets at each of the image's places within reach, and the kernel's length where none.
    around: places to add before and after the image. size: of the result.
    """

    def __init__(self, kernel: int, step: int, padding: int, size: int) -> None:
        self.inputs = max(1, round(math.sqrt(_WIDE)) // step)
        self.block, self.size = self.inputs * step, size * step
        first, last = math.ceil((padding - kernel + 1) / step), (self.block - 1 + padding) // step
        place = torch.arange(self.block)[:, None] + padding - step * torch.arange(first, last + 1)[None]
        self.taps = torch.where((place >= 0) & (place < kernel), place, kernel)
        end = (-(-size // self.inputs) - 1) * self.inputs + last + 1  # beyond the last place that is read
        self.around = (-first, max(0, end - size))
