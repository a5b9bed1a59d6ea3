"""`python -m timbre_core generate`: a new note."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from timbre_core.cli.inverter_options import add_inverter_argument
from timbre_core.cli.shell import check_seed

HELP = "generate a note: from the prior, from a family, or with the timbre of a note on the map"
EXAMPLE = "python -m timbre_core generate checkpoints/nsynth-cvae --pitch 60 --seconds 2 --family brass --out brass.wav"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    parser.add_argument("--pitch", type=float, help="MIDI pitch (default 60, or that of the --like note)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length, 0.05 to 60 (default 2)")
    parser.add_argument("--seed", type=int, default=0, help="another seed is another note (default 0)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--family", help="draw from among this family's notes on the map")
    source.add_argument("--like", metavar="NOTE_ID", help="take the timbre of this note on the map")
    add_inverter_argument(parser)
    parser.add_argument(
        "--out",
        default="note.wav",
        metavar="FILE.wav",
        help="where to write; an older file of that name is replaced (default note.wav)",
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.errors import TimbreError
    from timbre_core.features.audio import write_wav
    from timbre_core.space import TimbreSpace

    check_seed(args.seed)
    if args.pitch is not None and not math.isfinite(args.pitch):
        raise TimbreError(f"--pitch {args.pitch}: choose a MIDI pitch from 0 to 127 (60 is middle C).")
    space = TimbreSpace(open_checkpoint(args.checkpoint), inverter=args.inverter)
    if args.pitch is not None and not space.recipe.uses_pitch:
        print(f"note: {space.checkpoint.name} is not conditioned on pitch, so --pitch does not decide what sounds.")
    note = space.generate(args.pitch, args.seconds, args.seed, args.family, args.like)
    write_wav(Path(args.out), note.audio, note.sample_rate)
    print(args.out)
    return 0
