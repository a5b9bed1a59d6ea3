"""Folders of unfinished trainings: each becomes, in one rename, the checkpoint of its name without the suffix."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.checkpoint import RECIPE, UNFINISHED, WEIGHTS, default_checkpoints_folder, open_checkpoint
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import check_output_folder, write_text
from timbre_core.recipes.recipe_files import read_recipe, recipe_to_yaml
from timbre_core.recipes.schema import Recipe

if TYPE_CHECKING:
    import filelock

_LOCK = "training.lock"


def free_folder(recipe: Recipe, resume: bool = False) -> Path:
    """The first free checkpoints/RECIPE-N; to resume, that of the newest unfinished run."""
    folder = default_checkpoints_folder()
    if resume:
        found = sorted(folder.glob(f"{recipe.name}-*{UNFINISHED}"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise TimbreError(f"--resume: no unfinished training of {recipe.name} in {folder}: name it with --out.")
        return found[-1].with_name(found[-1].name.removesuffix(UNFINISHED))
    taken = {path.name.removesuffix(UNFINISHED) for path in folder.glob(f"{recipe.name}-*")}
    return folder / next(f"{recipe.name}-{n}" for n in range(1, len(taken) + 2) if f"{recipe.name}-{n}" not in taken)


def check_free(out: Path, resume: bool) -> None:
    """Raises TimbreError for a checkpoint folder that cannot be written, or would be overwritten."""
    if out.exists() and not resume and (not out.is_dir() or any(out.iterdir())):
        raise TimbreError(f"--out {out}: it exists already: choose another folder (nothing is overwritten).")
    check_output_folder(out, "--out")


def is_finished(out: Path) -> bool:
    """Whether a run's checkpoint is complete, with nothing to resume."""
    return (out / RECIPE).exists() and not work_folder(out).exists()


def work_folder(out: Path) -> Path:
    """Where an unfinished run of the checkpoint `out` keeps its files."""
    return out.with_name(out.name + UNFINISHED)


@dataclass
class Hold:
    """What keeps other trainings out of the folder of this one; the operating system lets go of it with the process."""

    work: Path
    _lock: filelock.BaseFileLock | None = field(default=None, init=False)

    def take(self) -> None:
        """Raises TimbreError where another training has the folder, which must exist."""
        import filelock

        lock = filelock.FileLock(self.work / _LOCK, is_singleton=False)
        with os_errors(self.work / _LOCK, writing=True):
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                raise TimbreError(
                    f"{self.work}: another training is at work there: wait for it, or choose another --out."
                ) from None
        self._lock = lock

    def let_go(self) -> bool:
        """Whether it was held."""
        if self._lock is None:
            return False
        with suppress(OSError):  # on Windows, where an open file stays, it goes with what is left of the training
            (self.work / _LOCK).unlink()
        self._lock.release()
        self._lock = None
        return True


def open_work(hold: Hold, recipe: Recipe, resume: bool) -> None:
    """Make the folder of an unfinished training, or check that the one to resume belongs to this recipe and data.

    It is held from then on.
    """
    from timbre_core.training.trainer import STATE

    work = hold.work
    with os_errors(work, writing=True):
        work.mkdir(parents=True, exist_ok=True)
    hold.take()
    if (work / STATE).exists():
        if not resume:
            raise TimbreError(
                f"{work}: an unfinished training is here: go on with --resume, or delete the folder to start afresh."
            )
        before = read_recipe(work / RECIPE)
        changed = _difference(before, recipe)
        if changed:
            raise TimbreError(f"--resume: {changed} differs from how {work} began: use the same, or another --out.")
        return
    write_text(work / RECIPE, recipe_to_yaml(recipe))


def end_at(work: Path, epochs: int) -> None:
    """Have the unfinished training end with so many epochs, as if its recipe had said so."""
    recipe = read_recipe(work / RECIPE)
    training = recipe.training.model_copy(update={"epochs": epochs})
    write_text(work / RECIPE, recipe_to_yaml(recipe.model_copy(update={"training": training})))


def epochs_of(work: Path) -> int | None:
    """How many epochs an unfinished training is to have; None where there is none."""
    return read_recipe(work / RECIPE).training.epochs if (work / RECIPE).exists() else None


@contextmanager
def held_for_training(work: Path) -> Iterator[Hold]:
    """Runs a training in a folder that is made in the block; where it ends before anything is to be resumed, the folder goes.

    A folder that was there before stays, and one that another training holds.
    """
    from timbre_core.training.trainer import STATE

    there, hold = work.exists(), Hold(work)
    try:
        yield hold
    except BaseException:
        held = hold.let_go()
        if held and not there and work.is_dir() and not (work / STATE).exists() and not (work / WEIGHTS).exists():
            shutil.rmtree(work, ignore_errors=True)
        raise


def _difference(before: Recipe, now: Recipe) -> str:
    """The first part of two recipes that decides results and is not the same, or nothing."""
    if before.data.repeats != now.data.repeats:
        return "data.repeats"
    for name in ("features", "window", "task", "model", "objective", "training"):
        if getattr(before, name) != getattr(now, name):
            return name
    if before.provenance.get("data_fingerprint") != now.provenance.get("data_fingerprint"):
        return "the data"
    return ""


def finish(hold: Hold, out: Path) -> None:
    """The work folder becomes the checkpoint in one rename."""
    from timbre_core.training.pictures import trim_pictures
    from timbre_core.training.trainer import STATE

    work = hold.work
    open_checkpoint(work)
    trim_pictures(work)
    hold.let_go()
    with os_errors(out):
        (work / STATE).unlink(missing_ok=True)
        if out.exists():
            out.rmdir()
        work.rename(out)
