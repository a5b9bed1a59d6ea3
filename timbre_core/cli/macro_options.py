"""The option that shapes a sound by macros, of all commands that play one."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.generation.macros import Shape


def add_macros_argument(parser: argparse.ArgumentParser) -> None:
    """`--macros brightness=2,noise=-1`."""
    parser.add_argument(
        "--macros",
        default=None,
        metavar="NAME=STEPS,...",
        help="shape the sound in steps, as in brightness=2,noise=-1.5: brightness (2 semitones a step), attack (times 1.5), "
        "decay (2 dB), sustain (3 dB), noise (3 dB), vibrato (10 cents), vibrato_rate (0.5 Hz), "
        "hollow (3 dB), inharmonicity (10 cents), body (1.5 semitones), randomness (3 cents), "
        "playing (12.5 %% of how such instruments are played: sounds of timbre-space)",
    )


def shape_of(args: argparse.Namespace) -> Shape | None:
    """The shape that is asked for, None where none is. Raises TimbreError that names the option."""
    from timbre_core.generation.macros import read_shape

    if args.macros is None:
        return None
    try:
        return read_shape(args.macros)
    except TimbreError as error:
        raise TimbreError(f"--macros: {error}") from error
