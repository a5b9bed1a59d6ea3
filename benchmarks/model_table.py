"""The table of shipped models in README.md, written from the checkpoints' evaluation.json files.

`python benchmarks/model_table.py` rewrites it in place; `--check` fails when the README does not match the files.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from shared import ROOT

from timbre_core.checkpoint import Checkpoint, list_checkpoints, open_checkpoint
from timbre_core.files import write_text

BEGIN, END = "<!-- model table: begin -->", "<!-- model table: end -->"


def with_chance(latent: dict[str, Any], key: str, chance: str) -> str:
    """A probe's accuracy, the non-linear probe's, and chance."""
    return f"{number(latent[key], 2)} / {number(latent.get(key + '_nonlinear'), 2)} ({number(latent[chance], 2)})"


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def row(checkpoint: Checkpoint) -> list[str]:
    """One timbre space's cells."""
    result = checkpoint.evaluation
    if result is None:
        sys.exit(f"{checkpoint.path}: no evaluation.json: run `python -m timbre_core evaluate {checkpoint.path}` first")
    recon, latent, control = result["reconstruction"], result["latent"], result["control"]
    return [
        f"`{checkpoint.name}`",
        number(recon["l1"], 4),
        number(recon["l1_mean"], 4),
        number(recon["log_mel_mae_db"], 2),
        number(latent["kl_total"], 1) if checkpoint.recipe.model.sampling else "-",
        f"{latent['active_units']}/{checkpoint.recipe.model.latent_dim}",
        with_chance(latent, "pitch_probe_accuracy", "pitch_chance"),
        f"{number(latent['pitch_probe_r2'], 2)} / {number(latent.get('pitch_probe_r2_nonlinear'), 2)}",
        with_chance(latent, "family_probe_accuracy", "family_chance"),
        number(control["within_50_cents"], 2),
    ]


HEADER = [
    "checkpoint",
    "L1, z sampled",
    "L1, mu",
    "log-mel error, dB",
    "KL, nats",
    "active units",
    "exact pitch from z: linear / non-linear probe (chance)",
    "pitch R2 from z: linear / non-linear",
    "family from z: linear / non-linear probe (chance)",
    "asked pitch is heard within 50 cents",
]


def table() -> str:
    """The Markdown table."""
    checkpoints = [open_checkpoint(folder) for folder in list_checkpoints(ROOT / "checkpoints")]
    rows = [row(checkpoint) for checkpoint in checkpoints if checkpoint.recipe.makes_a_space]
    lines = [HEADER, ["---"] + ["---:"] * (len(HEADER) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when the README is out of date")
    args = parser.parse_args()
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"
    if args.check:
        sys.exit(0 if wanted == text else "README.md: the model table is out of date: run benchmarks/model_table.py")
    write_text(readme, wanted)
    print(table())


if __name__ == "__main__":
    main()
