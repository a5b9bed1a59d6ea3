"""`python -m timbre_core export`: a sound as a multi-sampled instrument."""

from __future__ import annotations

import argparse
from pathlib import Path

from timbre_core.cli.shell import check_output_folder, check_seed

HELP = "write a sound as a multi-sampled instrument: an SFZ file and its WAV samples"
EXAMPLE = "python -m timbre_core export checkpoints/nsynth-cvae --family flute --low 48 --high 96 --step 3 --out flute"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--like", metavar="NOTE_ID", help="take the timbre of this note on the map")
    source.add_argument("--family", help="take the mean timbre of this family's notes on the map")
    source.add_argument(
        "--preset", metavar="FILE.json", help="take a preset that the Play page saved for this checkpoint"
    )
    source.add_argument("--seed", type=int, default=0, help="draw a timbre from the prior (default, with seed 0)")
    parser.add_argument("--low", type=int, default=36, help="lowest sampled MIDI key (default 36)")
    parser.add_argument("--high", type=int, default=84, help="highest sampled MIDI key (default 84)")
    parser.add_argument("--step", type=int, default=3, help="semitones between samples, 1 to 24 (default 3)")
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
    import sys

    import numpy as np
    from tqdm import tqdm

    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.errors import TimbreError, os_errors
    from timbre_core.generation.instrument import Instrument, starting_point
    from timbre_core.generation.presets import Preset, preset_to_json, read_preset
    from timbre_core.generation.sampler import ATTACK, RELEASE, file_name, multi_sample, sampled_keys, write_files
    from timbre_core.space import TimbreSpace

    check_seed(args.seed)
    check_output_folder(args.out, "--out")
    for option, most in (("attack", 10), ("release", 20)):
        value = getattr(args, option)
        if value is not None and not 0 <= value <= most:
            raise TimbreError(f"--{option} {value:g}: choose from 0 to {most} seconds.")
    keys = sampled_keys(args.low, args.high, args.step)
    space = TimbreSpace(open_checkpoint(args.checkpoint))
    attack, release = ATTACK, RELEASE
    if args.preset:
        with os_errors(args.preset):
            data = Path(args.preset).read_bytes()
        try:
            preset = read_preset(data, space.checkpoint)
            mean = np.array(preset.z, dtype=np.float32)
            attack, release = preset.attack, preset.release
        except TimbreError as error:
            raise TimbreError(f"--preset {args.preset}: {error}") from error
    else:
        mean = starting_point(space, args.like, args.family, args.seed)
    source = Path(args.preset).stem if args.preset else args.like or args.family or f"seed-{args.seed}"
    name = file_name(args.name or f"{space.checkpoint.name}-{source}")
    attack = attack if args.attack is None else args.attack
    release = release if args.release is None else args.release
    instrument = Instrument(space, mean)
    if not instrument.conditioned:
        print(f"note: {space.checkpoint.name} is not conditioned on pitch, so one sound is resampled to every key.")
    with tqdm(total=len(keys), desc="export", unit="sample", file=sys.stderr) as bar:
        files = multi_sample(instrument, name, keys, lambda done, of: bar.update(done - bar.n), attack, release)
    preset = Preset(
        checkpoint=space.checkpoint.model_name,
        name=name,
        z=[round(float(value), 4) for value in mean],
        attack=attack,
        release=release,
    )
    write_files({**files, f"{name}.json": preset_to_json(preset).encode()}, args.out)
    print(Path(args.out) / f"{name}.sfz")
    return 0
