"""The typed recipe: everything about one system, from data to inversion.

A recipe file is YAML. Unknown keys, wrong types and values out of range are refused with the field's name and, for a
misspelt key, the nearest right one. `recipe.yaml` inside a checkpoint is the same thing with all defaults written out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from timbre_core.datasets.settings import DataSettings
from timbre_core.features.settings import AnyFeatures, LogMelSettings
from timbre_core.inversion.settings import InversionSettings
from timbre_core.models.discriminator import TotalCorrelation
from timbre_core.models.settings import ModelSettings
from timbre_core.models.tasks import INVERTER_TASKS, AutoencodeTask, NoteShiftTask, PairSettings, Task, TimbreCodeTask
from timbre_core.parts import Part


class WindowSettings(Part):
    frames: Annotated[int, Field(ge=1, le=8192)] = 128
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.5

    @property
    def hop(self) -> int:
        """Frames between the starts of neighbouring windows."""
        return max(1, round(self.frames * (1 - self.overlap)))


class ObjectiveSettings(Part):
    """total = weight * recon + beta * KL, the KL of each latent dimension clamped from below at free_bits, then averaged.

    weight is the likelihood's; recon is a mean over the window's values, so a sum over values and dimensions, as many
    publish it, is beta = latent_dim / (n_bins * T).
    """

    beta: Annotated[float, Field(ge=0)] = 2.0
    warmup_steps: Annotated[int, Field(ge=0)] = 500
    free_bits: Annotated[float, Field(ge=0, description="nats per latent dimension")] = 0.5
    nats: Annotated[
        float | None,
        Field(
            gt=0,
            description="of a window that are aimed at: beta weighs how far the KL, summed over dimensions, is from it",
        ),
    ] = None
    input_noise: Annotated[
        float,
        Field(ge=0, le=2, description="deviation of the noise on the encoder's input; above 0 it learns to denoise"),
    ] = 0.0
    total_correlation: TotalCorrelation | None = None
    pairs: PairSettings | None = Field(
        default=None,
        description="a share of the notes is decoded as another note of its instrument, at that note's pitch: what z keeps "
        "is then what stays over an instrument's notes",
    )


class TrainingSettings(Part):
    epochs: Annotated[int, Field(ge=1, le=1_000_000)] = 15
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 128
    optimizer: Literal["adam", "adamw"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    prior_rate: Annotated[
        float, Field(gt=0, le=1000, description="times the learning rate for a learned prior and a likelihood's scale")
    ] = 1.0
    fitted_after: int | None = Field(
        default=None,
        ge=0,
        description="epochs after which a mixture prior moves to where the notes then are, and a learned scale to their errors",
    )
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    plateau_patience: Annotated[int, Field(ge=1, description="epochs without a better one until the rate falls")] = 5
    plateau_factor: Annotated[float, Field(gt=0, lt=1, description="what the rate is multiplied by then")] = 0.5
    grad_clip: Annotated[float | None, Field(gt=0, description="largest gradient norm; none switches it off")] = 1.0
    ema: Annotated[float | None, Field(gt=0, lt=1, description="decay of averaged weights; none: plain weights")] = None
    precision: Literal["auto", "float32", "bf16"] = "auto"
    start_from: str | None = Field(default=None, description="name or path of a checkpoint whose weights are the start")
    channels_last: bool | Literal["auto"] = "auto"
    seed: Annotated[int, Field(ge=0)] = 0
    keep: Literal["total", "recon"] = Field(
        default="total", description="the validation figure whose lowest epoch becomes the checkpoint's weights"
    )
    crops_per_note: Annotated[int, Field(ge=1, le=1024, description="random windows of a note in one epoch")] = 1
    pictures: Annotated[int | None, Field(ge=0)] = Field(
        default=None,
        description="epochs between the pictures kept of reconstructions and samples; 0: no pictures, none: about 12 in all",
    )


DistanceName = Literal["euclidean", "standardised", "whitened", "cosine", "timbre"]


class Recipe(Part):
    """Everything about one system: data, features, window, model, objective, training. Read from YAML, never changed.

    Examples
    --------
    >>> import timbre_core
    >>> recipe = timbre_core.load_recipe("nsynth-cvae", ["training.epochs=3"])
    >>> recipe.features.kind, recipe.window.frames, recipe.training.epochs
    ('log_mel', 128, 3)
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str = ""
    source: str = Field(default="", description="paper or project that the system comes from")
    published: dict[str, Any] = Field(default_factory=dict, description="figures that the source reports")
    data: DataSettings = DataSettings()
    features: AnyFeatures = LogMelSettings()
    window: WindowSettings = WindowSettings()
    task: Task = AutoencodeTask()
    model: ModelSettings = ModelSettings()
    objective: ObjectiveSettings = ObjectiveSettings()
    training: TrainingSettings = TrainingSettings()
    inversion: InversionSettings = InversionSettings()
    distance: DistanceName = Field(
        default="euclidean", description="how two notes are compared: by the map, neighbours and Find similar"
    )
    provenance: dict[str, Any] = Field(
        default_factory=dict, description="written by training: versions, data fingerprint, training instruments"
    )

    @model_validator(mode="after")
    def _keeps_what_there_is(self) -> Recipe:
        if not self.makes_a_space and self.training.keep != "total":
            raise ValueError(
                f"training.keep {self.training.keep} is for timbre spaces: {self.task.kind} has total alone"
            )
        return self

    @model_validator(mode="after")
    def _fits_a_mixture(self) -> Recipe:
        if self.training.fitted_after is not None and not (self.model.prior.kind == "mixture" and self.model.sampling):
            raise ValueError("training.fitted_after is for a model.prior of kind mixture: leave it out")
        return self

    @model_validator(mode="after")
    def _networks_read_log_mels(self) -> Recipe:
        if not self.makes_a_space and self.features.kind != "log_mel":
            raise ValueError(f"task {self.task.kind} reads features of kind log_mel, not {self.features.kind}")
        return self

    @model_validator(mode="after")
    def _energies_are_of_decibels(self) -> Recipe:
        spans = self.features.top_db if self.features.is_spectrum else None
        if self.model.refinement_energies > 0 and spans != 80:
            raise ValueError("model.refinement_energies is for spectra that span 80 dB (features.top_db): leave it out")
        return self

    @model_validator(mode="after")
    def _inverter_suits_the_features(self) -> Recipe:
        suiting = self.features.inversions
        if suiting and self.inversion.kind not in suiting:
            raise ValueError(
                f"inversion.kind for features of kind {self.features.kind} is {' or '.join(suiting)}, got {self.inversion.kind}"
            )
        return self

    @property
    def makes_a_space(self) -> bool:
        """Whether training makes a timbre space, rather than a network that serves one."""
        return self.task.kind == "autoencode"

    @property
    def makes_an_inverter(self) -> bool:
        """Whether training makes an inverter."""
        return self.task.kind in INVERTER_TASKS

    @property
    def learns_from_audio(self) -> bool:
        """Whether training reads notes' audio rather than their frames."""
        return self.makes_an_inverter or isinstance(self.task, NoteShiftTask | TimbreCodeTask)

    @property
    def pairs(self) -> PairSettings | None:
        """Which pairs of notes training draws, where it draws any."""
        return self.task.pairs if isinstance(self.task, NoteShiftTask | TimbreCodeTask) else self.objective.pairs

    @property
    def encodes_with_pitch(self) -> bool:
        """Whether a timbre space is told the pitch before its latents: one told in the decoder alone encodes without."""
        return self.makes_a_space and (
            self.features.needs_pitch
            or (self.model.refinement > 0 and self.uses_pitch)
            or any(part.label == "pitch" and set(part.into) != {"decoder"} for part in self.model.conditions)
        )

    @property
    def whole_notes(self) -> bool:
        """Whether each latent of a timbre space is a whole note."""
        return self.makes_a_space and self.model.decoder.whole_notes

    @property
    def uses_pitch(self) -> bool:
        """Whether a timbre space's model or features are told the pitch anywhere, so that each note must have one."""
        return self.makes_a_space and (
            self.features.needs_pitch or any(part.label == "pitch" for part in self.model.conditions)
        )
