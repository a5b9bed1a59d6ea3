"""Parts of a model as a recipe names them: encoders and decoders, priors, conditions."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from timbre_core.recipes.part import Part

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


class ConvEncoder(ConvLayers):
    kind: Literal["conv"] = "conv"


class ConvDecoder(ConvLayers):
    """Transposed convolutions; `channels` are what goes into each, the last one makes the frames."""

    kind: Literal["conv"] = "conv"
    channels: list[Annotated[int, Field(ge=1, le=2048)]] = Field(default=[64, 32, 16], min_length=1, max_length=8)
    kernel_size: Annotated[list[Annotated[int, Field(ge=2, le=15)]], BeforeValidator(_one_for_all)] = Field(default=[4])

    @model_validator(mode="after")
    def _has_a_middle(self) -> ConvDecoder:
        if any(layer.kernel_size % 2 == 0 and 1 in layer.stride for layer in self.layers):
            raise ValueError("a layer with a stride of 1 needs an odd kernel_size, which has a middle")
        return self


class DenseEncoder(Part):
    """Fully connected layers over all values of a window."""

    kind: Literal["dense"] = "dense"
    units: list[Annotated[int, Field(ge=1, le=65_536)]] = Field(default=[90], min_length=1, max_length=8)
    slope: Annotated[float, Field(ge=0, lt=1, description="of the leaky ReLU below zero")] = 0.01


class DenseDecoder(Part):
    """Fully connected layers to all values of a window."""

    kind: Literal["dense"] = "dense"
    units: list[Annotated[int, Field(ge=1, le=65_536)]] = Field(default=[90], min_length=1, max_length=8)
    slope: Annotated[float, Field(ge=0, lt=1, description="of the leaky ReLU below zero")] = 0.01


class LstmEncoder(Part):
    """LSTM layers over a window's frames."""

    kind: Literal["lstm"] = "lstm"
    units: Annotated[int, Field(ge=1, le=4096)] = 256
    layers: Annotated[int, Field(ge=1, le=8)] = 1
    bidirectional: bool = False


class LstmDecoder(Part):
    """LSTM layers that are shown the latent at every frame."""

    kind: Literal["lstm"] = "lstm"
    units: Annotated[int, Field(ge=1, le=4096)] = 256
    layers: Annotated[int, Field(ge=1, le=8)] = 1


class StandardNormalPrior(Part):
    kind: Literal["standard_normal"] = "standard_normal"


class MixturePrior(Part):
    """A mixture of Gaussians whose weights, means and variances are learned with the model."""

    kind: Literal["mixture"] = "mixture"
    components: Annotated[int, Field(ge=1, le=1024)] = 10


Place = Literal["input", "encoder", "decoder"]
"""Where a condition is concatenated: to the frames as further bins, to what enters the encoder's head, to the latent."""


class PitchEmbedding(Part):
    """MIDI pitch 0-127 as a learned vector."""

    label: ClassVar[str] = "pitch"
    kind: Literal["pitch_embedding"] = "pitch_embedding"
    count: Annotated[int, Field(ge=1, le=1024)] = 128
    dim: Annotated[int, Field(ge=1, le=1024)] = 16
    into: list[Place] = Field(default=["decoder"], min_length=1)


class PitchScalar(Part):
    """MIDI pitch as one number, (pitch - origin) / span, so that pitches between the keys are between their numbers."""

    label: ClassVar[str] = "pitch"
    kind: Literal["pitch_scalar"] = "pitch_scalar"
    origin: Annotated[float, Field(ge=0, le=127, description="MIDI pitch that becomes 0")] = 0.0
    span: Annotated[float, Field(gt=0, le=127, description="semitones above it that become 1")] = 127.0
    into: list[Place] = Field(default=["input", "decoder"], min_length=1)


Condition = Annotated[PitchEmbedding | PitchScalar, Field(discriminator="kind")]
