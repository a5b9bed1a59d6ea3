"""`python -m timbre_core export`: a sound as a multi-sampled instrument, in the formats of samplers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbre_core.cli.batch import PRESETS, SOUNDS, add_jobs_argument, files_in, run_batch
from timbre_core.cli.macro_options import add_macros_argument, shape_of
from timbre_core.cli.pitch_options import midi_pitch
from timbre_core.cli.shell import check_result_folder, check_seed, default_output
from timbre_core.cli.tuning_options import add_tuning_arguments, tuning_of
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.generation.instrument import Instrument
    from timbre_core.generation.sampler import Sampling
    from timbre_core.space import TimbreSpace

HELP = "write a sound as a multi-sampled instrument: SFZ, SoundFont 2, Decent Sampler, Multisample, or WAV files"
EXAMPLE = """python -m timbre_core export checkpoints/nsynth-cvae --family flute --low 48 --high 96 --zone 3 --out flute
  python -m timbre_core export checkpoints/nsynth-cvae --family organ --format sf2 --rate 48000 --bits 24 --out organ
  python -m timbre_core export checkpoints/nsynth-cvae --preset mine.json --format dspreset --layers 3 --out mine
  python -m timbre_core export checkpoints/nsynth-cvae --family guitar --format multisample --one-shot --out guitar
  python -m timbre_core export checkpoints/nsynth-cvae --from my-note.wav --macros brightness=2,attack=1 --format sf2 --out mine
  python -m timbre_core export checkpoints/nsynth-cvae --from samples/ --each --out instruments"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    source = parser.add_mutually_exclusive_group()
    several: dict[str, Any] = {"nargs": "+", "default": []}
    source.add_argument("--like", metavar="NOTE_ID", **several, help="take the timbre of this note on the map")
    source.add_argument("--family", **several, help="take the mean timbre of this family's notes on the map")
    source.add_argument(
        "--preset",
        metavar="FILE.json",
        **several,
        help="take a preset that the Play page saved for this checkpoint; or a folder of them",
    )
    source.add_argument(
        "--from",
        dest="sounds",
        metavar="SOUND",
        **several,
        help="take your own sound: a recorded note, or several of one instrument; or a folder",
    )
    source.add_argument("--seed", type=int, default=0, help="draw a timbre from the prior (default, with seed 0)")
    parser.add_argument("--each", action="store_true", help="with --from: make every sound an instrument of its own")
    parser.add_argument(
        "--pitch", metavar="PITCH", help="with --from and one sound: its pitch (default: what is heard)"
    )
    parser.add_argument(
        "--format",
        default="sfz",
        metavar="FORMAT",
        help="sfz (default); sf2: SoundFont; dspreset: Decent Sampler; multisample: Bitwig, Studio One; wav: WAV files alone, "
        "with keys and loops in them",
    )
    parser.add_argument("--low", type=int, default=36, help="lowest sampled MIDI key (default 36)")
    parser.add_argument("--high", type=int, default=84, help="highest sampled MIDI key (default 84)")
    parser.add_argument(
        "--zone", "--step", type=int, default=1, metavar="N", help="semitones that share a sample, 1 to 24 (default 1)"
    )
    parser.add_argument("--layers", type=int, default=1, help="velocity layers, 1 to 4 (default 1)")
    parser.add_argument("--rate", type=int, default=44_100, help="sample rate, 44100 (default) or 48000")
    parser.add_argument("--bits", type=int, default=16, help="16 (default) or 24")
    loop = parser.add_mutually_exclusive_group()
    loop.add_argument(
        "--loop",
        action="store_true",
        default=None,
        help="loop every key that can be, also where the sound dies away (default: sounds that are sustained)",
    )
    loop.add_argument(
        "--one-shot",
        dest="loop",
        action="store_false",
        help="whole notes without loops, which sound to their end however long the key is held",
    )
    parser.add_argument("--attack", type=float, metavar="SECONDS", help="fade in (default: the preset's, or at once)")
    parser.add_argument(
        "--release",
        type=float,
        metavar="SECONDS",
        help="fade out after a key is let go (default: the preset's, or 0.3)",
    )
    parser.add_argument("--name", help="of the instrument (default: from its source)")
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="where to write; older files are replaced (default instrument, or instrument-2 where that is there); of several "
        "instruments each in a folder there",
    )
    add_macros_argument(parser)
    add_tuning_arguments(parser)
    add_jobs_argument(parser)


_Where = tuple[list[int], list[float | None] | None]  # sampled keys, and the pitch of every key where it is another


@dataclass(frozen=True)
class _Source:
    """Where an instrument comes from: what it is called, and what opens it, with how it is sampled."""

    name: str
    open: Callable[[], tuple[Instrument, Sampling]]


def run(args: argparse.Namespace) -> int:
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.generation.formats.packing import file_name
    from timbre_core.generation.formats.registry import format_of
    from timbre_core.generation.sampler import Sampling, sampled_keys
    from timbre_core.space import TimbreSpace

    check_seed(args.seed)
    target = Path(args.out or default_output("instrument"))
    check_result_folder(target, "--out")
    format_of(args.format)
    tuning = tuning_of(args)
    shape_of(args)  # what is wrong with it is told at once
    keys = sampled_keys(args.low, args.high, args.zone if tuning is None else 1)
    told = {name: getattr(args, name) for name in ("attack", "release") if getattr(args, name) is not None}
    how = Sampling(args.rate, args.bits, args.layers, args.loop, **told)  # nonsense is told before a model is opened
    space = TimbreSpace(open_checkpoint(args.checkpoint))
    sources = list(_sources(args, space, how))
    if args.name and len(sources) > 1:
        raise TimbreError("--name: there are several instruments: leave it out.")
    tasks: dict[str, Callable[[], list[str]]] = {}
    for source in sources:
        name = file_name(args.name or source.name)
        out = target / name if len(sources) > 1 else target
        if source.name in tasks or any(file_name(other) == name for other in tasks):
            raise TimbreError(f"two instruments would be called {name}: export them one by one.")
        tasks[source.name] = partial(_export, source, name, (keys, tuning), out, args, quiet=len(sources) > 1)
    if args.zone > 1 and tuning is None:
        print(
            f"note: keys up to {args.zone // 2} semitones off their sample are played faster or slower, resonances with them: "
            "about 3 dB of the spectrum, and 1 dB of level, per semitone. --zone 1 has a sample for every key.",
            file=sys.stderr,
        )
    if not space.recipe.uses_pitch and not args.sounds:
        print(f"note: {space.checkpoint.name} is not conditioned on pitch, so one sound is resampled to every key.")
    run_batch(tasks, "instruments", args.jobs)
    return 0


