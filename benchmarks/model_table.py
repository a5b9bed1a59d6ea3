"""The tables of shipped models and systems in docs/results and docs/systems, from the checkpoints' files.

`python benchmarks/model_table.py` rewrites them in place; `--check` fails when they do not match the files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from shared import ROOT

from timbre_core.checkpoint import Checkpoint, list_checkpoints, open_checkpoint
from timbre_core.files import write_text
from timbre_core.recipes.schema import Recipe


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


RESULTS = ROOT / "docs" / "results"
HEADER = [
    "checkpoint",
    "L1, z sampled",
    "L1, mu",
    "log-mel error, dB",
    "KL, nats",
    "active units",
    "exact pitch from z: linear / non-linear probe (chance)",
    "pitch R2 from z: linear / non-linear",
    "family from z, the same instruments on both sides: linear / non-linear probe (chance)",
    "asked pitch is heard within 50 cents",
]


def model_table() -> str:
    """One network in its roles, trained and measured alike."""
    rows = [row(checkpoint) for checkpoint in spaces() if checkpoint.recipe.name.startswith("nsynth-")]
    return markdown(HEADER, ["---"] + ["---:"] * (len(HEADER) - 1), rows)


def system_table(also: list[Path]) -> str:
    """Every system that has a checkpoint, shipped or among `also`: what its source reports, and what was measured here."""
    shipped = [checkpoint for checkpoint in spaces() if not checkpoint.recipe.name.startswith("nsynth-")]
    found = [*shipped, *(open_checkpoint(folder) for folder in also)]
    rows = [system_row(checkpoint) for checkpoint in sorted(found, key=lambda checkpoint: checkpoint.recipe.name)]
    header = ["recipe", "system", "published", "here", "measured on"]
    return markdown(header, ["---"] * len(header), rows)


def pitch_table() -> str:
    """Squared error of VaPar's systems at each pitch, on held-out notes, and what their latents' main directions hold."""
    found = [each for each in spaces() if each.recipe.name.startswith("vapar-")]
    errors = {each.name: ((each.evaluation or {}).get("reconstruction") or {}).get("by_pitch", {}) for each in found}
    pitches = sorted({pitch for each in errors.values() for pitch in each}, key=float)
    rows = [[pitch, *(number_or_power(errors[each.name].get(pitch)) for each in found)] for pitch in pitches]
    for count in (1, 2, 5, 10):
        rows.append([f"variance in {count} principal components", *(f"{explained(each, count):.0%}" for each in found)])
    header = ["MIDI pitch", *(f"`{each.name}`" for each in found)]
    return markdown(header, ["---"] + ["---:"] * len(found), rows)


def number_or_power(error: dict[str, Any] | None) -> str:
    return "-" if error is None else f"{error['mse']:.2e} ({error['notes']})"


def explained(checkpoint: Checkpoint, count: int) -> float:
    """Share of the variance of a map's mean latents in their first principal components."""
    assert checkpoint.latents is not None
    mu = np.stack(checkpoint.latents["mu"].to_list()).astype(np.float64)
    variance = np.linalg.svd(mu - mu.mean(axis=0), compute_uv=False) ** 2
    return float(variance[:count].sum() / variance.sum())


def spaces() -> list[Checkpoint]:
    """The shipped timbre spaces."""
    checkpoints = [open_checkpoint(folder) for folder in list_checkpoints(ROOT / "checkpoints")]
    return [checkpoint for checkpoint in checkpoints if checkpoint.recipe.makes_a_space]


def system_row(checkpoint: Checkpoint) -> list[str]:
    recipe, result = checkpoint.recipe, checkpoint.evaluation or {}
    published = "; ".join(f"{key.replace('_', ' ')} {plain(value)}" for key, value in recipe.published.items())
    roots = ", ".join(Path(root).name for root in recipe.data.roots)
    measured = f"{result.get('notes', 0)} notes of {result.get('instruments', 0)} {_people(recipe)}, {result.get('split')} split"
    if recipe.features.kind == "image":
        measured = f"{result.get('notes', 0)} pictures, {result.get('split')} split"
    if "test" in result:
        measured = f"{result['test']['notes']} notes, test split"
    return [
        f"`{recipe.name}`",
        recipe.source,
        published or "-",
        "; ".join(figures(checkpoint, result)) or "not measured",
        f"{measured}; trained on {roots}" if result else "-",
    ]


def _people(recipe: Recipe) -> str:
    return "speakers" if _of_speech(recipe) else "instruments"


def _of_speech(recipe: Recipe) -> bool:
    return any("fsdd" in root for root in recipe.data.roots)


def figures(checkpoint: Checkpoint, result: dict[str, Any]) -> list[str]:
    """What was measured of a system, in words; what it has not is left out."""
    recipe = checkpoint.recipe
    parameters = recipe.provenance.get("parameters")
    found = [f"{parameters:,} parameters"] if parameters else []
    recon, latent = result.get("reconstruction", {}), result.get("latent", {})
    if recon:
        found.append(f"MSE {recon['mse']:.3g}")
    if recon.get("log_mel_mae_db") is not None and recipe.features.kind != "image":
        found.append(f"error {recon['log_mel_mae_db']:.2f} dB")
    if "test" in result:
        found += [f"{name.replace('_', ' ')} {value:.3f}" for name, value in result["test"].items() if name != "notes"]
    if latent and recipe.model.sampling:
        found.append(
            f"KL {latent['kl_total']:.1f} nats in {latent['active_units']} of {recipe.model.latent_dim} dimensions"
        )
    if latent.get("family_probe_accuracy") is not None:
        what = "digit" if _of_speech(recipe) or recipe.features.kind == "image" else "family"
        sides = "" if what == "digit" else ", the same instruments on both sides,"
        found.append(
            f"{what} read from z{sides} {latent['family_probe_accuracy']:.2f} (chance {latent['family_chance']:.2f})"
        )
    within = (result.get("control") or {}).get("within_50_cents")
    # Additive synthesis sounds at any pitch it is asked for: that says nothing of the model.
    if within is not None and recipe.uses_pitch and recipe.features.kind != "envelope":
        found.append(f"asked pitch heard within 50 cents {within:.2f}")
    return found


def plain(value: Any) -> str:
    """A published figure in words."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return "-".join(plain(part) for part in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def markdown(header: list[str], rule: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows))


def put(page: Path, name: str, table: str, check: bool) -> None:
    """Write a table between its marks on a page; with `check`, exit where another one stands there."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        sys.exit(f"{page}: has no {begin} ... {end}: put the two marks where the table belongs")
    wanted = f"{before}{begin}\n\n{table}\n\n{end}{after}"
    if check and wanted != text:
        sys.exit(f"{page}: its table is out of date: run benchmarks/model_table.py")
    if not check:
        write_text(page, wanted)
        print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when a table is out of date")
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="checkpoints that do not ship")
    args = parser.parse_args()
    put(RESULTS / "models.md", "model table", model_table(), args.check)
    put(RESULTS / "systems.md", "system table", system_table(args.also), args.check)
    put(ROOT / "docs" / "systems" / "envelopes.md", "error by pitch", pitch_table(), args.check)


if __name__ == "__main__":
    main()
