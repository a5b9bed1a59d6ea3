"""What a recipe trains for: a timbre space, or a network that serves one (an inverter, a classifier)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from timbre_core.models.backbones.convnext import ConvNeXtSettings
from timbre_core.models.contracts import BackboneSettings
from timbre_core.parts import Part, one_of

if TYPE_CHECKING:
    AnyBackbone = BackboneSettings
else:
    AnyBackbone = one_of("timbre_core.models.backbones", BackboneSettings, default="convnext")

Width = Annotated[int, Field(ge=1, le=4096)]
Share = Annotated[float, Field(ge=0, le=1)]


class AutoencodeTask(Part):
    """Windows to latents and back: the recipe's `model` under its `objective`. What the maps are made of."""

    kind: Literal["autoencode"] = "autoencode"


class BlurSettings(Part):
    """Inputs that went through a trained timbre space, while the target stays the true sound."""

    checkpoint: str = Field(description="name or path of the space's checkpoint; its features must be this recipe's")
    share: Share = Field(default=0.5, description="of the training windows; validation has both kinds in equal numbers")


class InverterTask(Part):
    """What inverters have in common. The pitch is an optional condition: a share of the windows is trained without it."""

    backbone: AnyBackbone = ConvNeXtSettings()
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
    backbone: AnyBackbone = ConvNeXtSettings(width=256, layers=6)
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
    together: Annotated[
        int, Field(ge=1, le=16, description="neighbouring bands that are said at once; more is faster")
    ] = 1
    pairs: PairSettings = PairSettings(share=1.0)
    places: Annotated[
        int, Field(ge=1, le=8192, description="bands at points in time that a pair trains at in one step")
    ] = 80


class DirectionSettings(Part):
    """A part of a timbre code that is a direction: notes of one instrument have one, others any other."""

    width: Width = 160
    dim: Width = 32


class TimbreCodeTask(Part):
    """A note to what stays over its instrument's notes: what `timbre_code` and distances of timbre are made of."""

    kind: Literal["timbre_code"] = "timbre_code"
    width: Width = 160
    code_dim: Width = 64
    cepstra: Annotated[
        float, Field(ge=0, description="weight of cepstra with their time kept, beside what is learned; 0: none")
    ] = 0.0
    course: Annotated[
        bool,
        Field(description="with numbers of attack, decay and length beside cepstra; for a metric, which scales them"),
    ] = False
    direction: DirectionSettings | None = None
    metric: Annotated[
        int,
        Field(
            ge=0,
            description="numbers of a code, by a linear map of what is learned and the cepstra that is fitted after training "
            "(benchmarks/timbre_metric.py); 0: these themselves",
        ),
    ] = 0
    pairs: PairSettings = PairSettings(share=1.0, semitones=127)
    contrast: Annotated[
        float, Field(ge=0, description="weight of the error in finding a note's instrument in the batch")
    ] = 1.0
    family: Annotated[float, Field(ge=0, description="weight of the error in telling the family")] = 0.3
    other: Annotated[
        float, Field(ge=0, description="weight of the error in saying the other note, a tenth of it in dB")
    ] = 0.5
    temperature: Annotated[float, Field(gt=0, description="of the contrast: lower looks at nearer notes")] = 0.12


Task = Annotated[
    AutoencodeTask | MelToMagnitudeTask | VocoderTask | NoteClassifierTask | NoteShiftTask | TimbreCodeTask,
    Field(discriminator="kind"),
]
INVERTER_TASKS = ("mel_to_magnitude", "vocoder")
