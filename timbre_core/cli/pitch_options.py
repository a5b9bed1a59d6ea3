"""Options that say at which pitch a command's sound is to be."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timbre_core.generation.contours import Contour

_CENTRE = 60.0


def add_pitch_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """--pitch, --contour and --vibrato; `default` says what the pitch is without them."""
    pitch = parser.add_mutually_exclusive_group()
    pitch.add_argument("--pitch", help=f"MIDI pitch or note name, 60 or C4 (default {default})")
    pitch.add_argument(
        "--contour",
        metavar="POINTS",
        help='pitch over time: seconds:pitch between commas ("0:60,1.5:67"; MIDI, note names or 262Hz), or a CSV file of '
        "seconds,pitch lines, whose first line may be seconds,hz; points are joined by straight lines",
    )
    parser.add_argument(
        "--vibrato",
        metavar="DEPTH,RATE",
        help="vibrato around the pitch or the contour: cents up and down, and Hz, such as 50,5.5",
    )


def midi_pitch(text: str, option: str) -> float:
    """The MIDI pitch that a number or a note name says. Raises TimbreError, naming the option, for what is neither."""
    from timbre_core.errors import TimbreError
    from timbre_core.features.pitch import parse_note_name

    try:
        value = float(text)
    except ValueError:
        try:
            return float(parse_note_name(text))
        except TimbreError as error:
            raise TimbreError(f"{option}: {error}") from error
    if not 0 <= value <= 127:
        raise TimbreError(f"{option} {text[:40]}: choose a MIDI pitch from 0 to 127 (60 is middle C).")
    return value


def pitch_of(args: argparse.Namespace, default: float | None = None) -> float | Contour | None:
    """What --pitch, --contour and --vibrato ask for; None where nothing is asked.

    default: MIDI, the centre of a vibrato without a pitch. Raises TimbreError for what cannot be understood.
    """
    from timbre_core.errors import TimbreError
    from timbre_core.generation.contours import Contour, read_contour

    pitch = None if args.pitch is None else midi_pitch(args.pitch, "--pitch")
    if args.contour is None and args.vibrato is None:
        return pitch
    centre = default if pitch is None else pitch
    points = ((0.0, _CENTRE if centre is None else centre),) if args.contour is None else read_contour(args.contour)
    if args.vibrato is None:
        return Contour(points)
    try:
        depth, rate = (float(number) for number in args.vibrato.split(","))
    except ValueError:
        raise TimbreError(
            f"--vibrato {args.vibrato[:40]}: write cents and Hz with a comma between, such as 50,5.5."
        ) from None
    return Contour(points, depth, rate)
