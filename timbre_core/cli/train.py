"""Training from a recipe to a finished checkpoint: what `train_cli.py` runs."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbre_core import __version__
from timbre_core.checkpoint import (
    RECIPE,
    UNFINISHED,
    WEIGHTS,
    Checkpoint,
    default_checkpoints_folder,
    find_checkpoint,
    open_checkpoint,
    write_evaluation,
)
from timbre_core.cli.shell import check_output_folder, tell_skipped
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import write_text
from timbre_core.recipes.library import list_recipes, load_recipe, read_recipe, recipe_to_yaml
from timbre_core.recipes.schema import Recipe
from timbre_core.recipes.tasks import InverterTask

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library
    from timbre_core.datasets.store import FeatureStore
    from timbre_core.models.vae import VAE
    from timbre_core.training.distributed import Team

HELP = "train a model from a recipe and write a checkpoint that the app opens"
EXAMPLE = """python train_cli.py --set training.epochs=200          # the NSynth CVAE on the starter library
  python train_cli.py nsynth-vae --data my-notes/ --out checkpoints/mine --set training.epochs=30
  python train_cli.py nsynth-cvae --out checkpoints/mine --resume
  torchrun --nproc-per-node 2 train_cli.py nsynth-cvae --data nsynth/"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "recipe",
        nargs="?",
        default="nsynth-cvae",
        metavar="RECIPE",
        help=f"a .yaml file or one of: {', '.join(list_recipes())} (default nsynth-cvae)",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        metavar="DIR",
        help="NSynth folders, folders of sounds, .parquet libraries, or 'starter' (default: what the recipe names)",
    )
    parser.add_argument(
        "--pattern", help="how file names of a folder say their labels: '{instrument}_{pitch}_{velocity}'"
    )
    parser.add_argument("--out", metavar="DIR", help="checkpoint folder to write (default: checkpoints/RECIPE-N)")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="change the recipe: training.epochs=3",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with an interrupted training of the same --out; where there is none it says so and begins one",
    )
    parser.add_argument("--device", help="cpu, cuda or cuda:N (default: a GPU where there is one)")
    parser.add_argument("--workers", type=int, help="processes that compute features (default: one per core)")
    parser.add_argument("--store", metavar="DIR", help="where to keep computed features (default: the user's cache)")
    parser.add_argument(
        "--map-notes", type=int, default=5000, metavar="N", help="most notes on the map (default 5000, 0: all)"
    )
    parser.add_argument(
        "--maps", default="pca,umap,tsne", metavar="LIST", help="of pca, umap, tsne, pacmap (default pca,umap,tsne)"
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.analysis.projections import check_methods
    from timbre_core.training.distributed import team

    check_methods(_maps(args))
    recipe = load_recipe(args.recipe, args.set)
    given = {name: value for name, value in (("roots", args.data), ("pattern", args.pattern)) if value}
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update=given)})
    out = _choose_out(args, recipe)
    work = out.with_name(out.name + UNFINISHED)
    if args.resume and (out / RECIPE).exists() and not work.exists():
        print(f"{out} is finished already: nothing to resume.")
        return 0
    with team(args.device) as members:
        try:
            _train(args, recipe, out, work, members)
        except KeyboardInterrupt:
            print(f"\nto go on, add to the same command: --resume --out {out}", file=sys.stderr)
            raise
    return 0


def _train(args: argparse.Namespace, recipe: Recipe, out: Path, work: Path, members: Team) -> None:
    from timbre_core.datasets.library import recipe_library
    from timbre_core.training.trainer import STATE, measure_splits, train

    if args.resume and members.leads and not (work / STATE).exists():
        print(f"{work}: nothing to resume there, so the training starts from the beginning.", file=sys.stderr)
    library = recipe_library(recipe.data)
    if members.leads:
        tell_skipped(library.skipped)
    store = _store(args, library, recipe, members)
    if members.leads:
        _say_if_pitches_are_missing(store, recipe)
        if recipe.data.split.by == "instrument":
            _say_if_instruments_are_shared(library)
        recipe = _with_provenance(recipe, library, store, members)
        _open_work(work, recipe, args.resume)
    members.wait()
    through = _through(recipe)
    progress = train(recipe, store, work, members, args.resume, _start(recipe), through)
    if not members.leads:
        return
    print(
        f"best epoch {progress.best_epoch} of {progress.epoch}, validation {recipe.training.keep} {progress.best:.4f}",
        file=sys.stderr,
    )
    if recipe.makes_a_space:
        # What could not be analysed has been told, and is not tried again.
        readable = library.notes["note_id"].isin(store.notes["note_id"])
        library = dataclasses.replace(library, notes=library.notes[readable].reset_index(drop=True))
        _measure(Checkpoint(work.resolve(), recipe), library, args.map_notes, _maps(args))
    else:
        parts = measure_splits(recipe, store, work / WEIGHTS, members, through)
        write_evaluation(work, {"checkpoint": out.name, "task": recipe.task.kind, **parts})
    _finish(work, out)
    print(out)


def _start(recipe: Recipe) -> Path | None:
    """The weights to begin with, where the recipe names a checkpoint for them."""
    name = recipe.training.start_from
    return find_checkpoint(name).path / WEIGHTS if name else None


