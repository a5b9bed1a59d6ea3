"""What a recipe says about its data: which notes there are, and how they are divided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from timbre_core.parts import Part


class SplitSettings(Part):
    """How notes of one folder are divided when the data set has no official split.

    by instrument: whole instruments are held out, spread over families; stratified: notes, the same shares of every
    instrument and family.
    """

    by: Literal["instrument", "stratified"] = "instrument"
    valid: Annotated[float, Field(ge=0, lt=1)] = 0.1
    test: Annotated[float, Field(ge=0, lt=1)] = 0.2
    seed: Annotated[int, Field(ge=0)] = 0
    held_out: list[str] = Field(
        default_factory=list, description="instruments that are test notes as a whole, whatever the rest is divided by"
    )

    @model_validator(mode="after")
    def _leaves_training(self) -> SplitSettings:
        if self.valid + self.test >= 1:
            raise ValueError("valid + test must leave something to train on (sum below 1)")
        return self


Numbers = Annotated[list[int | str], BeforeValidator(lambda value: value if isinstance(value, list) else [value])]
"""Whole numbers and spans of them: [63, 66-68]."""


class NoteFilter(Part):
    """Notes that agree with all fields that are given. A span of pitches or velocities holds both of its ends."""

    pitches: Numbers = Field(default_factory=list, description="MIDI, such as [63] or [60-62, 69-71]")
    velocities: Numbers = Field(default_factory=list, description="such as [25] or [90-127]")
    instruments: list[str] = Field(default_factory=list)
    families: list[str] = Field(default_factory=list)
    sources: list[str] = Field(default_factory=list)

    @field_validator("pitches", "velocities")
    @classmethod
    def _are_spans(cls, values: list[int | str]) -> list[int | str]:
        for value in values:
            span(value)
        return values

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for, with which every note agrees."""
        return self == NoteFilter()


def span(value: int | str) -> tuple[int, int]:
    """The lowest and highest number of a span: 63 or "60-71". Raises ValueError for anything else."""
    low, dash, high = str(value).partition("-")
    if not low.strip().isdecimal() or (dash and not high.strip().isdecimal()):
        raise ValueError(f"{value!r} is neither a whole number nor a span of them such as 60-71")
    found = int(low), int(high if dash else low)
    if not 0 <= found[0] <= found[1] <= 127:
        raise ValueError(f"{value!r} does not lie within 0-127 from the lower to the higher number")
    return found


def _off(value: object) -> object:
    """YAML reads `off` as false."""
    return "off" if value is False else value


class DataSettings(Part):
    roots: list[str] = Field(default_factory=lambda: ["starter"], description="folders or .parquet libraries")
    repeats: list[Annotated[int, Field(ge=1, le=1000)]] = Field(
        default_factory=list, description="how often an epoch draws each root's notes (default: once each)"
    )
    pattern: str | None = Field(default=None, description="file-name pattern for folders without labels")
    transpose: Annotated[int, Field(ge=-60, le=60)] = Field(
        default=0, description="semitones that are added to the pitch labels of all roots but starter"
    )
    octave: Annotated[Literal["check", "auto", "off"], BeforeValidator(_off)] = Field(
        default="check",
        description="check: tell where instruments sound a fixed interval off their labels; auto: correct whole octaves",
    )
    split: SplitSettings = SplitSettings()
    keep_doubles: bool = Field(
        default=False, description="keep notes that are the same recording as another one, level aside"
    )
    only: NoteFilter = Field(default=NoteFilter(), description="notes that the system is about; others are not there")
    leave_out: NoteFilter = Field(
        default=NoteFilter(),
        description="notes that are neither trained nor validated on, to be evaluated: they are the split left_out",
    )
