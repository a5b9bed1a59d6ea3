"""`python -m timbre_core swap`: two notes with each other's latents."""

from __future__ import annotations

import argparse
from pathlib import Path

from timbre_core.cli.inverter_options import add_inverter_argument
from timbre_core.cli.shell import check_result_folder, check_seed, default_output

HELP = "swap latents between two notes: all or some dimensions of their means, or of their speakers' means"
EXAMPLE = """python -m timbre_core swap checkpoints/beta-vae NOTE_ID NOTE_ID --of instrument --out swapped/
  python -m timbre_core swap checkpoints/beta-vae NOTE_ID NOTE_ID --dim 3 17 --out swapped/
note ids: the Explore page names them, and so does a wrong one's error. A speaker is spoken notes' instrument."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    parser.add_argument("notes", nargs=2, metavar="NOTE_ID", help="two notes of the map")
    parser.add_argument(
        "--of", default="note", help="whose means are swapped: note (default), instrument (speaker) or family"
    )
    parser.add_argument("--dim", nargs="+", type=int, metavar="N", help="dimensions, counted from 0 (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the phases (default 0)")
    add_inverter_argument(parser)
    parser.add_argument(
        "--out", metavar="DIR", help="folder to write to (default swapped, or swapped-2 where that is there)"
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.cli.picture import write_picture
    from timbre_core.features.audio import write_wav
    from timbre_core.generation.dimensions import swapped
    from timbre_core.space import TimbreSpace

    check_seed(args.seed)
    out = Path(args.out or default_output("swapped"))
    check_result_folder(out, "--out")
    space = TimbreSpace(open_checkpoint(args.checkpoint), inverter=args.inverter)
    notes = args.notes[0], args.notes[1]
    # Without a dimension nothing is swapped: the notes as the model makes them, to compare with.
    kept = swapped(space, notes, args.of, [], args.seed)
    pairs = list(zip(kept, swapped(space, notes, args.of, args.dim, args.seed), strict=True))
    for number, (before, after) in enumerate(pairs, 1):
        write_wav(out / f"note-{number}.wav", before.audio, before.sample_rate)
        write_wav(out / f"note-{number}-swapped.wav", after.audio, after.sample_rate)
    write_picture(out / "picture.png", [[before.frames, after.frames] for before, after in pairs])
    print(out)
    return 0
