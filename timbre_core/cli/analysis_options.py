"""What `evaluate` and `project` share: a checkpoint, and which notes to use it on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from timbre_core.cli.data_options import add_library_arguments, label_settings
from timbre_core.cli.shell import tell_library
from timbre_core.devices import AUTO
from timbre_core.devices import HELP as DEVICE_HELP
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.checkpoint import Checkpoint
    from timbre_core.datasets.library import Library


def add_data_arguments(parser: argparse.ArgumentParser, split: str) -> None:
    """CHECKPOINT, --data, --pattern, --transpose, --octave, --split (default `split`), --limit and --device."""
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    add_library_arguments(parser, "what it was trained on")
    parser.add_argument(
        "--split",
        default=split,
        choices=("unseen", "train", "valid", "test", "left_out", "all"),
        help="which notes; unseen: those of instruments that it was not trained on; left_out: those that its recipe's "
        f"data.leave_out names (default {split})",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="at most N notes, spread over instruments and pitches")
    parser.add_argument("--device", default=AUTO, metavar="DEVICE", help=DEVICE_HELP)


def check_limit(args: argparse.Namespace) -> None:
    """Raises TimbreError for a --limit below 1."""
    if args.limit is not None and args.limit < 1:
        raise TimbreError(f"--limit {args.limit}: choose 1 or more.")


def open_data(args: argparse.Namespace) -> tuple[Checkpoint, Library]:
    """The checkpoint and the library that the arguments name, with notes that cannot be used reported."""
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.datasets.library import recipe_library

    checkpoint = open_checkpoint(args.checkpoint)
    data = checkpoint.recipe.data.model_copy(update=label_settings(args))
    try:
        library = recipe_library(data, args.data)
    except TimbreError as error:
        if args.data:
            raise
        raise TimbreError(f"{error} ({checkpoint.name} was trained on it; give other notes with --data.)") from error
    tell_library(library, given=bool(args.data))
    return checkpoint, library
