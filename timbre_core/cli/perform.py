"""`python -m timbre_core perform`: a MIDI file played with a space's sounds."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.cli.batch import PIECES, add_jobs_argument, files_in, run_batch
from timbre_core.cli.export import own_sounds
from timbre_core.cli.inverter_options import add_inverter_argument
from timbre_core.cli.macro_options import add_macros_argument, shape_of
from timbre_core.cli.shell import check_result_folder, check_wav_file, default_output
from timbre_core.cli.tuning_options import add_tuning_arguments, tuning_of
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.generation.midi.performance import Band, Solo
    from timbre_core.generation.midi.piece import Piece

HELP = "play a MIDI file: velocities, pitch bend, pedals, a sound for each program; to a WAV file, and stems"
EXAMPLE = """python -m timbre_core perform checkpoints/nsynth-cvae piece.mid --out piece.wav
  python -m timbre_core perform checkpoints/nsynth-cvae piece.mid --like NOTE_ID --out piece.wav --stems
  python -m timbre_core perform checkpoints/nsynth-cvae piece.mid --program 0=flute --program 40=string --out piece.wav
  python -m timbre_core perform checkpoints/nsynth-cvae pieces/ --from my-note.wav --out played/"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    parser.add_argument("pieces", nargs="+", metavar="FILE.mid", help="standard MIDI files, or folders of them")
    parser.add_argument(
        "--like",
        metavar="NOTE_ID",
        help="play everything with the timbre of this note on the map (default: each program with its family's)",
    )
    parser.add_argument(
        "--from",
        dest="sounds",
        nargs="+",
        metavar="SOUND",
        help="play everything with your own sound: a recorded note, or several of one instrument",
    )
    parser.add_argument(
        "--program",
        action="append",
        default=[],
        metavar="N=WHAT",
        help="play General MIDI program N, 0 to 127, with a family of the map or a note's timbre; may be repeated",
    )
    parser.add_argument("--attack", type=float, default=0.002, metavar="SECONDS", help="fade in (default 0.002)")
    parser.add_argument("--release", type=float, default=0.25, metavar="SECONDS", help="fade out (default 0.25)")
    parser.add_argument("--stems", action="store_true", help="write each channel beside it, too: OUT-stem-01.wav ...")
    add_inverter_argument(parser)
    add_macros_argument(parser)
    add_tuning_arguments(parser)
    add_jobs_argument(parser)
    parser.add_argument(
        "--out",
        metavar="OUT",
        help="the file to write (default piece.wav, or piece-2.wav where that is there); for several pieces a folder",
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.generation.macros import PLAIN
    from timbre_core.generation.midi.performance import Band, Solo
    from timbre_core.generation.midi.reading import read_midi
    from timbre_core.space import TimbreSpace

    for option, most in (("attack", 10), ("release", 20)):
        if not 0 <= getattr(args, option) <= most:
            raise TimbreError(f"--{option} {getattr(args, option):g}: choose from 0 to {most} seconds.")
    programs = dict(map(_program, args.program))
    tuning_of(args)  # what is wrong with it is told at once
    shape = shape_of(args) or PLAIN
    outputs = _outputs(args.pieces, args.out or default_output("piece.wav"))
    if len(outputs) == 1:
        read_midi(next(iter(outputs)))  # what is wrong with it is told before a model is opened
    space = TimbreSpace(open_checkpoint(args.checkpoint), inverter=args.inverter)
    band: Band | Solo = Band(space, args.like, programs, shape)
    if args.sounds:
        band = Solo(own_sounds(space, args.sounds).with_shape(shape))

    def task(source: Path, out: Path) -> list[str]:
        remarks = write_performance(band, read_midi(source), out, args, quiet=len(outputs) > 1)
        return [str(out), *(f"note: {remark}" for remark in remarks)]

    tasks = {str(source): partial(task, source, out) for source, out in outputs.items()}
    run_batch(tasks, "pieces", args.jobs)
    return 0


def _outputs(inputs: list[str], out: str) -> dict[Path, Path]:
    """Each piece with the file to write, checked before any work."""
    sources = files_in(inputs, PIECES)
    if len(sources) == 1 and not Path(inputs[0]).is_dir():
        check_wav_file(out, "--out")
        return {sources[0]: Path(out)}
    if out.lower().endswith(".wav"):
        raise TimbreError(f"--out {out}: several pieces need a folder: name one.")
    check_result_folder(out, "--out")
    files = {source: Path(out) / f"{source.stem}.wav" for source in sources}
    if len(set(files.values())) < len(files):
        raise TimbreError("two pieces have the same name, and would be written to one file: do them one by one.")
    return files


def write_performance(band: Band | Solo, piece: Piece, out: Path, args: argparse.Namespace, quiet: bool) -> list[str]:
    """Perform a piece into the file `out` and, with --stems, one beside it for each channel. Returns what is to be told."""
    from tqdm import tqdm

    from timbre_core.features.audio import write_wav
    from timbre_core.generation.midi.performance import RATE, Performance

    performance = Performance(piece, band, args.attack, args.release, tuning_of(args))
    with tqdm(desc=out.stem, unit="key", file=sys.stderr, disable=quiet) as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        performance.prepare(progress)
    write_wav(out, performance.mix(), RATE)
    if args.stems:
        for channel, audio in performance.stems():
            write_wav(out.with_name(f"{out.stem}-stem-{channel + 1:02d}.wav"), audio, RATE)
    return performance.remarks


def _program(told: str) -> tuple[int, str]:
    number, equals, what = told.partition("=")
    if not equals or not what or not number.isdecimal() or not 0 <= int(number) <= 127:
        raise TimbreError(f"--program {told[:60]}: give a number from 0 to 127 and a sound, as in 40=string.")
    return int(number), what
