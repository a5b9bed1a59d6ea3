"""Lay a map's notes out by their timbre codes as these are now, its latents as they are.

    python benchmarks/lay_out_codes.py [checkpoints/timbre-space]

To be run when the checkpoint timbre-code has changed; `python -m timbre_core project` encodes the notes again, too.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from shared import ROOT
from tqdm import tqdm

from timbre_core.analysis.distances import CODE
from timbre_core.analysis.projections import METHODS, project
from timbre_core.checkpoint import open_checkpoint, write_latents
from timbre_core.datasets.library import open_library
from timbre_core.learned_code import codes_of

_NEIGHBORS = (
    80  # an instrument's notes are near each other by these codes: with UMAP's usual 30 some lie far from all others
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="?", default=ROOT / "checkpoints" / "timbre-space")
    args = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = open_checkpoint(args.checkpoint)
    notes, library = checkpoint.latents, open_library(checkpoint.latents_roots)
    code = codes_of(checkpoint, library)
    if notes is None or code is None:
        parser.error(f"{args.checkpoint} has no map of timbre codes: its distance is {checkpoint.recipe.distance}.")
    rows = dict(zip(library.notes["note_id"], range(len(library.notes)), strict=True))
    codes = [code(rows[note]) for note in tqdm(notes["note_id"], unit="note")]
    methods = [method for method in METHODS if f"{method}_1" in notes]
    laid_out = project(np.stack(codes), methods, neighbors=_NEIGHBORS)
    write_latents(args.checkpoint, notes.assign(**{CODE: codes}, **laid_out), checkpoint.latents_roots)
    print(f"{args.checkpoint}: {len(codes)} notes laid out by codes of {len(codes[0])} numbers")


if __name__ == "__main__":
    main()
