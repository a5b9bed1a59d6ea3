"""A speaker whom a digit system never heard: how well it reconstructs him, and which digit is read from his latents.

From the maps that ship with the checkpoints: it needs no recordings. The digit is read by a logistic regression, fitted to
the latents of the speakers that were trained on and asked about the one that was not; beside it, each of the others is left
out of the regression (the network has heard those). Errors are L1 on frames in [-1, 1], of recordings that were not
trained on.

    python benchmarks/unseen_speaker.py          # writes docs/results/unseen_speaker.md
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd
from shared import ROOT
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from timbre_core.checkpoint import Checkpoint, list_checkpoints, open_checkpoint
from timbre_core.files import write_text

HEADER = [
    "system",
    "speaker never heard",
    "L1, unseen",
    "L1, seen speakers",
    "ratio",
    "digit read, unseen speaker (chance 0.10)",
    "digit read, each of the others left out of the probe",
]
PAGE = ROOT / "docs" / "results" / "unseen_speaker.md"


def digit_systems() -> list[Checkpoint]:
    """Shipped timbre spaces whose maps are of speakers."""
    found = [open_checkpoint(folder) for folder in list_checkpoints(ROOT / "checkpoints")]
    return [
        each for each in found if each.recipe.makes_a_space and each.recipe.data.split.held_out and _of_speech(each)
    ]


def _of_speech(checkpoint: Checkpoint) -> bool:
    return checkpoint.latents is not None and set(checkpoint.latents["source"]) == {"speech"}


def read_digits(notes: pd.DataFrame, unseen: str) -> float:
    """Share of a speaker's digits that are read right by what was fitted to the others."""
    mu = np.stack(notes["mu"].to_list())
    asked = (notes["instrument"] == unseen).to_numpy()
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit(mu[~asked], notes["family"][~asked])
    return float(probe.score(mu[asked], notes["family"][asked]))


def row(checkpoint: Checkpoint) -> str:
    """One system's cells."""
    notes = checkpoint.latents
    assert notes is not None
    unseen = checkpoint.recipe.data.split.held_out[0]
    errors = notes[notes["split"] != "train"].groupby("instrument")["recon_l1"].mean()
    others = [name for name in sorted(errors.index) if name != unseen]
    read = {name: read_digits(notes, name) for name in [unseen, *others]}
    seen = np.mean([read[name] for name in others])
    cells = [
        f"`{checkpoint.name}`",
        unseen,
        f"{errors[unseen]:.4f}",
        f"{errors[others].mean():.4f}",
        f"{errors[unseen] / errors[others].mean():.2f}",
        f"{read[unseen]:.2f}",
        f"{seen:.2f} ({min(read[name] for name in others):.2f} to {max(read[name] for name in others):.2f})",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    lines = [
        "| " + " | ".join(HEADER) + " |",
        "| --- | --- |" + " ---: |" * (len(HEADER) - 2),
        *map(row, digit_systems()),
    ]
    table = "\n".join(lines)
    about = (__doc__ or "").split("\n\n")[1]
    write_text(
        PAGE, f"# A speaker never heard\n\n{about}\n\n{table}\n\nWritten by `python benchmarks/unseen_speaker.py`.\n"
    )
    print(table)


if __name__ == "__main__":
    main()
