"""The options --tuning and --mapping: Scala files."""

from __future__ import annotations

import argparse


def add_tuning_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --tuning and --mapping."""
    parser.add_argument(
        "--tuning",
        metavar="FILE.scl",
        help="tune the keys by a Scala scale, key 60 its first note, A4 440 Hz: every key has its own sample",
    )
    parser.add_argument(
        "--mapping", metavar="FILE.kbm", help="with --tuning: which keys play which steps, and the pitch"
    )


def tuning_of(args: argparse.Namespace) -> list[float | None] | None:
    """The MIDI pitch of each key, None without --tuning. Raises TimbreError for what is no such file."""
    from timbre_core.errors import TimbreError
    from timbre_core.features.tuning import key_pitches, read_mapping, read_scale

    if args.tuning is None:
        if args.mapping is not None:
            raise TimbreError("--mapping says how a scale lies on the keys: give the scale with --tuning.")
        return None
    return key_pitches(read_scale(args.tuning), None if args.mapping is None else read_mapping(args.mapping))
