"""Which notes, and how their labels are read: the arguments of every command that reads folders of sounds for a model."""

from __future__ import annotations

import argparse
from typing import Any

from timbre_core.errors import TimbreError


def add_library_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """--data (`default` says which notes are taken without it) and what `add_label_arguments` adds."""
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        metavar="DIR",
        help=f"NSynth folders, folders of sounds, .parquet libraries, or 'starter' (default: {default})",
    )
    add_label_arguments(parser)


def add_label_arguments(parser: argparse.ArgumentParser) -> None:
    """--pattern, --transpose and --octave: how labels are read."""
    parser.add_argument(
        "--pattern",
        help="how file names of a folder say their labels: '{instrument}_{pitch}_{velocity}' (default: read from the names)",
    )
    parser.add_argument(
        "--transpose", type=int, metavar="N", help="add N semitones to all pitch labels: 12 where middle C is called C3"
    )
    parser.add_argument(
        "--octave",
        choices=("check", "auto", "off"),
        help="check: listen to some notes and tell where an instrument sounds a fixed interval off its labels; auto: correct "
        "labels that are whole octaves off; off: do not listen (default: check)",
    )


def label_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What of a recipe's data settings the arguments change."""
    given = {"pattern": args.pattern, "transpose": args.transpose, "octave": args.octave}
    if args.transpose is not None and not -60 <= args.transpose <= 60:
        raise TimbreError(f"--transpose {args.transpose}: give semitones from -60 to 60.")
    return {name: value for name, value in given.items() if value is not None}
