"""`python -m timbre_core project`: make a checkpoint's map anew, or add one."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from timbre_core.cli.analysis_options import add_data_arguments, check_limit, open_data
from timbre_core.cli.shell import check_seed
from timbre_core.errors import TimbreError
from timbre_core.wording import counted

HELP = "encode notes with a checkpoint and make them its map, or with --name another map beside it"
EXAMPLE = """python -m timbre_core project checkpoints/nsynth-cvae --data my-notes/ --name mine
  python -m timbre_core project checkpoints/nsynth-cvae --data takes/ --pattern '{instrument}_{pitch}' --name takes
  python -m timbre_core project checkpoints/mine --methods pca,umap"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_arguments(parser, "all")
    parser.add_argument(
        "--name",
        help="add the map under this name, beside the checkpoint's own: the app offers both, and commands open it as "
        "CHECKPOINT@NAME (default: it becomes the checkpoint's own; the first one is kept as 'original')",
    )
    parser.add_argument(
        "--methods", default="pca,umap,tsne", metavar="LIST", help="of pca, umap, tsne, pacmap (default pca,umap,tsne)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the maps (default 0)")
    parser.add_argument(
        "--keep-doubles",
        action="store_true",
        help="show notes that are the same recording as another one, too (default: they are left out)",
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.analysis.projections import check_methods
    from timbre_core.checkpoint import RECORDING, open_checkpoint, write_latents
    from timbre_core.datasets.duplicates import find_duplicates, recording_names
    from timbre_core.datasets.library import STARTER
    from timbre_core.files import check_output_folder
    from timbre_core.maps import ORIGINAL, check_map_name, keep_original, list_maps, map_file

    methods = [method for method in args.methods.split(",") if method]
    check_methods(methods)
    check_limit(args)
    check_seed(args.seed)
    opened = open_checkpoint(args.checkpoint)
    name, folder = opened.map_name if args.name is None else check_map_name(args.name), opened.path
    if name.casefold() == ORIGINAL:
        raise TimbreError(
            f"--name {ORIGINAL!r}: a checkpoint's first map is kept under this name, and not replaced: choose another one."
        )
    there = args.name is not None and name in list_maps(folder)
    check_output_folder(map_file(folder, name).parent if name else folder, "--name" if name else "CHECKPOINT")
    checkpoint, library = open_data(args)
    from timbre_core.analysis.evaluation import select_rows
    from timbre_core.analysis.latents import compute_latents, spread_over
    from timbre_core.learned_code import codes_of

    rows = select_rows(checkpoint, library, args.split)
    rows = rows[spread_over(library.notes.iloc[rows], args.limit)]
    # The starter library was built without doubles.
    twins = find_duplicates(library, among=rows) if library.roots != [STARTER] else []
    if twins and not args.keep_doubles:
        count = counted(len(twins), "note")
        print(f"{count} left out: the same recording as another one (--keep-doubles keeps them)", file=sys.stderr)
        rows = rows[~np.isin(rows, [twin.second for twin in twins])]
    code = codes_of(checkpoint, library)
    latents = compute_latents(checkpoint, library, rows, methods, args.seed, args.device, code=code)
    if twins and args.keep_doubles:
        recordings = recording_names(library.notes, twins).set_axis(library.notes["note_id"])
        latents[RECORDING] = recordings[latents["note_id"]].to_numpy()
    kept = None if name else keep_original(folder)
    file = write_latents(folder, latents, library.roots, name)
    if kept:
        print(f"the map before is kept: {kept} (--name adds one beside instead).", file=sys.stderr)
    elif there:
        print(f"note: the map {name!r} was there already, and is replaced.", file=sys.stderr)
    print(f"{file}: {counted(len(latents), 'note')}")
    return 0
