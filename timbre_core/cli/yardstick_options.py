"""What `evaluate` and `compare` share: which parts to measure, and against which listening tests."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.analysis.yardsticks.listening import ListeningTest
    from timbre_core.checkpoint import Checkpoint

_PARTS = ("reconstruction", "latent", "control", "generalisation", "cross_pitch", "sound", "listening")
_HEARD = _PARTS[3:]


def add_yardstick_arguments(parser: argparse._ActionsContainer) -> None:
    """--only, --ratings and --distance."""
    parser.add_argument(
        "--only",
        nargs="+",
        action="extend",
        choices=_PARTS,
        metavar="PART",
        help="measure these parts alone: reconstruction, latent, control; generalisation (what codes tell of instruments that "
        "nothing was fitted on), cross_pitch (one note at other pitches, beside a sampler and pitch shifters), sound (what of a "
        "note is kept), listening (needs --ratings); default all, listening where --ratings is given",
    )
    parser.add_argument(
        "--pairs", type=int, default=100, metavar="N", help="pairs of notes that cross_pitch measures (default 100)"
    )
    parser.add_argument(
        "--sound-notes", type=int, default=200, metavar="N", help="notes that sound measures (default 200)"
    )
    parser.add_argument(
        "--ratings",
        metavar="DIR",
        help="listening tests: a folder for each, with its sounds (.aiff, .wav, .flac; in the order of their names) and "
        "dissimilarity.txt (the upper triangle of mean ratings)",
    )
    parser.add_argument(
        "--distance",
        choices=("euclidean", "standardised", "whitened", "cosine", "timbre"),
        help="how two notes are compared (default: as the checkpoint's map does): by their mean latents as they are, in units of "
        "each dimension's deviation, in units of their covariance, or by their angle; or by their timbre codes",
    )


def chosen_parts(args: argparse.Namespace, *checkpoints: Checkpoint) -> tuple[str, ...]:
    """The parts that the arguments name, in order. Raises TimbreError for one that cannot be measured of a checkpoint, and
    for a number of pairs or notes that measures nothing."""
    from timbre_core.features.settings import has_sound

    for name in ("pairs", "sound_notes"):
        if getattr(args, name) < 1:
            raise TimbreError(f"--{name.replace('_', '-')} {getattr(args, name)}: choose 1 or more.")
    silent = next((each for each in checkpoints if not has_sound(each.recipe.features)), None)
    parts = args.only or [
        part for part in _PARTS if not (silent and part in _HEARD) and (part != "listening" or args.ratings)
    ]
    unheard = [part for part in parts if part in _HEARD]
    if silent and unheard:
        raise TimbreError(f"{silent.name} makes pictures, which have no sound: leave --only {unheard[0]} out.")
    if "listening" in parts and not args.ratings:
        raise TimbreError("--only listening: give the folder of listening tests with --ratings.")
    return tuple(part for part in _PARTS if part in parts)


def read_ratings(args: argparse.Namespace) -> list[ListeningTest]:
    """The listening tests of --ratings, none without."""
    if not args.ratings:
        return []
    from timbre_core.analysis.yardsticks.listening import read_listening_tests

    return read_listening_tests(args.ratings)
