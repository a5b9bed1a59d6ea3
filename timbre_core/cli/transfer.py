"""`python -m timbre_core transfer`: sounds with another timbre, or at another pitch."""

from __future__ import annotations

import argparse
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.cli.batch import SOUNDS, add_jobs_argument, files_in, run_batch
from timbre_core.cli.inverter_options import add_inverter_argument
from timbre_core.cli.pitch_options import midi_pitch
from timbre_core.cli.shell import check_output_folder, check_wav_file

if TYPE_CHECKING:
    from timbre_core.features.pitch_track import PitchContour
    from timbre_core.generation.transfer import Sound
    from timbre_core.space import TimbreSpace

HELP = "move the timbre of sounds toward a family or a note, keeping pitch and loudness; or sound them at another pitch"
EXAMPLE = """python -m timbre_core transfer checkpoints/nsynth-cvae voice.wav --toward brass --amount 0.8 --out brassy.wav
  python -m timbre_core transfer checkpoints/nsynth-cvae voice.wav --pitch +7 --out higher.wav
  python -m timbre_core transfer checkpoints/nsynth-cvae voice.wav --toward flute --at C5 --out flute.wav
  python -m timbre_core transfer checkpoints/nsynth-cvae takes/*.wav --toward organ --out organs/"""

_HIGHEST_RATE = 48_000  # Hz; a sound keeps its own up to this
_WHERE_UNHEARD = "no pitch is heard in it: give one with --at"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="IN.wav",
        help="sound files (wav, flac, ogg, mp3; any rate, any channels), or folders of them",
    )
    parser.add_argument(
        "--toward",
        metavar="TARGET",
        help="a family of the map, such as brass, or a note's id (default: the timbre stays)",
    )
    parser.add_argument(
        "--amount", type=float, default=1.0, help="how far: 0 as it is, 1 at the target, up to 2 beyond it (default 1)"
    )
    pitch = parser.add_mutually_exclusive_group()
    pitch.add_argument("--pitch", type=float, metavar="SEMITONES", help="sound it this much higher (+7) or lower (-12)")
    pitch.add_argument(
        "--at", metavar="PITCH", help="sound it at this MIDI pitch or note name (60 or C4), vibrato and glides kept"
    )
    add_inverter_argument(parser)
    add_jobs_argument(parser)
    parser.add_argument(
        "--out",
        required=True,
        metavar="OUT",
        help="the file to write; for several sounds a folder. Older files of the same name are replaced",
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.errors import TimbreError
    from timbre_core.generation.transfer import MOST_AMOUNT, target_mean

    shift, at = args.pitch, None if args.at is None else midi_pitch(args.at, "--at")
    if shift is not None and not abs(shift) <= 60:
        raise TimbreError(f"--pitch {shift:g}: choose from -60 to +60 semitones.")
    if not 0 <= args.amount <= MOST_AMOUNT:
        raise TimbreError(f"--amount {args.amount:g}: choose from 0 (as it is) to {MOST_AMOUNT:g} (beyond the target).")
    outputs = _outputs(args.inputs, args.out)
    checkpoint = open_checkpoint(args.checkpoint)
    from timbre_core.space import TimbreSpace

    space = TimbreSpace(checkpoint, inverter=args.inverter)
    if args.toward is not None:
        target_mean(space, args.toward)  # a misspelt target is told at once, not for every file

    def task(source: Path, out: Path) -> list[str]:
        remarks = _transfer(space, source, out, args, shift, at)
        return [str(out), *(f"note: {remark}" for remark in remarks)]

    run_batch({str(source): partial(task, source, out) for source, out in outputs}, "sounds", args.jobs)
    return 0


def _transfer(
    space: TimbreSpace, source: Path, out: Path, args: argparse.Namespace, shift: float | None, at: float | None
) -> tuple[str, ...]:
    from timbre_core.errors import TimbreError
    from timbre_core.features.audio import load_audio, opened_audio, write_wav
    from timbre_core.generation.transfer import open_sound, transfer

    with opened_audio(source, str(source), remarks=[]) as opened:
        rate = min(int(opened.samplerate), _HIGHEST_RATE)
    audio = load_audio(source, rate)
    try:
        sound = open_sound(space, audio, sample_rate=rate)
        result = transfer(space, sound, args.toward, args.amount, _contour(sound, shift, at))
    except TimbreError as error:
        raise TimbreError(f"{source}: {error}") from error
    made, remarks = result.audio, result.remarks
    peak = float(abs(made).max())
    if peak > 1:  # a file of floats: cut off, its peaks would be heard
        made = made / peak
        remarks = (*remarks, f"its peaks are beyond full scale: it is written {20 * math.log10(peak):.1f} dB softer.")
    write_wav(out, made, result.sample_rate)
    return remarks


def _contour(sound: Sound, shift: float | None, at: float | None) -> PitchContour:
    from timbre_core.errors import TimbreError

    if shift is not None:
        if not sound.pitch.voiced.any():
            raise TimbreError(f"{_WHERE_UNHEARD}.")
        return sound.pitch.shifted(shift)
    return sound.pitch if at is None else sound.pitch.moved_to(at)


def _outputs(inputs: list[str], out: str) -> list[tuple[Path, Path]]:
    """Each sound with the file to write, checked before any work."""
    from timbre_core.errors import TimbreError

    sources = files_in(inputs, SOUNDS)
    if len(sources) == 1 and not Path(inputs[0]).is_dir() and not (Path(out).is_dir() or out.endswith(("/", "\\"))):
        check_wav_file(out, "--out")
        files = [Path(out)]
    else:
        check_output_folder(out, "--out")
        files = [Path(out) / f"{source.stem}.wav" for source in sources]
        for file in files:
            check_wav_file(file, "--out")
    written: dict[Path, Path] = {}
    for source, file in zip(sources, files, strict=True):
        if file.resolve() in (each.resolve() for each in sources):
            raise TimbreError(f"--out {file}: it is one of the sounds to be read: choose another place.")
        if file in written:
            raise TimbreError(f"{written[file]} and {source} would both be written to {file}: do them one by one.")
        written[file] = source
    return list(zip(sources, files, strict=True))
