"""What a recipe says about going from frames back to audio."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from timbre_core.parts import Part


class InversionSettings(Part):
    """How frames become audio: a classical inverter (no training), or a trained network."""

    kind: Literal["griffin_lim", "learned", "additive", "excited", "own"] = Field(
        default="griffin_lim",
        description="griffin_lim: mel inversion, a first phase, iterations; learned: a network; additive: sinusoids; "
        "excited: harmonics and noise given the frames' levels; own: as the kind of the features has it",
    )
    phase: Literal["spsi", "pghi"] = Field(
        default="spsi",
        description="first phases: of sinusoids at the spectral peaks (fast), or phase-gradient integration",
    )
    iterations: Annotated[int, Field(ge=0, le=10_000, description="of fast Griffin-Lim")] = 2
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.99
    mel_iterations: Annotated[int, Field(ge=1, le=10_000, description="updates from mel to magnitude")] = 5
    emphasis: Annotated[
        float,
        Field(
            ge=0.5, le=2, description="exponent of magnitudes; above 1 spectral peaks stand out from what is between"
        ),
    ] = 1.0
    network: str | None = Field(default=None, description="name or path of an inverter checkpoint, for kind learned")

    @model_validator(mode="after")
    def _network_is_named(self) -> InversionSettings:
        if self.kind == "learned" and not self.network:
            raise ValueError("kind learned needs network: the name or path of an inverter checkpoint")
        return self
