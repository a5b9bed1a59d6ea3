"""The shipped systems of each family side by side: what `python -m timbre_core compare` says of them, on notes that none was
trained on.

    python benchmarks/families.py --nsynth nsynth-subset/ --digits fsdd/ --work DIR --write     # docs/results/families.md

Figures are kept in --work and taken from there when the command runs again, so that it can be stopped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared import ROOT, publish

from timbre_core.analysis.comparison import compare, measured_differently, measured_on, read_differently
from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.vocabulary import shared_vocabulary, vocabulary_of

PAGE = ROOT / "docs" / "results" / "families.md"


@dataclass(frozen=True)
class Family:
    """Checkpoints that are compared with each other. data: the option of this script whose notes they are measured on; none
    takes what each checkpoint's evaluation.json says. told: what else is to be known of them."""

    title: str
    names: tuple[str, ...]
    data: str = ""
    options: tuple[str, ...] = ()
    told: str = ""


_FEW = ("--limit", "300", "--only", "reconstruction", "latent", "control", "sound", "--sound-notes", "60")
FAMILIES = (
    Family("Notes", ("nsynth-vae", "nsynth-cvae", "nsynth-ae", "timbre-space"), "nsynth", _FEW),
    Family(
        "Spoken digits: convolutions",
        ("fsdd-mel-vae", "fsdd-stft-vae", "fsdd-stft-gmvae"),
        "digits",
        _FEW,
        "Of the one speaker whom none has heard.",
    ),
    Family("Spoken digits: LSTMs", ("beta-vae", "factor-vae"), "digits", _FEW, "Of the same speaker."),
    Family(
        "Envelopes and spectra",
        ("vapar-ae", "vapar-cvae", "vapar-spectral-ae", "vapar-spectral-cvae"),
        "nsynth",
        _FEW,
        "Of reeds and strings from C4 to B4, which these are made for.",
    ),
)


def measured(family: Family, data: str, work: Path) -> dict[str, Any]:
    """The figures of a family's checkpoints, by name."""
    kept = work / f"{'+'.join(family.names)}.json"
    if not kept.is_file():
        command = [sys.executable, "-m", "timbre_core", *arguments(family, data), "--json", str(kept)]
        subprocess.run(command, check=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def arguments(family: Family, data: str) -> list[str]:
    """What follows `python -m timbre_core`."""
    return ["compare", *family.names, *(["--data", data, *family.options] if data else [])]


def lines_of(family: Family, evaluations: dict[str, Any], data: str) -> list[str]:
    """A family's part of the page."""
    checkpoints = {name: open_checkpoint(name) for name in family.names}
    features = {name: checkpoint.recipe.features for name, checkpoint in checkpoints.items()}
    maps = [checkpoint.latents for checkpoint in checkpoints.values()]
    words = shared_vocabulary(vocabulary_of(notes) for notes in maps if notes is not None)
    told = [
        family.told,
        measured_on(evaluations, words),
        measured_differently(evaluations, words),
        read_differently(features),
    ]
    lines = ["", f"## {family.title}", "", f"`python -m timbre_core {' '.join(arguments(family, data))}`", ""]
    lines += [" ".join(filter(None, told)), "", f"| | {' | '.join(f'`{name}`' for name in family.names)} |"]
    lines.append("| --- |" + " ---: |" * len(family.names))
    for row in compare(evaluations, features, words):
        asides, remark = _remark_apart([cell.aside for cell in row.cells])
        cells = [
            (f"**{cell.text}**" if cell.best else cell.text or "-") + (f" ({aside})" if cell.text and aside else "")
            for cell, aside in zip(row.cells, asides, strict=True)
        ]
        lines.append(f"| {row.figure.title}{remark and f' ({remark})'} | {' | '.join(cells)} |")
    return lines


def _remark_apart(asides: list[str]) -> tuple[list[str], str]:
    """What stands beside the figures of a row, without the remark that all of them have; and that remark."""
    parts = [aside.partition(", fitted on ") for aside in asides]
    remarks = {remark for *_, remark in parts}
    if len(remarks) != 1 or not all(remarks):
        return asides, ""
    return [first for first, *_ in parts], f"fitted on {remarks.pop()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nsynth", required=True, metavar="DIR", help="notes of NSynth")
    parser.add_argument("--digits", required=True, metavar="DIR", help="the Free Spoken Digit Dataset")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="keeps figures between runs")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Systems of a family, side by side",
        "",
        "What `compare` says of the shipped checkpoints, bold where one is the best of those that compare. Written by",
        "`python benchmarks/families.py --nsynth DIR --digits DIR --work DIR --write`.",
    ]
    for family in FAMILIES:
        data = getattr(args, family.data, "") if family.data else ""
        lines += lines_of(family, measured(family, data, args.work), Path(data).name)
    publish(lines, PAGE, args.write)


if __name__ == "__main__":
    main()
