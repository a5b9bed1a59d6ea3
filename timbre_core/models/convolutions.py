"""What a recipe says about a stack of convolutions."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from timbre_core.parts import Part

Stride = Annotated[int, Field(ge=1, le=8)]


def _one_for_all(value: Any) -> Any:
    return [value] if isinstance(value, int) else value


def _pairs(value: Any) -> Any:
    each = _one_for_all(value)
    return (
        [(stride, stride) if isinstance(stride, int) else stride for stride in each] if isinstance(each, list) else each
    )


class ConvLayer(NamedTuple):
    """One layer: its channels, the side of its kernel, and its strides along bins and frames."""

    channels: int
    kernel_size: int
    stride: tuple[int, int]


class ConvLayers(Part):
    """A stack of convolutions. kernel_size and stride are one number for all layers, or one for each."""

    channels: list[Annotated[int, Field(ge=1, le=2048)]] = Field(default=[16, 32, 64], min_length=1, max_length=8)
    kernel_size: Annotated[list[Annotated[int, Field(ge=2, le=15)]], BeforeValidator(_one_for_all)] = Field(default=[3])
    stride: Annotated[
        list[tuple[Stride, Stride]],
        BeforeValidator(_pairs),
    ] = Field(default=[(2, 2)], description="a layer's can be a pair: along bins, along frames")
    norm: Literal["none", "batch"] = "none"
    dropout: Annotated[
        float, Field(ge=0, lt=1, description="share of a layer's outputs that a training step leaves out")
    ] = 0.0

    @model_validator(mode="after")
    def _one_for_each_layer(self) -> ConvLayers:
        for name, values in (("kernel_size", self.kernel_size), ("stride", self.stride)):
            if len(values) not in (1, len(self.channels)):
                raise ValueError(
                    f"{name} has {len(values)} values for {len(self.channels)} layers: give one, or one each"
                )
        return self

    @property
    def layers(self) -> list[ConvLayer]:
        """Every layer from the input on."""
        count = len(self.channels)
        kernels = self.kernel_size * count if len(self.kernel_size) == 1 else self.kernel_size
        strides = self.stride * count if len(self.stride) == 1 else self.stride
        return [ConvLayer(*layer) for layer in zip(self.channels, kernels, strides, strict=True)]


Channels = Annotated[int, Field(ge=1, le=2048)]
KernelSizes = Annotated[list[Annotated[int, Field(ge=2, le=15)]], BeforeValidator(_one_for_all)]
"""Sides of kernels: one for all layers, or one for each."""
