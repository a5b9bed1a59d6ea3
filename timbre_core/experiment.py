"""A whole experiment: from a recipe and a folder of sounds to a finished checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from timbre_core.before_training import (
    blurring_space,
    check_enough,
    few_notes,
    missing_pitches,
    shared_instruments,
    start_weights,
    with_provenance,
)
from timbre_core.checkpoint import (
    EVALUATION,
    LATENTS,
    WEIGHTS,
    Checkpoint,
    open_checkpoint,
    write_evaluation,
    write_latents,
)
from timbre_core.datasets.skipped import skipped_lines
from timbre_core.devices import AUTO
from timbre_core.errors import TimbreError
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.recipes.schema import Recipe
from timbre_core.unfinished import (
    Hold,
    check_free,
    finish,
    free_folder,
    held_for_training,
    is_finished,
    open_work,
    work_folder,
)

if TYPE_CHECKING:
    from timbre_core.datasets.feature_store import FeatureStore
    from timbre_core.datasets.library import Library
    from timbre_core.training.distributed import Team
    from timbre_core.training.progress import Reporter, TrainingProgress

MOST_MAP_NOTES = 5000
"""Notes on the map of a new checkpoint, unless told otherwise."""

MAPS = ("pca", "umap", "tsne")
"""How its latents are laid out."""


def train(
    recipe: Recipe | Path | str = "nsynth-cvae",
    data: Path | str | Sequence[Path | str] | None = None,
    out: Path | str | None = None,
    on_progress: Callable[[TrainingProgress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    *,
    changes: Sequence[str] = (),
    pattern: str | None = None,
    resume: bool = False,
    device: str | None = AUTO,
    workers: int | None = None,
    store: Path | str | None = None,
    map_notes: int = MOST_MAP_NOTES,
    maps: Sequence[str] = MAPS,
    bars: bool = False,
) -> Checkpoint:
    """Train a model from a recipe, measure it, lay out its map, and write all of it as a checkpoint.

    Parameters
    ----------
    recipe : Recipe, Path or str
        A name such as "nsynth-cvae" (see `list_recipes`), a YAML file, or a recipe.
    data : Path, str or a sequence of them, optional
        Folders of sounds, NSynth folders, .parquet libraries or "starter"; by default what the recipe names.
    out : Path or str, optional
        The folder to write, which must not exist; by default checkpoints/RECIPE-N.
    on_progress : callable, optional
        Called with a `TrainingProgress` in this thread, some times a second and after every epoch.
    cancel : callable, optional
        Asked after each step (of several processes: each epoch); when it says True the run ends.
    changes : sequence of str
        Of the recipe, such as "training.epochs=3".
    pattern : str, optional
        How file names of a folder say their labels, such as "{instrument}_{pitch}_{velocity}".
    resume : bool
        Go on with an unfinished run of the same `out`; where there is none, begin one.
    device : str, optional
        "auto" (CUDA, else Apple's MPS, else the CPU), "cpu", "cuda", "cuda:1" or "mps".
    workers : int, optional
        Processes that compute features, by default one per core. A script that trains on thousands of notes keeps its own work
        below `if __name__ == "__main__":`, as always with processes, or says 1.
    store : Path or str, optional
        Folder for computed features, by default one in the user's cache.
    map_notes : int
        Most notes on the map, 0 for all.
    maps : sequence of str
        How they are laid out, of pca, umap, tsne, pacmap.
    bars : bool
        Show progress bars on stderr.

    Returns
    -------
    Checkpoint
        The finished one. Of the processes that torchrun starts, each returns it and the first writes it.

    Raises
    ------
    TrainingCancelled
        `cancel` said so. What is done is kept: the same call with `resume` goes on with it.
    TimbreError
        The recipe, the data or the folder cannot be used, or the loss stops being a number.

    Examples
    --------
    >>> import timbre_core
    >>> few = ["data.only={families: [flute]}", "training.epochs=1"]
    >>> timbre_core.train("nsynth-cvae", "starter", "first", changes=few).name  # doctest: +SKIP
    'first'
    """
    from timbre_core.analysis.projections import check_methods
    from timbre_core.training.distributed import team
    from timbre_core.training.progress import Reporter

    check_methods(maps)
    recipe = planned(recipe, data, pattern, changes)
    out = Path(out).expanduser() if out is not None else free_folder(recipe, resume)
    check_free(out, resume)
    if resume and is_finished(out):
        return open_checkpoint(out)
    with team(device) as members:
        reporter = Reporter(on_progress if members.leads else None, cancel)
        with held_for_training(work_folder(out)) if members.leads else nullcontext(Hold(work_folder(out))) as hold:
            bars &= members.leads
            return _Run(recipe, out, hold, resume, members, reporter, workers, store, map_notes, maps, bars).through()


def planned(
    recipe: Recipe | Path | str,
    data: Path | str | Sequence[Path | str] | None = None,
    pattern: str | None = None,
    changes: Sequence[str] = (),
) -> Recipe:
    """The recipe with changes and with other data. Arguments and errors as `train`."""
    if not isinstance(recipe, Recipe):
        recipe = load_recipe(str(recipe), list(changes))
    elif changes:
        raise TimbreError("changes are for recipes given by name or file: change this one with `model_copy`.")
    roots = [data] if isinstance(data, str | Path) else list(data or ())
    given = {name: value for name, value in (("roots", [str(root) for root in roots]), ("pattern", pattern)) if value}
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=given)})


@dataclass
class _Run:
    """One run, in one of its processes. Attributes as the arguments of `train`."""

    recipe: Recipe
    out: Path
    hold: Hold
    resume: bool
    members: Team
    reporter: Reporter
    workers: int | None
    store: Path | str | None
    map_notes: int
    maps: Sequence[str]
    bars: bool

    def through(self) -> Checkpoint:
        """Everything, from the library to the finished checkpoint."""
        from timbre_core.training.trainer import STATE, measure_splits
        from timbre_core.training.trainer import train as train_model

        members, recipe, tell = self.members, self.recipe, self.reporter.notice
        if self.resume and not (self.hold.work / STATE).exists():
            tell("library", f"{self.hold.work}: nothing to resume there, so the training starts from the beginning.")
        library, store = self._data()
        check_enough(store, recipe)
        if members.leads:
            for sentence in (
                *missing_pitches(store, recipe),
                *shared_instruments(library, recipe),
                *few_notes(store, recipe),
            ):
                tell("features", sentence)
            recipe = with_provenance(recipe, library, store, members)
            open_work(self.hold, recipe, self.resume)
        members.wait()
        blur = blurring_space(recipe)
        progress = train_model(
            recipe,
            store,
            self.hold.work,
            members,
            self.resume,
            start_weights(recipe),
            blur,
            self.reporter,
            self.bars,
            self._after(library),
        )
        if not members.leads:
            return Checkpoint(self.out.resolve(), recipe)
        best = f"best epoch {progress.best_epoch} of {progress.epoch}"
        tell("training", f"{best}, validation {recipe.training.keep} {progress.best:.4f}")
        if recipe.makes_a_space:
            # What could not be analysed has been told, and is not tried again; doubles have been dealt with.
            readable = library.notes["note_id"].isin(store.notes["note_id"])
            notes = library.notes[readable].reset_index(drop=True)
            library = replace(library, notes=notes.assign(split=store.notes["split"]))
            self._measure(Checkpoint(self.hold.work.resolve(), recipe), library)
        else:
            parts = measure_splits(recipe, store, self.hold.work / WEIGHTS, members, blur)
            write_evaluation(self.hold.work, {"checkpoint": self.out.name, "task": recipe.task.kind, **parts})
        finish(self.hold, self.out)
        return open_checkpoint(self.out)

    def _after(self, library: Library) -> float:
        """Seconds that evaluation and map will take."""
        from timbre_core.training.remaining import measuring_seconds

        splits = library.notes["split"].value_counts()
        held_out = int(splits.get("test", splits.get("valid", 0)))
        mapped = min(len(library.notes), self.map_notes or len(library.notes))
        return measuring_seconds(held_out, mapped) if self.recipe.makes_a_space else 0.0

    def _data(self) -> tuple[Library, FeatureStore]:
        """The library, and its features: computed by rank 0, opened by all."""
        from timbre_core.datasets.library import recipe_library
        from timbre_core.datasets.store_build import build_store
        from timbre_core.training.criteria import stored_features

        library = recipe_library(self.recipe.data, progress=self.bars)
        for sentence in (*library.said, *skipped_lines(library.skipped)):
            self.reporter.notice("library", sentence)
        settings, watch = stored_features(self.recipe), self.reporter.watch("features")
        if not self.members.leads:
            self.members.wait()
        store = build_store(
            library, settings, self.store, self.workers, self.bars, watch, self.recipe.data.keep_doubles
        )
        if self.members.leads:
            self.members.wait()
        return library, store

    def _measure(self, checkpoint: Checkpoint, library: Library) -> None:
        """Evaluate on held-out notes and compute the map, as far as a run that was killed here has not done it yet.

        What fails is told, with the command that makes it later, and does not cost the checkpoint.
        """
        from timbre_core.analysis.evaluation import evaluate
        from timbre_core.analysis.latents import compute_latents, spread_over
        from timbre_core.learned_code import codes_of

        if not (checkpoint.path / EVALUATION).exists():
            held_out = "test" if (library.notes["split"] == "test").any() else "valid"
            watch = self.reporter.watch("evaluation")
            with self._not_fatal("evaluation", f"evaluate {self.out} --json {self.out / EVALUATION}"):
                measured = evaluate(checkpoint, library, split=held_out, progress=self.bars, watch=watch)
                write_evaluation(checkpoint.path, measured)
        if not (checkpoint.path / LATENTS).exists():
            shown, watch = spread_over(library.notes, self.map_notes or None), self.reporter.watch("map")
            with self._not_fatal("map", f"project {self.out}"):
                latents = compute_latents(
                    checkpoint,
                    library,
                    shown,
                    self.maps,
                    progress=self.bars,
                    watch=watch,
                    code=codes_of(checkpoint, library),
                )
                write_latents(checkpoint.path, latents, library.roots)

    @contextmanager
    def _not_fatal(self, stage: Literal["evaluation", "map"], later: str) -> Iterator[None]:
        """Whatever goes wrong inside is told and passed over: trained weights are worth more than what is measured of them."""
        from timbre_core.training.progress import TrainingCancelled

        try:
            yield
        except TrainingCancelled:
            raise
        except Exception as error:
            reason = str(error).strip() if isinstance(error, TimbreError) else f"{type(error).__name__}: {error}"
            self.reporter.notice(
                stage,
                f"the {stage} could not be made ({reason.rstrip('.')}): the checkpoint is kept without; "
                f"make it later with `python -m timbre_core {later}`.",
            )
