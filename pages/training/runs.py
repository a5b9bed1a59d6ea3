"""Trainings, finished and running: what their folders say of how they went and how far they are."""

from __future__ import annotations

import math
import shlex
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from pages.server.catalog import Listing
from pages.server.memo import Memo
from timbre_core.checkpoint import HISTORY, RECIPE, UNFINISHED, list_checkpoints, list_trainings
from timbre_core.errors import TimbreError
from timbre_core.files import readable
from timbre_core.recipes.recipe_files import read_recipe
from timbre_core.recipes.schema import Recipe
from timbre_core.training.history import Epochs, read_epochs

# Without news for this long, or for as long as some epochs take, nobody trains there any more.
_SILENCE = 60.0
_SILENT_EPOCHS = 4
# Before the first epoch and after the last one there is nothing to go by; measuring a large data set takes its time.
_LONG_SILENCE = 1800.0

_histories = Memo(64)
_recipes = Memo(64)


@dataclass(frozen=True)
class Run:
    """A training. `state` is starting (no epoch yet), running, measuring (all epochs done), stopped or finished.

    pace: seconds that an epoch takes; rate: windows trained on in a second; left: seconds to the last epoch (each None
    where it is not known). recipe: None where it cannot be read.
    """

    name: str
    folder: Path
    recipe: Recipe | None
    epochs: Epochs
    state: Literal["starting", "running", "measuring", "stopped", "finished"]
    pace: float | None = None
    rate: float | None = None
    left: float | None = None

    @property
    def alive(self) -> bool:
        return self.state in ("starting", "running", "measuring")

    @property
    def done(self) -> int:
        """The last epoch that is done."""
        return int(self.epochs.columns["epoch"][-1]) if len(self.epochs) else 0

    @property
    def resume_command(self) -> str:
        """What goes on with a stopped training."""
        out = self.folder.with_name(self.name)
        return f"python train_cli.py {shlex.quote(str(self.folder / RECIPE))} --out {shlex.quote(str(out))} --resume"


def run_folders(found: Listing) -> dict[str, Path]:
    """Folders of the trainings that the checkpoints folder knows of, by name: running ones first, then timbre spaces."""
    try:
        unfinished = {readable(path.name).removesuffix(UNFINISHED): path for path in list_trainings(found.folder)}
        others = {readable(path.name): path for path in list_checkpoints(found.folder)}
    except OSError:
        return {}  # the folder went away this moment
    finished = {name: checkpoint.path for name, checkpoint in found.checkpoints.items()} | others
    return unfinished | {name: path for name, path in finished.items() if name not in unfinished and _has_history(path)}


def open_run(name: str, folder: Path, now: float | None = None, ended: float | None = None) -> Run:
    """What a training's folder says now. Raises TimbreError when the folder or its history cannot be read.

    ended: when it is known to have ended, in seconds since 1970: it is stopped at once where nothing was written since.
    """
    epochs, changed = _read_history(folder)
    recipe = _read_recipe(folder)
    if not folder.name.endswith(UNFINISHED):
        return Run(name, folder, recipe, epochs, "finished")
    silence = (time.time() if now is None else now) - changed
    silence = math.inf if ended is not None and changed <= ended else silence
    pace, rate = _pace(epochs, recipe)
    total = recipe.training.epochs if recipe else None
    done = int(epochs.columns["epoch"][-1]) if len(epochs) else 0
    if not done:
        return Run(name, folder, recipe, epochs, "starting" if silence < _LONG_SILENCE else "stopped")
    if total is not None and done >= total:
        return Run(name, folder, recipe, epochs, "measuring" if silence < _LONG_SILENCE else "stopped", pace)
    if silence > max(_SILENCE, _SILENT_EPOCHS * (pace or 0)):
        return Run(name, folder, recipe, epochs, "stopped", pace, rate)
    left = max(0.0, (total - done) * pace - silence) if total is not None and pace is not None else None
    return Run(name, folder, recipe, epochs, "running", pace, rate, left)


def what_is_wrong(runs: Mapping[str, Run]) -> list[str]:
    """A sentence for each history that cannot be read to the full."""
    said = []
    for run in runs.values():
        if run.epochs.damaged:
            where = ", ".join(str(line) for line in run.epochs.damaged[:5])
            more = " and others" if len(run.epochs.damaged) > 5 else ""
            said.append(f"{run.name}: line {where}{more} of {HISTORY} is damaged and left out.")
        if run.epochs.gaps:
            where = ", ".join(str(epoch) for epoch in run.epochs.gaps[:5])
            said.append(f"{run.name}: epoch {where} has values that are no numbers, so its curves have a gap there.")
        if run.recipe is None:
            said.append(f"{run.name}: its {RECIPE} cannot be read, so it is not known how many epochs it should take.")
    return said


def _has_history(folder: Path) -> bool:
    return (folder / HISTORY).is_file()


def _read_history(folder: Path) -> tuple[Epochs, float]:
    """The history, and when something was last written to it (or when the training began)."""
    path = folder / HISTORY
    try:
        status = (path if path.exists() else folder).stat()
    except OSError as error:
        raise TimbreError(f"{folder} is no longer there: it was renamed or deleted.") from error
    epochs = _histories.get((path, status.st_mtime_ns, status.st_size), partial(read_epochs, folder))
    return epochs, status.st_mtime


def _read_recipe(folder: Path) -> Recipe | None:
    path = folder / RECIPE
    try:
        status = path.stat()
        return _recipes.get((path, status.st_mtime_ns, status.st_size), partial(read_recipe, path))
    except (TimbreError, OSError):
        return None


def _pace(epochs: Epochs, recipe: Recipe | None) -> tuple[float | None, float | None]:
    """Seconds per epoch and windows per second, over the last few epochs."""
    seconds, steps = (epochs.columns.get(name, [])[-6:] for name in ("seconds", "step"))
    times = [later - earlier for earlier, later in zip([0.0, *seconds], seconds, strict=False)]
    if len(seconds) > 1:
        times = times[1:]
    times = [value for value in times if value > 0]
    if not times:
        return None, None
    pace = statistics.median(times)
    if recipe is None or len(steps) < 2 or not steps[-1] > steps[-2]:
        return pace, None
    return pace, (steps[-1] - steps[-2]) * recipe.training.batch_size / pace
