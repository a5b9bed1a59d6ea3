"""`python -m timbre_core morph`: from note to note through the latent space."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.cli.inverter_options import add_inverter_argument
from timbre_core.cli.pitch_options import add_pitch_arguments, pitch_of
from timbre_core.cli.shell import check_result_folder, check_seed, check_wav_file, default_output

if TYPE_CHECKING:
    from timbre_core.features.performance import Performance
    from timbre_core.space import TimbreSpace

HELP = "morph between notes of the map: as steps, a WAV file each, or as one sound that changes"
EXAMPLE = """python -m timbre_core morph checkpoints/nsynth-cvae --from NOTE_ID --to NOTE_ID --steps 8 --out steps/
  python -m timbre_core morph checkpoints/nsynth-cvae --from NOTE_ID --to NOTE_ID NOTE_ID --seconds 6 --out morph.wav
  python -m timbre_core morph checkpoints/nsynth-cvae --from NOTE_ID --to NOTE_ID --contour 0:60,4:67 --out glide.wav
note ids: the Explore page names them, and so does a wrong one's error"""
_CONTINUOUS, _STEP = 4.0, 2.0  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    parser.add_argument("--from", dest="first", required=True, metavar="NOTE_ID", help="the note it begins with")
    parser.add_argument(
        "--to", nargs="+", required=True, metavar="NOTE_ID", help="the note it ends with; several are passed in turn"
    )
    parser.add_argument("--path", default="spherical", help="spherical (default) or linear")
    parser.add_argument(
        "--steps", type=int, metavar="N", help="write N sounds, both ends included, not one that changes"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        help=f"length of the sound (default {_CONTINUOUS:g}), or of each step (default {_STEP:g}); 0.05 to 60",
    )
    add_pitch_arguments(parser, "that of the first note")
    parser.add_argument("--seed", type=int, default=0, help="of the phases (default 0)")
    add_inverter_argument(parser)
    parser.add_argument(
        "--out",
        metavar="FILE.wav|DIR",
        help="the file (default morph.wav), with --steps the folder (default morph); numbered where that is there",
    )


def run(args: argparse.Namespace) -> int:
    import sys

    from tqdm import tqdm

    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.features.audio import write_wav
    from timbre_core.generation.journeys import check_notes, step_places
    from timbre_core.generation.paths import check_path
    from timbre_core.generation.sounds import morph, morph_steps
    from timbre_core.space import TimbreSpace

    check_seed(args.seed)
    check_path(args.path)
    notes = [args.first, *args.to]
    check_notes(notes)
    pitch_of(args)  # what is wrong with it is said before the checkpoint is opened
    if args.steps is None:
        out = args.out or default_output("morph.wav")
        check_wav_file(out, "--out")
    else:
        out = args.out or default_output("morph")
        step_places(len(notes), args.steps)
        check_result_folder(out, "--out")
    space = TimbreSpace(open_checkpoint(args.checkpoint), inverter=args.inverter)
    for note in notes:
        space.row_of(note)
    pitch = pitch_of(args, space.pitch_of(args.first))
    played = _performances(space, notes)
    if args.steps is None:
        sound = morph(space, notes, args.seconds or _CONTINUOUS, args.path, pitch, args.seed, performances=played)
        write_wav(Path(out), sound.audio, sound.sample_rate)
        print(out)
        return 0
    seconds = args.seconds or _STEP
    made = morph_steps(space, notes, args.steps, seconds, args.path, pitch, args.seed, performances=played)
    digits = len(str(args.steps))
    for number, step in enumerate(tqdm(made, desc="morph", total=args.steps, unit="step", file=sys.stderr), 1):
        write_wav(Path(out) / f"step-{number:0{digits}d}.wav", step.audio, step.sample_rate)
    print(out)
    return 0


def _performances(space: TimbreSpace, notes: list[str]) -> list[Performance] | None:
    """How the notes were played, where the space performs and their recordings are at hand."""
    import sys

    from timbre_core.datasets.library import open_library
    from timbre_core.errors import TimbreError
    from timbre_core.generation.played import performances_of

    if not space.performs:
        return None
    checkpoint = space.checkpoint
    try:
        library = open_library(checkpoint.latents_roots, checkpoint.recipe.data.pattern, progress=False)
        return performances_of(space, notes, lambda note: library.load(library.find(note), space.sample_rate))
    except TimbreError as error:
        print(f"played evenly: {error}", file=sys.stderr)
        return None
