"""A sound as a small JSON file: which checkpoint, which point of its latent space, which key and envelope."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, field_validator

from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError
from timbre_core.generation.macros import MACROS, Shape

FORMAT = "timbre-explorer preset"
VERSION = 1
LARGEST = 256 * 1024
"""Bytes of a preset file: the largest latent space needs less."""

FARTHEST = 100.0
"""Latent values beyond this are no sound of any model."""


class Preset(BaseModel):
    """A sound that can be played again."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    checkpoint: Annotated[str, Field(max_length=200)]
    name: Annotated[str, Field(max_length=120)] = ""
    z: Annotated[list[Annotated[FiniteFloat, Field(ge=-FARTHEST, le=FARTHEST)]], Field(max_length=4096)]
    key: Annotated[int, Field(ge=0, le=127)] = 60
    attack: Annotated[FiniteFloat, Field(ge=0, le=10)] = 0.0
    release: Annotated[FiniteFloat, Field(ge=0, le=20)] = 0.25
    macros: dict[str, FiniteFloat] = {}
    note: Annotated[str, Field(max_length=200)] = ""
    """The map note whose instrument's recordings sound; empty where the model does."""

    @field_validator("macros")
    @classmethod
    def _known(cls, macros: dict[str, float]) -> dict[str, float]:
        unknown = next((name for name in macros if name not in MACROS), None)
        if unknown is not None:
            raise ValueError(f"there is no macro {unknown[:40]!r}")
        Shape(**macros)
        return macros

    @property
    def shape(self) -> Shape:
        """Its macros."""
        return Shape(**self.macros)


def preset_to_json(preset: Preset) -> str:
    """The preset file's text; macros and recordings are named where there are some."""
    told = {name: value for name, value in preset.model_dump().items() if value or name not in ("macros", "note")}
    return json.dumps({"format": FORMAT, "version": VERSION, **told}, indent=1, allow_nan=False) + "\n"


def read_preset(data: bytes, checkpoint: Checkpoint) -> Preset:
    """A preset file's bytes, for this checkpoint. Raises TimbreError, in one sentence, for everything else."""
    if len(data) > LARGEST:
        raise TimbreError(f"a preset has a few kilobytes, this file has {len(data) / 1024:.0f}: choose another file.")
    try:
        told: Any = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise TimbreError("this is not a preset: choose a JSON file that the Play page saved.") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise TimbreError("this JSON file is not a preset: choose one that the Play page saved.")
    if told.get("version", VERSION) != VERSION:
        raise TimbreError(
            f"this preset is of version {str(told['version'])[:20]}, {VERSION} is read: update Timbre Explorer."
        )
    try:
        preset = Preset.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"[{part + 1}]" if isinstance(part, int) else str(part) for part in first["loc"])
        raise TimbreError(f"the preset's {where} makes no sense ({first['msg'].lower()}): save it again.") from None
    if preset.checkpoint != checkpoint.model_name:
        raise TimbreError(
            f"this preset belongs to the checkpoint {preset.checkpoint[:80]!r}, not to {checkpoint.model_name!r}: "
            "choose that checkpoint, or another preset."
        )
    size = checkpoint.recipe.model.latent_dim
    if len(preset.z) != size:
        raise TimbreError(f"this preset has {len(preset.z)} latent values, the checkpoint has {size}: save it again.")
    return preset
