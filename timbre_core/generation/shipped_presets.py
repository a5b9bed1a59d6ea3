"""The presets that come with the project, as `shipped_presets_build` wrote them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from timbre_core.generation.presets import Preset

FOLDER = Path(__file__).with_name("shipped")
"""A file for each checkpoint that has some, of its model's name."""


@dataclass(frozen=True)
class ShippedPreset:
    """A preset with its tags, and the words for how it was measured to sound."""

    preset: Preset
    tags: tuple[str, ...]
    words: tuple[str, ...]


@cache
def shipped_presets(checkpoint: str) -> tuple[ShippedPreset, ...]:
    """Those of a checkpoint, by its model's name, in the order of their names."""
    files = {path.stem: path for path in FOLDER.glob("*.json")}  # the name is looked up, it never becomes a path
    told = json.loads(files[checkpoint].read_text(encoding="utf-8")) if checkpoint in files else []
    return tuple(
        ShippedPreset(Preset(checkpoint=checkpoint, **each["preset"]), tuple(each["tags"]), tuple(each["words"]))
        for each in told
    )
