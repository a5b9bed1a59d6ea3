"""Which of all timbre spaces comes first where none was chosen: one order for the app's pages and for commands."""

from __future__ import annotations

from pathlib import Path

from timbre_core.checkpoint import Checkpoint, default_checkpoints_folder, list_checkpoints, open_checkpoint
from timbre_core.errors import TimbreError


def order_to_show(checkpoint: Checkpoint) -> tuple[bool, bool, bool, str]:
    """What checkpoints are sorted by: those with a map come first, of them those whose pitch can be played, of these those
    that compare by timbre codes."""
    recipe = checkpoint.recipe
    return not checkpoint.latents_file.exists(), not recipe.uses_pitch, recipe.distance != "timbre", checkpoint.name


def first_space(folder: Path | str | None = None) -> Checkpoint:
    """The timbre space that the app opens with; `folder` as for `list_checkpoints`.

    Broken checkpoints and networks of other tasks are passed over. Raises TimbreError where none is left.
    """
    spaces = []
    for path in list_checkpoints(folder):
        try:
            checkpoint = open_checkpoint(path)
        except TimbreError:
            continue
        if checkpoint.recipe.makes_a_space:
            spaces.append(checkpoint)
    if not spaces:
        place = folder if folder is not None else default_checkpoints_folder()
        raise TimbreError(f"{place}: no checkpoint of a timbre space in it: train one with `python train_cli.py`.")
    return min(spaces, key=order_to_show)
