"""Training from a recipe to a finished checkpoint: `timbre-train`, which `train_cli.py` runs from a copy of the project."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.cli.shell import check_checkpoints, command_parser, guarded, home_expanded
from timbre_core.devices import AUTO
from timbre_core.devices import HELP as DEVICE_HELP

if TYPE_CHECKING:
    from timbre_core.training.progress import TrainingProgress

HELP = "train a model from a recipe and write a checkpoint that the app opens"
EXAMPLE = """python train_cli.py --set training.epochs=200          # the NSynth CVAE on the starter library
  python train_cli.py nsynth-vae --data my-notes/ --out checkpoints/mine --set training.epochs=30
  python train_cli.py --from nsynth-cvae --data forty-notes/ --out checkpoints/mine
  python train_cli.py nsynth-cvae --out checkpoints/mine --resume
  torchrun --nproc-per-node 2 train_cli.py nsynth-cvae --data nsynth/"""


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and train; returns the exit code."""
    return guarded(lambda: _run(arguments), ends_process=arguments is None)


def _run(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser()
    command_parser(parser, sys.modules[__name__])
    args = home_expanded(parser.parse_args(arguments))
    check_checkpoints(args)
    return run(args)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # Imported under guard, so that Ctrl-C is answered in one line from the start.
    from timbre_core.cli.data_options import add_library_arguments
    from timbre_core.experiment import MAPS, MOST_MAP_NOTES
    from timbre_core.recipes.recipe_files import list_recipes

    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help=f"a .yaml file or one of: {', '.join(list_recipes())} (default nsynth-cvae, with --from the "
        "checkpoint's own)",
    )
    parser.add_argument(
        "--from",
        dest="start_from",
        metavar="CHECKPOINT",
        help="begin with the weights of this checkpoint, by name or folder, instead of with nothing: for few notes "
        "(the same as --set training.start_from=CHECKPOINT)",
    )
    add_library_arguments(parser, "what the recipe names")
    parser.add_argument(
        "--keep-doubles",
        action="store_true",
        help="train also on notes that are the same recording as another one, level aside (default: they are left out)",
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
    parser.add_argument("--device", default=AUTO, metavar="DEVICE", help=DEVICE_HELP)
    parser.add_argument("--workers", type=int, help="processes that compute features (default: one per core)")
    parser.add_argument("--store", metavar="DIR", help="where to keep computed features (default: the user's cache)")
    parser.add_argument(
        "--map-notes",
        type=int,
        default=MOST_MAP_NOTES,
        metavar="N",
        help=f"most notes on the map (default {MOST_MAP_NOTES}, 0: all)",
    )
    parser.add_argument(
        "--maps",
        default=",".join(MAPS),
        metavar="LIST",
        help=f"of pca, umap, tsne, pacmap (default {','.join(MAPS)})",
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.cli.data_options import label_settings
    from timbre_core.experiment import check_free, free_folder, is_finished, planned, train

    recipe = planned(_recipe(args), args.data, changes=_changes(args))
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update=label_settings(args))})
    out = Path(args.out) if args.out else free_folder(recipe, args.resume)
    check_free(out, args.resume)
    if args.resume and is_finished(out):
        print(f"{out} is finished already: nothing to resume.")
        return 0
    try:
        train(
            recipe,
            out=out,
            on_progress=_tell,
            resume=args.resume,
            device=args.device,
            workers=args.workers,
            store=args.store,
            map_notes=args.map_notes,
            maps=[name for name in args.maps.split(",") if name],
            bars=True,
        )
    except KeyboardInterrupt:
        print(f"\nto go on, add to the same command: --resume --out {out}", file=sys.stderr)
        raise
    if int(os.environ.get("RANK", "0")) == 0:  # of the processes that torchrun starts, one speaks
        print(out)
    return 0


def _recipe(args: argparse.Namespace) -> str:
    """The recipe that is asked for: with --from alone that of the checkpoint, which its weights fit."""
    from timbre_core.checkpoint import RECIPE, open_checkpoint

    if args.recipe or not args.start_from:
        return args.recipe or "nsynth-cvae"
    return str(open_checkpoint(args.start_from).path / RECIPE)


def _changes(args: argparse.Namespace) -> list[str]:
    from timbre_core.checkpoint import open_checkpoint

    changes = ["data.keep_doubles=true"] * args.keep_doubles + args.set
    if not args.start_from:
        return changes
    start = json.dumps(str(open_checkpoint(args.start_from).path), ensure_ascii=False)
    return [f"training.start_from={start}", *changes]


def _tell(progress: TrainingProgress) -> None:
    if progress.notice:
        print(progress.notice, file=sys.stderr)
