"""`python -m timbre_core generate`: a new note."""

from __future__ import annotations

import argparse
from pathlib import Path

from timbre_core.cli.inverter_options import add_inverter_argument
from timbre_core.cli.pitch_options import add_pitch_arguments, pitch_of
from timbre_core.cli.shell import check_seed, check_wav_file, default_output

HELP = "generate a note: from the prior, from a family, or with the timbre of a note on the map; still or walking"
EXAMPLE = """python -m timbre_core generate checkpoints/nsynth-cvae --pitch 60 --seconds 2 --family brass --out brass.wav
  python -m timbre_core generate checkpoints/fsdd-stft-vae --family 7 --spread 0.5 --out seven.wav
  python -m timbre_core generate checkpoints/nsynth-cvae --family flute --vibrato 50,5.5 --seconds 4
  python -m timbre_core generate checkpoints/nsynth-cvae --contour 0:C4,1:G4,3:262Hz --walk 0.5 --seconds 4"""
_GENTLE = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    add_pitch_arguments(parser, "60, or that of the --like note")
    parser.add_argument(
        "--seconds", type=float, help="length, 0.05 to 60 (default 2; a whole note of a model that makes whole notes)"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed is another note (default 0)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--family", help="draw from among this family's notes on the map")
    source.add_argument("--like", metavar="NOTE_ID", help="take the timbre of this note on the map")
    parser.add_argument(
        "--spread",
        type=float,
        metavar="S",
        help="draw around the mean of the --family, S times as wide as its notes lie; 0 is the mean itself",
    )
    parser.add_argument(
        "--walk",
        type=float,
        nargs="?",
        const=_GENTLE,
        metavar="PACE",
        help="let the timbre walk at random in small steps; PACE is the share of the notes' spread that it gets in a second "
        f"(default {_GENTLE}: gently)",
    )
    parser.add_argument(
        "--playing",
        type=float,
        default=1.0,
        metavar="SHARE",
        help="how much it is played as people play such instruments, with their onsets, vibrato and breath, for a checkpoint "
        "that knows how its training notes were played (timbre-space): 1 as drawn (default), 0 evenly; another --seed draws anew",
    )
    add_inverter_argument(parser)
    parser.add_argument(
        "--out",
        metavar="FILE.wav",
        help="where to write; an older file of that name is replaced (default note.wav, or note-2.wav where that is there)",
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.features.audio import write_wav
    from timbre_core.generation.sounds import generate
    from timbre_core.space import TimbreSpace

    check_seed(args.seed)
    out = args.out or default_output("note.wav")
    check_wav_file(out, "--out")
    pitch_of(args)  # what is wrong with it is said before the checkpoint is opened
    space = TimbreSpace(open_checkpoint(args.checkpoint), inverter=args.inverter)
    own = space.pitch_of(args.like) if args.like is not None and args.vibrato is not None else None
    pitch = pitch_of(args, own)
    if args.pitch is not None and args.vibrato is None and not space.recipe.uses_pitch:
        print(f"note: {space.checkpoint.name} is not conditioned on pitch, so --pitch does not decide what sounds.")
    note = generate(
        space,
        pitch,
        args.seconds,
        args.seed,
        args.family,
        args.like,
        walk=args.walk,
        spread=args.spread,
        playing=args.playing,
    )
    write_wav(Path(out), note.audio, note.sample_rate)
    print(out)
    return 0
