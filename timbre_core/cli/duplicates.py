"""`python -m timbre_core duplicates`: notes of a library that are the same recording."""

from __future__ import annotations

import argparse
from pathlib import Path

from timbre_core.cli.shell import check_output_file, tell_skipped
from timbre_core.errors import TimbreError
from timbre_core.wording import counted

HELP = "list notes that are the same recording as another one, whatever their level"
EXAMPLE = "python -m timbre_core duplicates my-notes/ --json pairs.json"
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "data",
        nargs="*",
        default=["starter"],
        metavar="LIBRARY",
        help="NSynth folders, folders of sounds, .parquet libraries, or 'starter' (default)",
    )
    add("--pattern", help="file-name pattern such as '{instrument}_{pitch}_{velocity}'")
    add(
        "--correlation",
        type=float,
        default=0.99,
        metavar="C",
        help="the same is what correlates more, at one level and the best delay (default 0.99)",
    )
    add("--json", metavar="FILE", help="write all pairs, with their correlation, to FILE")


def run(args: argparse.Namespace) -> int:
    from timbre_core.datasets.duplicates import find_duplicates
    from timbre_core.datasets.library import open_library
    from timbre_core.files import write_json

    if not 0.5 <= args.correlation < 1:
        raise TimbreError(f"--correlation {args.correlation:g}: choose from 0.5 to less than 1.")
    if args.json:
        check_output_file(args.json, "--json")
    library = open_library(args.data, args.pattern)
    tell_skipped(library.skipped)
    twins = find_duplicates(library, args.correlation)
    names = library.notes["note_id"].tolist()
    if args.json:
        pairs = [{"note": names[a], "same_as": names[b], "correlation": round(c, 5)} for b, a, c in twins]
        write_json(Path(args.json), pairs)
    for first, second, correlation in twins[:_SHOWN]:
        print(f"{names[second]} = {names[first]} ({correlation:.4f})")
    if len(twins) > _SHOWN:
        print(f"and {len(twins) - _SHOWN} more{'' if args.json else ': --json FILE lists them all'}")
    print(
        f"{', '.join(library.roots)}: {counted(len(twins), 'pair')} among {counted(len(names), 'note')} with a correlation "
        f"above {args.correlation:g} after level matching"
    )
    return 0
