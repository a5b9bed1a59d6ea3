"""`python -m timbre_core traverse`: what single dimensions of a latent space do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from timbre_core.cli.inverter_options import add_inverter_argument
from timbre_core.cli.shell import check_result_folder, check_seed, default_output

HELP = "walk single latent dimensions of a note: a WAV file for each step, and a picture of all"
EXAMPLE = """python -m timbre_core traverse checkpoints/beta-vae --like NOTE_ID --dim 3 --out walk/
  python -m timbre_core traverse checkpoints/beta-vae --like NOTE_ID --dim 0 3 17 --reach 3 --steps 5 --out walk/
note ids: the Explore page names them, and so does a wrong one's error"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    parser.add_argument("--like", required=True, metavar="NOTE_ID", help="the note of the map that is changed")
    parser.add_argument("--dim", nargs="+", type=int, required=True, metavar="N", help="dimensions, counted from 0")
    parser.add_argument(
        "--reach", type=float, default=2.0, help="how far to both sides, in deviations of the prior (default 2)"
    )
    parser.add_argument("--steps", type=int, default=7, metavar="N", help="sounds of a dimension (default 7)")
    parser.add_argument("--seed", type=int, default=0, help="of the phases (default 0)")
    add_inverter_argument(parser)
    parser.add_argument("--out", metavar="DIR", help="folder to write to (default walk, or walk-2 where that is there)")


def run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.cli.picture import write_picture
    from timbre_core.features.audio import write_wav
    from timbre_core.generation.dimensions import checked_dimensions, step_moves, traversed
    from timbre_core.space import TimbreSpace

    check_seed(args.seed)
    step_moves(args.reach, args.steps)
    out = Path(args.out or default_output("walk"))
    check_result_folder(out, "--out")
    space = TimbreSpace(open_checkpoint(args.checkpoint), inverter=args.inverter)
    checked_dimensions(space, args.dim)
    space.row_of(args.like)
    rows = []
    with tqdm(total=len(args.dim) * args.steps, desc="traverse", unit="sound", file=sys.stderr) as bar:
        for dimension in args.dim:
            row = []
            for moved, sound in traversed(space, args.like, dimension, args.reach, args.steps, args.seed):
                write_wav(out / f"dimension-{dimension:02d}{moved:+.2f}.wav", sound.audio, sound.sample_rate)
                row.append(sound.frames)
                bar.update()
            rows.append(row)
    write_picture(out / "picture.png", rows)
    print(out)
    return 0