def _through(recipe: Recipe) -> VAE | None:
    """The timbre space that an inverter's inputs go through, where the recipe names one."""
    if not isinstance(recipe.task, InverterTask) or recipe.task.blur is None:
        return None
    checkpoint = find_checkpoint(recipe.task.blur.checkpoint)
    if checkpoint.recipe.features != recipe.features:
        raise TimbreError(
            f"task.blur.checkpoint: {checkpoint.path} has other features than this recipe: choose another."
        )
    if checkpoint.recipe.window.frames != recipe.window.frames:
        raise TimbreError(f"window.frames must be the {checkpoint.recipe.window.frames} of {checkpoint.path}.")
    return checkpoint.model()


def _maps(args: argparse.Namespace) -> list[str]:
    return [name for name in args.maps.split(",") if name]


def _choose_out(args: argparse.Namespace, recipe: Recipe) -> Path:
    """The checkpoint folder: `--out`, or the first free checkpoints/RECIPE-N (with --resume: the newest unfinished)."""
    folder = default_checkpoints_folder()
    if args.out:
        out = Path(args.out)
    elif args.resume:
        found = sorted(folder.glob(f"{recipe.name}-*{UNFINISHED}"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise TimbreError(f"--resume: no unfinished training of {recipe.name} in {folder}: name it with --out.")
        out = found[-1].with_name(found[-1].name.removesuffix(UNFINISHED))
    else:
        taken = {path.name.removesuffix(UNFINISHED) for path in folder.glob(f"{recipe.name}-*")}
        number = next(n for n in range(1, len(taken) + 2) if f"{recipe.name}-{n}" not in taken)
        out = folder / f"{recipe.name}-{number}"
    if out.exists() and not args.resume and (not out.is_dir() or any(out.iterdir())):
        raise TimbreError(f"--out {out}: it exists already: choose another folder (nothing is overwritten).")
    check_output_folder(out, "--out")
    return out


def _store(args: argparse.Namespace, library: Library, recipe: Recipe, members: Team) -> FeatureStore:
    """Features of the library: computed by rank 0, opened by all."""
    from timbre_core.datasets.store import build_store
    from timbre_core.training.tasks import stored_features

    if not members.leads:
        members.wait()
    store = build_store(library, stored_features(recipe), args.store, workers=args.workers, progress=members.leads)
    if members.leads:
        members.wait()
    return store


def _say_if_instruments_are_shared(library: Library) -> None:
    """Few instruments are divided by note, and folders without labels are one instrument: the user should know."""
    instruments = library.notes.groupby("split")["instrument"].unique()
    if set(instruments.get("train", [])) & set(instruments.get("valid", [])):
        print(
            f"{', '.join(library.roots)}: too few instruments to hold one out, so single notes are. Instruments come from "
            "metadata.csv or --pattern; without them a folder is one instrument.",
            file=sys.stderr,
        )


def _say_if_pitches_are_missing(store: FeatureStore, recipe: Recipe) -> None:
    unknown = int(store.notes["pitch"].isna().sum()) if recipe.uses_pitch else 0
    if unknown:
        print(
            f"{unknown} of {len(store.notes)} notes have no pitch, which {recipe.name} is told, and are not trained on: "
            "label them in metadata.csv or with --pattern.",
            file=sys.stderr,
        )


def _with_provenance(recipe: Recipe, library: Library, store: FeatureStore, members: Team) -> Recipe:
    """The recipe with what the run is made from: versions, data fingerprint, and which instruments are trained on."""
    import platform

    import torch

    from timbre_core.models.networks import build_network
    from timbre_core.models.vae import count_parameters

    notes = store.notes
    provenance: dict[str, Any] = {
        "timbre_explorer": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "device": str(members.device.type),
        "processes": members.size,
        "threads": torch.get_num_threads(),
        "parameters": count_parameters(build_network(recipe)),
        "data_fingerprint": store.fingerprint,
        "notes": {name: int(count) for name, count in notes["split"].value_counts().items()},
        "skipped": len(library.skipped) + len(store.skipped),
        "train_instruments": sorted(notes.loc[notes["split"] == "train", "instrument"].unique().tolist()),
    }
    return recipe.model_copy(update={"provenance": provenance})


def _open_work(work: Path, recipe: Recipe, resume: bool) -> None:
    """Make the folder of an unfinished training, or check that the one to resume belongs to this recipe and data."""
    from timbre_core.training.trainer import STATE

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
    with os_errors(work, writing=True):
        work.mkdir(parents=True, exist_ok=True)
    write_text(work / RECIPE, recipe_to_yaml(recipe))


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


def _measure(checkpoint: Checkpoint, library: Library, most: int, maps: list[str]) -> None:
    """Evaluate on held-out notes and compute the map, as far as a run that was killed here has not done it yet."""
    from timbre_core.analysis.evaluation import evaluate
    from timbre_core.analysis.latents import compute_latents, spread_over
    from timbre_core.checkpoint import EVALUATION, LATENTS, write_latents

    if not (checkpoint.path / EVALUATION).exists():
        held_out = "test" if (library.notes["split"] == "test").any() else "valid"
        write_evaluation(checkpoint.path, evaluate(checkpoint, library, split=held_out))
    if not (checkpoint.path / LATENTS).exists():
        shown = spread_over(library.notes, most or None)
        write_latents(checkpoint.path, compute_latents(checkpoint, library, shown, maps), library.roots)


def _finish(work: Path, out: Path) -> None:
    """The work folder becomes the checkpoint in one rename."""
    from timbre_core.training.pictures import trim_pictures
    from timbre_core.training.trainer import STATE

    open_checkpoint(work)
    trim_pictures(work)
    with os_errors(out):
        (work / STATE).unlink(missing_ok=True)
        if out.exists():
            out.rmdir()
        work.rename(out)