def _export(source: _Source, name: str, where: _Where, out: Path, args: argparse.Namespace, quiet: bool) -> list[str]:
    from tqdm import tqdm

    from timbre_core.generation.formats.packing import write_files
    from timbre_core.generation.formats.registry import format_of, instrument_files
    from timbre_core.generation.sampler import sampled

    instrument, how = source.open()
    instrument = instrument.with_shape(shape_of(args) or instrument.shape)
    with tqdm(desc="export", unit="sample", file=sys.stderr, disable=quiet) as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        keys, tuning = where
        made = sampled(instrument, name, keys, how, progress, tuning)
    files = instrument_files(made, args.format)
    if not instrument.recordings_used:  # a preset is a point of the latent space, which recordings are not
        files[f"{name}.json"] = _preset(instrument, name, how)
    write_files(files, out)
    ending = format_of(args.format).ending
    lines = [str(out / f"{name}{ending}" if ending else out)]
    short = sum(zone.sample.loop is None for zone in made.zones)
    if args.loop and short:
        lines.append(
            f"note: {short} of {len(made.zones)} samples of {name} have no part that repeats: they are not looped."
        )
    return lines


def _sources(args: argparse.Namespace, space: TimbreSpace, how: Sampling) -> Iterator[_Source]:
    """The instruments that are asked for. What is misspelt is told here, for all, before any work."""
    from timbre_core.generation.instrument import Instrument, starting_point

    called = space.checkpoint.name
    if args.sounds:
        files = files_in(args.sounds, SOUNDS)
        groups = [[file] for file in files] if args.each else [files]
        if args.pitch is not None and len(files) > 1:
            raise TimbreError("--pitch is that of one sound: there are several.")
        for group in groups:
            yield _Source(group[0].stem, partial(_own, space, [str(file) for file in group], args.pitch, how))
    elif args.preset:
        for file in files_in(args.preset, PRESETS):
            yield _Source(f"{called}-{file.stem}", partial(_from_preset, space, file, args, how))
    else:
        starts: list[tuple[str, dict[str, Any]]] = [
            *((like, {"like": like}) for like in args.like),
            *((family, {"family": family}) for family in args.family),
        ]
        for label, start in starts or [(f"seed-{args.seed}", {"seed": args.seed})]:
            instrument = Instrument(space, starting_point(space, **start))
            yield _Source(f"{called}-{label}", partial(lambda made: (made, how), instrument))


def _own(space: TimbreSpace, files: list[str], pitch: str | None, how: Sampling) -> tuple[Instrument, Sampling]:
    return own_sounds(space, files, pitch), how


def own_sounds(space: TimbreSpace, files: list[str], pitch: str | None = None) -> Instrument:
    """One's own sounds, files or folders, as one instrument; says at which pitch each is heard. Of several, those that cannot
    be used are told and left out."""
    from timbre_core.generation.own_sounds import own_instrument, own_note

    given = None if pitch is None else midi_pitch(pitch, "--pitch")
    notes, paths = [], files_in(files, SOUNDS)
    for path in paths:
        try:
            note = own_note(path, space, pitch=given)
        except TimbreError as error:
            if len(paths) == 1:
                raise
            print(f"left out: {error}", file=sys.stderr)
            continue
        print(f"{note.name}: MIDI pitch {note.pitch:.2f}", file=sys.stderr)
        notes.append(note)
    if not notes:
        raise TimbreError(f"none of the {len(paths)} sounds is a note that can be played: see above.")
    return own_instrument(space, notes)


def _from_preset(
    space: TimbreSpace, file: Path, args: argparse.Namespace, how: Sampling
) -> tuple[Instrument, Sampling]:
    """A preset's instrument with its macros, and with its envelope where none is asked for."""
    import numpy as np

    from timbre_core.errors import os_errors
    from timbre_core.generation.instrument import Instrument
    from timbre_core.generation.presets import read_preset

    with os_errors(file):
        data = file.read_bytes()
    try:
        preset = read_preset(data, space.checkpoint)
    except TimbreError as error:
        raise TimbreError(f"--preset {file}: {error}") from error
    attack = preset.attack if args.attack is None else how.attack
    release = preset.release if args.release is None else how.release
    made = Instrument(space, np.array(preset.z, dtype=np.float32)).with_shape(preset.shape)
    return made, replace(how, attack=attack, release=release)


def _preset(instrument: Instrument, name: str, how: Sampling) -> bytes:
    from timbre_core.generation.presets import Preset, preset_to_json

    z = [round(float(value), 4) for value in instrument.mean]
    called = instrument.space.checkpoint.model_name
    preset = Preset(
        checkpoint=called, name=name, z=z, attack=how.attack, release=how.release, macros=instrument.shape.steps()
    )
    return preset_to_json(preset).encode()
