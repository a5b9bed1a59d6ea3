"""Names of the files in a checkpoint folder, and in the folder of an unfinished training."""

from __future__ import annotations

RECIPE = "recipe.yaml"
WEIGHTS = "model.safetensors"
HISTORY = "history.jsonl"
EVALUATION = "evaluation.json"
LATENTS = "latents.parquet"

UNFINISHED = ".training"
"""What the folder of an unfinished training is called after the checkpoint's name."""

LAST_WEIGHTS = "last.safetensors"
STATE = "state.safetensors"
EVENTS = "tensorboard"

PERFORMANCES = "performances.safetensors"
"""Where a checkpoint keeps how its training notes were played (see `generation.performance_prior`)."""
