"""`python -m timbre_core prepare`: make or look through data before training."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.cli.data_options import add_label_arguments, label_settings
from timbre_core.cli.shell import tell_library
from timbre_core.errors import TimbreError, os_errors
from timbre_core.wording import counted

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library

NAME = "prepare"
HELP = "make data ready: render a SoundFont, compute a feature store, label a folder of recordings"
EXAMPLE = "python -m timbre_core prepare soundfont FluidR3_GM.sf2 notes/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="WHAT", required=True)
    _add(
        verbs.add_parser("soundfont", help="render a SoundFont into a folder of notes in NSynth's layout"),
        _soundfont_arguments,
        _run_soundfont,
        "Render a SoundFont into OUT/audio/*.wav and OUT/examples.json. Needs the FluidSynth library. "
        "Run the same command again to go on after an interruption.",
        "python -m timbre_core prepare soundfont FluidR3_GM.sf2 --list\n"
        "  python -m timbre_core prepare soundfont FluidR3_GM.sf2 notes/ --pitch-step 2 --octave auto",
    )
    _add(
        verbs.add_parser("store", help="compute the feature store of data now, not when training starts"),
        _store_arguments,
        _run_store,
        "Analyse all notes of DATA and keep the frames for training.",
        "python -m timbre_core prepare store notes/ ~/nsynth --recipe nsynth-cvae",
    )
    _add(
        verbs.add_parser("folder", help="show which labels a folder of recordings gets: write its note table"),
        _folder_arguments,
        _run_folder,
        "Write the note table that training would use, for you to check or correct. Saved as metadata.csv in the folder "
        "it becomes the folder's labels.",
        "python -m timbre_core prepare folder recordings/ labels.csv --pattern '{instrument}_{pitch}_{velocity}'",
    )
    _add(
        verbs.add_parser("starter", help="build a starter library (one Parquet file) from General MIDI SoundFonts"),
        _starter_arguments,
        _run_starter,
        "Render some 2,500 notes of different instruments into one Parquet library with compressed audio.",
        "python -m timbre_core prepare starter starter.parquet FluidR3_GM.sf2 MuseScore_General.sf3 --notice COPYING",
    )
    _add(
        verbs.add_parser("digits", help="fetch the Free Spoken Digit Dataset, which the maps of digits are of"),
        _digits_arguments,
        _run_digits,
        "Fetch 3,000 recordings of spoken digits (some 16 MB, CC BY-SA 4.0) into OUT/recordings. In the folder that the app "
        "is started from, OUT is found by the maps of the shipped digit systems as it is.",
        "python -m timbre_core prepare digits\n"
        "  python -m timbre_core prepare digits --archive free-spoken-digit-dataset-1.0.10.zip",
    )


def run(args: argparse.Namespace) -> int:
    run_verb: Callable[[argparse.Namespace], int] = args.prepare
    return run_verb(args)


def _add(
    parser: argparse.ArgumentParser,
    add: Callable[[argparse.ArgumentParser], None],
    run_verb: Callable[[argparse.Namespace], int],
    description: str,
    example: str,
) -> None:
    parser.description = description
    parser.epilog = f"example:\n  {example}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add(parser)
    parser.set_defaults(prepare=run_verb)


def _soundfont_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("sf2", metavar="FILE.sf2", help="SoundFont (.sf2 or .sf3)")
    add("out", metavar="OUT", nargs="?", help="folder for the notes")
    add("--list", action="store_true", help="show the SoundFont's presets, keys and layers, and render nothing")
    add("--programs", nargs="+", type=int, metavar="N", help="MIDI programs 0-127 (default: all that have a pitch)")
    add(
        "--banks",
        nargs="+",
        type=int,
        metavar="N",
        help="banks; variations are often in 8 and 16 (default: 0 of a General MIDI font, all of any other)",
    )
    add(
        "--velocities",
        nargs="+",
        type=int,
        metavar="N",
        help="MIDI velocities (default: one of each velocity layer that sounds different)",
    )
    add(
        "--velocities-per-pitch",
        type=int,
        metavar="N",
        help="take so many of them in turn at each pitch (default: all at each)",
    )
    add(
        "--keep-doubles",
        action="store_true",
        help="keep notes that are the same recording as another one, level aside (default: they are left out)",
    )
    add("--pitch-step", default=1, type=int, metavar="N", help="semitones between pitches (default 1)")
    add(
        "--pitch-low",
        type=int,
        metavar="N",
        help="lowest pitch (default: that of each instrument's natural range: the keys near its recordings)",
    )
    add("--pitch-high", type=int, metavar="N", help="highest pitch (default: as above)")
    add(
        "--octave",
        choices=("keys", "auto"),
        default="keys",
        help="what notes are labelled with: their keys, or (auto) the pitch at which an instrument's keys sound; where the "
        "two differ, as with many organs, it is told (default keys)",
    )
    add("--hold", type=float, default=3.0, metavar="S", help="seconds a key is held (default 3)")
    add("--release", type=float, default=1.0, metavar="S", help="seconds after that (default 1)")
    add(
        "--ring",
        type=float,
        default=4.0,
        metavar="S",
        help="seconds, at most, that a plucked or struck sound is held: until it has died away (default 4)",
    )
    add("--rate", "--sample-rate", dest="rate", default=44_100, type=int, metavar="N", help="Hz (default 44100)")
    add("--workers", type=int, metavar="N", help="processes (default: one per CPU)")


def _run_soundfont(args: argparse.Namespace) -> int:
    from timbre_core.datasets.soundfont import RenderSettings, render_soundfont
    from timbre_core.datasets.soundfont_file import read_presets
    from timbre_core.datasets.soundfont_plan import preset_table

    if args.list:
        print(preset_table(read_presets(args.sf2)))
        return 0
    if args.out is None:
        raise TimbreError(
            "Name a folder for the notes: prepare soundfont FILE.sf2 OUT (or show the presets with --list)."
        )
    settings = RenderSettings(
        programs=tuple(args.programs) if args.programs else None,
        banks=tuple(args.banks) if args.banks else None,
        pitch_low=args.pitch_low,
        pitch_high=args.pitch_high,
        pitch_step=args.pitch_step,
        velocities=tuple(args.velocities) if args.velocities else None,
        velocities_per_pitch=args.velocities_per_pitch,
        keep_doubles=args.keep_doubles,
        octave=args.octave,
        hold=args.hold,
        release=args.release,
        ring=args.ring,
        sample_rate=args.rate,
    )
    counts = render_soundfont(args.sf2, args.out, settings, workers=args.workers)
    print(
        f"{args.out}: {counted(counts['notes'], 'note')} of "
        f"{counted(counts['instruments'], 'instrument')} ({counts['silent']} silent ones and "
        f"{counted(counts['doubles'], 'double')} left out, {counts['kept']} kept from before)"
    )
    return 0


def _store_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="+", metavar="DATA", help="folders of notes, .parquet libraries, or 'starter'")
    parser.add_argument(
        "--recipe", default="nsynth-cvae", help="recipe whose features to compute (default nsynth-cvae)"
    )
    parser.add_argument("--out", metavar="DIR", help="folder for the store (default: the user's cache)")
    parser.add_argument(
        "--keep-doubles",
        action="store_true",
        help="keep notes that are the same recording as another one, level aside (default: they are left out)",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one per CPU)")
    add_label_arguments(parser)


def _run_store(args: argparse.Namespace) -> int:
    from timbre_core.datasets.library import recipe_library
    from timbre_core.datasets.store_build import build_store
    from timbre_core.recipes.recipe_files import load_recipe

    recipe = load_recipe(args.recipe)
    library = recipe_library(recipe.data.model_copy(update=label_settings(args)), args.data)
    tell_library(library)
    store = build_store(
        library, recipe.features, directory=args.out, workers=args.workers, keep_doubles=args.keep_doubles
    )
    frames = int(store.notes["n_frames"].sum())
    print(f"{counted(len(store.notes), 'note')}, {counted(frames, 'frame')} of {recipe.features.n_bins} bins")
    return 0


def _folder_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="folder of recordings, with subfolders")
    parser.add_argument("out", metavar="OUT.csv", help="note table to write")
    add_label_arguments(parser)


def _run_folder(args: argparse.Namespace) -> int:
    from timbre_core.datasets.csv_cells import frame_text
    from timbre_core.datasets.library import recipe_library
    from timbre_core.datasets.settings import DataSettings
    from timbre_core.datasets.unreadable import without_unreadable
    from timbre_core.files import atomic_write

    out = Path(args.out)
    library = without_unreadable(recipe_library(DataSettings(**label_settings(args)), [args.folder]))
    if not len(library.notes):
        tell_library(library)
        raise TimbreError(f"{args.folder}: no usable note: what is wrong with each is said above.")
    table = library.notes.drop(columns="root").rename(columns={"audio": "file"})
    with os_errors(out), atomic_write(out) as temporary:
        temporary.write_bytes(frame_text(table).encode())
    tell_library(library)
    print(f"{out}: {_summary(library)}")
    return 0


def _starter_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", metavar="OUT.parquet", help="library to write")
    parser.add_argument("fonts", nargs="+", metavar="FILE.sf2", help="General MIDI SoundFonts (.sf2 or .sf3)")
    parser.add_argument("--notice", metavar="FILE", help="text file with the SoundFonts' copyrights and licences")


def _run_starter(args: argparse.Namespace) -> int:
    from timbre_core.datasets.starter_build import build_starter

    if Path(args.out).suffix != ".parquet":
        raise TimbreError(f"{args.out}: a library's name ends in .parquet: rename it.")
    notice = ""
    if args.notice:
        with os_errors(args.notice):
            notice = Path(args.notice).read_text(encoding="utf-8", errors="replace")
    counts = build_starter(args.fonts, args.out, notice)
    print(
        f"{args.out}: {counted(counts['notes'], 'note')} of "
        f"{counted(counts['instruments'], 'instrument')} in {counted(counts['families'], 'family', 'families')} "
        f"({counts['silent']} silent, {counts['doubles']} doubles and {counts['unclear']} of another pitch left out), "
        f"{counts['bytes'] / 1e6:.1f} MB"
    )
    return 0


def _summary(library: Library) -> str:
    notes = library.notes
    parts = [
        f"{counted(len(notes), 'note')} of {counted(notes['instrument'].nunique(), 'instrument')} "
        f"in {counted(notes['family'].nunique(), 'family', 'families')}"
    ]
    estimated, unknown = int(notes["pitch_estimated"].sum()), int(notes["pitch"].isna().sum())
    if estimated:
        parts.append(f"{counted(estimated, 'pitch', 'pitches')} measured")
    if unknown:
        parts.append(f"{unknown} without a pitch")
    return ", ".join(parts)


def _digits_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "out", nargs="?", type=Path, default=Path("fsdd"), metavar="OUT", help="new folder (default: fsdd)"
    )
    parser.add_argument(
        "--archive", type=Path, metavar="ZIP", help="the data set's zip file, where there is no network"
    )


def _run_digits(args: argparse.Namespace) -> int:
    import sys

    from tqdm import tqdm

    from timbre_core.datasets.fsdd_archive import LICENCE, fetch_digits

    with tqdm(desc="fetching", unit="B", unit_scale=True, disable=args.archive is not None, file=sys.stderr) as bar:
        count = fetch_digits(args.out, args.archive, bar.update)
    print(f"{args.out}: {counted(count, 'recording')} ({LICENCE})")
    return 0
