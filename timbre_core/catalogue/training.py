"""Trainings that were asked for in the app: each a piece of work of the queue, done by `timbre_core.train`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
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
    hours: float = 0.0,
) -> dict[str, Any]:
    """What a piece of work of the kind `train` is told.

    recipe: its name; with `start_from` (a checkpoint's folder) that of the checkpoint, whose weights it begins with. data:
    roots as `train` takes them. out: the checkpoint's folder. hours: after which no further epoch is begun, and what is there
    becomes a checkpoint; 0: as long as it takes. Raises TimbreError where that is taken, or no data is given.
    """
    if not data:
        raise TimbreError("nothing to train on was chosen: choose a library.")
    if not 1 <= epochs <= 100_000:
        raise TimbreError(f"{epochs} epochs: choose from 1 to 100,000.")
    if not 0 <= hours <= 10_000:
        raise TimbreError(f"{hours:g} hours: choose from 0 (no limit) to 10,000.")
    told = [f"training.epochs={epochs}", *(changes or [])]
    return {
        "recipe": recipe,
        "data": data,
        "out": str(out),
        "start_from": start_from or "",
        "changes": told,
        "hours": hours,
    }


def train_job(arguments: dict[str, Any], report: Report) -> str:
    """Train as asked, going on with what is there of it; returns a sentence. Raises Cancelled where it was stopped."""
    import json

    from timbre_core import train
    from timbre_core.training.progress import TrainingCancelled
    from timbre_core.unfinished import end_at, epochs_of, work_folder

    stopped, done = False, 0
    until = time.monotonic() + 3600 * arguments.get("hours", 0.0) if arguments.get("hours") else math.inf

    def told(progress: TrainingProgress) -> None:
        nonlocal stopped, done
        if progress.epoch:
            done = int(progress.done)
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

    def run(end: Callable[[], bool], more: list[str]) -> None:
        train(recipe, arguments["data"], out, told, end, changes=[*changes, *more], resume=True)

    limited, before = "", epochs_of(work_folder(out))
    if before:  # its time may have been up already, when it was ended
        changes.append(f"training.epochs={before}")
    try:
        try:
            run(lambda: stopped or (done > 0 and time.monotonic() > until), [])
        except TrainingCancelled:
            if stopped:
                raise
            # The time is up: the epochs that are done are all there will be, and what follows the last one is done.
            limited = f" for {done} epochs, as its time was up"
            end_at(work_folder(out), done)
            run(lambda: stopped, [f"training.epochs={done}"])
    except TrainingCancelled as error:
        raise Cancelled from error
    return f"{out.name}: trained{limited}; it is in the list of checkpoints"
