"""`python -m timbre_core reconstruct`: a sound through a model, in three variants."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.cli.inverter_options import add_inverter_argument
from timbre_core.cli.pitch_options import midi_pitch
from timbre_core.cli.shell import check_output_folder, check_wav_file

if TYPE_CHECKING:
    import numpy as np

_FRAMES_A_SECOND = 62
HELP = "send a sound file through a checkpoint: original, inversion without the model, reconstruction"
EXAMPLE = "python -m timbre_core reconstruct checkpoints/nsynth-cvae note.wav --pitch 60 --out heard/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    parser.add_argument("input", metavar="IN.wav", help="sound file (wav, flac, ogg, mp3; any rate, any channels)")
    parser.add_argument("--pitch", help="MIDI pitch or name of the note (60 or C4); estimated when left out")
    add_inverter_argument(parser)
    parser.add_argument(
        "--residual",
        action="store_true",
        help="add what the note has beside its harmonics, as filtered noise: for models of spectral envelopes",
    )
    parser.add_argument(
        "--performance",
        action=argparse.BooleanOptionalAction,
        help="keep the note's own level, pitch and noise over time, beside the model's spectra (default: where the checkpoint "
        "plays performances, as timbre-space does)",
    )
    parser.add_argument("--out", default=".", metavar="DIR", help="folder for the three files (default: here)")


def run(args: argparse.Namespace) -> int:
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.features.audio import check_timbre_length, load_audio, write_wav
    from timbre_core.space import TimbreSpace

    check_output_folder(args.out, "--out")
    paths = {name: Path(args.out) / f"{name}.wav" for name in ("original", "inversion", "reconstruction")}
    for path in paths.values():
        check_wav_file(path, "--out")
    pitch = None if args.pitch is None else midi_pitch(args.pitch, "--pitch")
    checkpoint = open_checkpoint(args.checkpoint)
    sample_rate = checkpoint.recipe.features.sample_rate
    audio = load_audio(Path(args.input), sample_rate)
    check_timbre_length(audio, sample_rate, args.input)
    if pitch is None and checkpoint.recipe.uses_pitch:
        pitch = _estimated_pitch(audio, sample_rate, args.input)
    space = TimbreSpace(checkpoint, inverter=args.inverter)
    result = space.reconstruct(audio, pitch, residual=args.residual, performance=args.performance)
    for name, path in paths.items():
        write_wav(path, getattr(result, name), result.sample_rate)
        print(path)
    if result.performance is not None:
        print(
            f"of the note itself: level, pitch and noise over time, {result.performance.numbers_a_second} numbers a second"
        )
    error = abs(result.frames - result.decoded).mean()
    print(f"mean absolute error of the frames in [-1, 1]: {error:.4f}")
    return 0


def _estimated_pitch(audio: np.ndarray, sample_rate: int, name: str) -> float:
    from timbre_core.errors import TimbreError
    from timbre_core.features.heard_pitch import heard_pitch, note_pitch

    f0 = note_pitch(audio, sample_rate)
    if not f0.hz > 0:
        raise TimbreError(f"{name}: no clear pitch found: give it with --pitch (MIDI, 60 is middle C).")
    pitch = min(127.0, max(0.0, f0.midi))
    print(f"pitch estimated as MIDI {pitch:.1f}: give --pitch if that is wrong")
    if heard_pitch(audio, sample_rate, sample_rate // _FRAMES_A_SECOND).several:
        print("note: several notes are heard, and the model is told one pitch: cut one out.", file=sys.stderr)
    return pitch
