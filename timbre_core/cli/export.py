"""`python -m timbre_core export`: a sound as a multi-sampled instrument, in the formats of samplers."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.cli.shell import check_output_folder, check_seed

if TYPE_CHECKING:
    import numpy as np

    from timbre_core.generation.sampler import Sampling
    from timbre_core.space import TimbreSpace

HELP = "write a sound as a multi-sampled instrument: SFZ, SoundFont 2, Decent Sampler, Multisample, or WAV files"
EXAMPLE = """python -m timbre_core export checkpoints/nsynth-cvae --family flute --low 48 --high 96 --zone 3 --out flute
  python -m timbre_core export checkpoints/nsynth-cvae --family organ --format sf2 --rate 48000 --bits 24 --out organ
  python -m timbre_core export checkpoints/nsynth-cvae --preset mine.json --format dspreset --layers 3 --out mine
  python -m timbre_core export checkpoints/nsynth-cvae --family guitar --format multisample --one-shot --out guitar"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--like", metavar="NOTE_ID", help="take the timbre of this note on the map")
    source.add_argument("--family", help="take the mean timbre of this family's notes on the map")
    source.add_argument(
        "--preset", metavar="FILE.json", help="take a preset that the Play page saved for this checkpoint"
    )
    source.add_argument("--seed", type=int, default=0, help="draw a timbre from the prior (default, with seed 0)")
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
        "--zone", "--step", type=int, default=3, metavar="N", help="semitones that share a sample, 1 to 24 (default 3)"
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
        default="instrument",
        metavar="DIR",
        help="where to write; older files are replaced (default instrument)",
    )


def run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.generation.formats.packing import file_name, write_files
    from timbre_core.generation.formats.registry import format_of, instrument_files
    from timbre_core.generation.instrument import Instrument
    from timbre_core.generation.sampler import Sampling, sampled, sampled_keys
    from timbre_core.space import TimbreSpace

    check_seed(args.seed)
    check_output_folder(args.out, "--out")
    kind = format_of(args.format)
    keys = sampled_keys(args.low, args.high, args.zone)
    told = {name: getattr(args, name) for name in ("attack", "release") if getattr(args, name) is not None}
    how = Sampling(args.rate, args.bits, args.layers, args.loop, **told)  # nonsense is told before a model is opened
    space = TimbreSpace(open_checkpoint(args.checkpoint))
    mean, how = _start(args, space, how)
    source = Path(args.preset).stem if args.preset else args.like or args.family or f"seed-{args.seed}"
    name = file_name(args.name or f"{space.checkpoint.name}-{source}")
    instrument = Instrument(space, mean)
    if not instrument.conditioned:
        print(f"note: {space.checkpoint.name} is not conditioned on pitch, so one sound is resampled to every key.")
    with tqdm(total=len(keys) * how.layers, desc="export", unit="sample", file=sys.stderr) as bar:
        made = sampled(instrument, name, keys, how, lambda done, of: bar.update(done - bar.n))
    if args.loop and any(zone.sample.loop is None for zone in made.zones):
        short = sum(zone.sample.loop is None for zone in made.zones)
        print(f"note: {short} of {len(made.zones)} samples have no part that repeats: they are not looped.")
    files = {**instrument_files(made, args.format), f"{name}.json": _preset(space, name, mean, how)}
    write_files(files, args.out)
    print(Path(args.out) / f"{name}{kind.ending}" if kind.ending else args.out)
    return 0


def _start(args: argparse.Namespace, space: TimbreSpace, how: Sampling) -> tuple[np.ndarray, Sampling]:
    """The point to begin with, and the settings with a preset's envelope where none is asked for."""
    import numpy as np

    from timbre_core.errors import TimbreError, os_errors
    from timbre_core.generation.instrument import starting_point
    from timbre_core.generation.presets import read_preset

    if not args.preset:
        return starting_point(space, args.like, args.family, args.seed), how
    with os_errors(args.preset):
        data = Path(args.preset).read_bytes()
    try:
        preset = read_preset(data, space.checkpoint)
    except TimbreError as error:
        raise TimbreError(f"--preset {args.preset}: {error}") from error
    attack = preset.attack if args.attack is None else how.attack
    release = preset.release if args.release is None else how.release
    return np.array(preset.z, dtype=np.float32), replace(how, attack=attack, release=release)


def _preset(space: TimbreSpace, name: str, mean: np.ndarray, how: Sampling) -> bytes:
    from timbre_core.generation.presets import Preset, preset_to_json

    z = [round(float(value), 4) for value in mean]
    preset = Preset(checkpoint=space.checkpoint.model_name, name=name, z=z, attack=how.attack, release=how.release)
    return preset_to_json(preset).encode()
