"""A training that takes a second: its recipe, and what it wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.recipes.schema import Recipe
from timbre_core.training.distributed import Team

SMALL = ["features.seconds=1.0", "window.frames=32", "training.batch_size=8", "training.epochs=3"]
ALONE = Team(torch.device("cpu"))


def small_recipe(*overrides: str, name: str = "nsynth-cvae") -> Recipe:
    return load_recipe(name, [*SMALL, *overrides])


def history(folder: Path) -> list[dict[str, Any]]:
    """Its lines but for the seconds, which no two runs share."""
    lines = (folder / "history.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]
