"""`python -m timbre_core project`: make a checkpoint's map anew."""

from __future__ import annotations

import argparse

from timbre_core.cli.analysis_options import add_data_arguments, check_limit, open_data
from timbre_core.cli.shell import check_seed
from timbre_core.wording import counted

HELP = "encode notes with a checkpoint and make them its map"
EXAMPLE = "python -m timbre_core project checkpoints/nsynth-cvae --data my-notes/ --methods pca,umap"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_arguments(parser, "all")
    parser.add_argument(
        "--methods", default="pca,umap,tsne", metavar="LIST", help="of pca, umap, tsne, pacmap (default pca,umap,tsne)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the maps (default 0)")


def run(args: argparse.Namespace) -> int:
    from timbre_core.analysis.projections import check_methods
    from timbre_core.checkpoint import LATENTS, write_latents

    methods = [method for method in args.methods.split(",") if method]
    check_methods(methods)
    check_limit(args)
    check_seed(args.seed)
    checkpoint, library = open_data(args)
    from timbre_core.analysis.evaluation import select_rows
    from timbre_core.analysis.latents import compute_latents, spread_over

    rows = select_rows(checkpoint, library, args.split)
    rows = rows[spread_over(library.notes.iloc[rows], args.limit)]
    latents = compute_latents(checkpoint, library, rows, methods, args.seed, args.device)
    write_latents(checkpoint.path, latents, library.roots)
    print(f"{checkpoint.path / LATENTS}: {counted(len(latents), 'note')}")
    return 0
