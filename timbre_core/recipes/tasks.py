"""What a recipe trains for: a timbre space, or a network that serves one (an inverter, a classifier)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from timbre_core.recipes.part import Part

Width = Annotated[int, Field(ge=1, le=4096)]
Share = Annotated[float, Field(ge=0, le=1)]


class AutoencodeTask(Part):
    """Windows to latents and back: the recipe's `model` under its `objective`. What the maps are made of."""

    kind: Literal["autoencode"] = "autoencode"


class ConvNeXtBackbone(Part):
    """Frames to features: 1-D ConvNeXt blocks along time, as in Vocos (Siuzdak, 2023)."""

    kind: Literal["convnext"] = "convnext"
    width: Width = 192
    layers: Annotated[int, Field(ge=1, le=64)] = 4
    expansion: Annotated[int, Field(ge=1, le=16)] = 3
    kernel_size: Annotated[int, Field(ge=1, le=63, description="frames")] = 7


class CbhgBackbone(Part):
    """Frames to features: a bank of convolutions, highway layers and a bidirectional GRU, as in Tacotron (Wang, 2017)."""

    kind: Literal["cbhg"] = "cbhg"
    bank: Annotated[int, Field(ge=1, le=64, description="convolutions, of 1 to this many frames")] = 16
    channels: Annotated[Width, Field(description="of each convolution of the bank, and of the projection")] = 128
    projection_kernel: Annotated[int, Field(ge=1, le=63, description="frames")] = 3
    highway_layers: Annotated[int, Field(ge=0, le=64)] = 4
    units: Annotated[Width, Field(description="of highway layers and of each direction of the GRU")] = 128


def _convnext_by_default(value: Any) -> Any:
    # Recipes from before there was another kind do not name it.
    return {"kind": "convnext", **value} if isinstance(value, dict) else value


Backbone = Annotated[
    Annotated[ConvNeXtBackbone | CbhgBackbone, Field(discriminator="kind")], BeforeValidator(_convnext_by_default)
]


class BlurSettings(Part):
    """Inputs that went through a trained timbre space, while the target stays the true sound."""

    checkpoint: str = Field(description="name or path of the space's checkpoint; its features must be this recipe's")
    share: Share = Field(default=0.5, description="of the training windows; validation has both kinds in equal numbers")


class InverterTask(Part):
    """What inverters have in common. The pitch is an optional condition: a share of the windows is trained without it."""

    backbone: Backbone = ConvNeXtBackbone()
    pitch_dropout: Share = 0.3
    blur: BlurSettings | None = None


class MelToMagnitudeTask(InverterTask):
    """Log-mel frames to the power spectrum; phases are left to the classical inverter."""

    kind: Literal["mel_to_magnitude"] = "mel_to_magnitude"
    convergence_weight: Annotated[
        float, Field(ge=0, description="of the spectral convergence beside the log error")
    ] = 1.0
    mel_iterations: Annotated[
        int, Field(ge=0, le=1000, description="Kullback-Leibler updates that make the spectrum agree with the mel")
    ] = 5
    emphasis: Annotated[float, Field(ge=0.5, le=2, description="of the inversion by this network, by default")] = 1.0


class VocoderTask(InverterTask):
    """Log-mel frames to audio through an inverse STFT (Siuzdak, "Vocos", 2023)."""

    kind: Literal["vocoder"] = "vocoder"
    backbone: Backbone = ConvNeXtBackbone(width=256, layers=6)
    resolutions: list[Annotated[int, Field(ge=32, le=16_384)]] = Field(
        default=[512, 1024, 2048], min_length=1, max_length=8, description="FFT sizes of the spectral loss"
    )
    mel_weight: Annotated[float, Field(ge=0)] = 1.0


class NoteClassifierTask(Part):
    """Log-mel windows to family and pitch; the layer before the answers is an embedding of how a note sounds."""

    kind: Literal["note_classifier"] = "note_classifier"
    channels: list[Width] = Field(default=[32, 64, 96, 128], min_length=1, max_length=8)
    embedding: Width = 64
    dropout: Share = 0.2


class PairSettings(Part):
    """Pairs of notes of one instrument at other pitches and velocities: one is encoded, the other is what it should become."""

    share: Share = Field(default=0.5, description="of a batch; the others are to become themselves")
    semitones: Annotated[float, Field(ge=0, le=127, description="that the notes of a pair are apart at most")] = 24.0


class NoteShiftTask(Part):
    """One note of an instrument to what its others are, from pairs of notes: what `note_at` sounds with."""

    kind: Literal["note_shift"] = "note_shift"
    width: Width = 256
    layers: Annotated[int, Field(ge=1, le=16)] = 3
    note_width: Annotated[Width, Field(description="of the convolutions over a whole note")] = 160
    note_dim: Annotated[Width, Field(description="of what is known of a whole note")] = 96
    pairs: PairSettings = PairSettings(share=1.0)
    places: Annotated[
        int, Field(ge=1, le=8192, description="bands at points in time that a pair trains at in one step")
    ] = 80


Task = Annotated[
    AutoencodeTask | MelToMagnitudeTask | VocoderTask | NoteClassifierTask | NoteShiftTask,
    Field(discriminator="kind"),
]
INVERTER_TASKS = ("mel_to_magnitude", "vocoder")
