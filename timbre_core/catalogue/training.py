"""Trainings that were asked for in the app: each a piece of work of the queue, done by `timbre_core.train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbre_core.catalogue.progress import Cancelled, Report
from timbre_core.checkpoint import open_checkpoint
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.training.progress import TrainingProgress


def training_arguments(
    recipe: str,
    data: list[str],
    out: Path,
    epochs: int,
    start_from: str | None = None,
    changes: list[str] | None = None,
) -> dict[str, Any]:
    """What a piece of work of the kind `train` is told.

    recipe: its name; with `start_from` (a checkpoint's folder) that of the checkpoint, whose weights it begins with. data:
    roots as `train` takes them. out: the checkpoint's folder. Raises TimbreError where that is taken, or no data is given.
    """
    if not data:
        raise TimbreError("nothing to train on was chosen: choose a library.")
    if not 1 <= epochs <= 100_000:
        raise TimbreError(f"{epochs} epochs: choose from 1 to 100,000.")
    told = [f"training.epochs={epochs}", *(changes or [])]
    return {"recipe": recipe, "data": data, "out": str(out), "start_from": start_from or "", "changes": told}


def train_job(arguments: dict[str, Any], report: Report) -> str:
    """Train as asked, going on with what is there of it; returns a sentence. Raises Cancelled where it was stopped."""
    import json

    from timbre_core import train
    from timbre_core.training.progress import TrainingCancelled

    stopped = False

    def told(progress: TrainingProgress) -> None:
        nonlocal stopped
        try:
            report(progress.stage, round(progress.done), round(progress.total))
        except Cancelled:
            stopped = True

    recipe, changes = arguments["recipe"], list(arguments["changes"])
    if arguments["start_from"]:
        start = open_checkpoint(arguments["start_from"]).path
        recipe = str(start / "recipe.yaml")
        changes.insert(0, f"training.start_from={json.dumps(str(start), ensure_ascii=False)}")
    out = Path(arguments["out"])
    try:
        train(recipe, arguments["data"], out, told, lambda: stopped, changes=changes, resume=True)
    except TrainingCancelled as error:
        raise Cancelled from error
    return f"{out.name}: trained; it is in the list of checkpoints"
