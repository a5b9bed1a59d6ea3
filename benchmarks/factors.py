"""Do latents find the factors that notes are made of? AE, VAE, beta-VAE and FactorVAE on notes whose factors are known.

Each is the recipe `known-factors` with another objective, trained from several seeds on the same notes; FactorVAE at weight
0 is the VAE, whose total correlation the discriminator then measures alone. beta-VAE's beta is chosen so that it
reconstructs as well as FactorVAE, which is what makes their total correlations comparable. All is measured on the whole
set; intervals are 95 % of means over seeds, by Student's t. Resumable: what is done is kept in --work, a file a run.

    python benchmarks/factors.py --work factors-work          # writes docs/results/factors.md; some minutes on two free cores
    python benchmarks/factors.py --work factors-work --seeds 1 --only factor-vae --set objective.total_correlation.weight=1
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import cast

import numpy as np
import torch
from scipy.stats import t as student
from shared import ROOT

from timbre_core.analysis.disentanglement import aggregate_correlation, dci, mutual_information_gap
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.known_factors import LEVELS, factors_of
from timbre_core.datasets.library import recipe_library
from timbre_core.datasets.store_build import build_store
from timbre_core.files import write_json, write_text
from timbre_core.freed_memory import keep_freed_memory
from timbre_core.models.vae import VAE
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import BatchSource
from timbre_core.training.distributed import Team
from timbre_core.training.objective import learning_rate_at
from timbre_core.training.optimizer import set_rate
from timbre_core.training.run import new_training
from timbre_core.training.trainer import train_step

RECIPE = "known-factors"
SYSTEMS: dict[str, list[str]] = {
    "AE": ["model.sampling=false", "objective.total_correlation=null", "objective.beta=0"],
    "VAE (FactorVAE at weight 0)": ["objective.total_correlation.weight=0"],
    "beta-VAE": ["objective.total_correlation=null"],
    "FactorVAE": [],
}
PAGE = ROOT / "docs" / "results" / "factors.md"
MEASURES = {
    "mse": "MSE",
    "kl": "KL, nats",
    "correlation": "total correlation, nats",
    "mig": "MIG",
    "disentanglement": "DCI disentanglement",
    "completeness": "DCI completeness",
    "informativeness": "DCI informativeness (R2)",
}
_DIGITS = {"mse": 5, "kl": 1}
_ALONE = Team(torch.device("cpu"))


def trained(recipe: Recipe, store: FeatureStore) -> tuple[VAE, float | None]:
    """The recipe's network after all its epochs, and the mean of its discriminator's last estimates of the total correlation."""
    source, run = BatchSource(store, "train", recipe, _ALONE, None), new_training(recipe, _ALONE)
    run.model.train()
    steps, step, found = source.steps() * recipe.training.epochs, 0, []
    for epoch in range(1, recipe.training.epochs + 1):
        for batch in source.epoch(epoch):
            set_rate(run.optimizer, learning_rate_at(recipe.training, step, steps))
            terms = train_step(run, batch, step)
            step += 1
        if run.discriminator is not None and epoch > 0.9 * recipe.training.epochs:
            found.append(float(terms[4]))
    return cast(VAE, run.measured.eval()), float(np.mean(found)) if found else None


@torch.inference_mode()
def measured(recipe: Recipe, store: FeatureStore, model: VAE) -> dict[str, float]:
    """What a model makes of every note of the set, which is all there is of its world."""
    frames = torch.from_numpy(
        store.crops(np.arange(len(store.notes)), np.zeros(len(store.notes), int), recipe.window.frames)
    )
    mu, logvar = model.encode(frames, {})
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(mu.shape, generator=generator) if recipe.model.sampling else None
    held_out = torch.from_numpy((store.notes["split"] != "train").to_numpy(copy=True))
    error = (model(frames, {}, noise).decoded - frames).square().mean(dim=(1, 2))
    factors, latents = factors_of(store.notes["note_id"]), mu.numpy().astype(np.float64)
    found = {
        "mse": float(error[held_out].mean()),
        "mig": mutual_information_gap(latents, factors),
    }
    found |= dci(latents, factors)._asdict()
    if recipe.model.sampling:
        found["kl"] = float(model.prior.kl(mu, logvar, mu).sum(dim=1).mean())
        found["correlation"] = aggregate_correlation(latents, logvar.numpy().astype(np.float64))
    return found


def kept(work: Path, name: str, changes: list[str], store: FeatureStore) -> dict[str, float]:
    """What was measured with these changes, from `work` where it was done before."""
    recipe = load_recipe(RECIPE, changes)
    digest = hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:12]
    path = work / f"{digest}.json"
    if not path.is_file():
        model, estimate = trained(recipe, store)
        told = {"system": name, "changes": changes, "estimate": estimate}
        write_json(path, told | measured(recipe, store, model))
    found = json.loads(path.read_text(encoding="utf-8"))
    print(name, {key: round(value, 4) for key, value in found.items() if isinstance(value, float)}, flush=True)
    return found


def interval(values: list[float], digits: int) -> str:
    """Mean and half its 95 % interval."""
    if len(values) < 2:
        return f"{values[0]:.{digits}f}" if values else "-"
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.{digits}f} ± {half:.{digits}f}"


def table(results: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: a row for each system."""
    lines = ["| | " + " | ".join(MEASURES.values()) + " |", "| --- |" + " ---: |" * len(MEASURES)]
    for name, found in results.items():
        cells = [interval([one[key] for one in found if key in one], _DIGITS.get(key, 2)) for key in MEASURES]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page(results: dict[str, list[dict[str, float]]], seeds: int, beta: float) -> str:
    """What docs/results/factors.md says above its remarks."""
    recipe, count = load_recipe(RECIPE), int(np.prod(list(LEVELS.values())))
    names = ", ".join(f"{name} ({levels})" for name, levels in LEVELS.items())
    gamma = recipe.objective.total_correlation.weight * recipe.model.latent_dim  # type: ignore[union-attr]
    return (
        f"{count:,} tones in all combinations of {names}: the root `known-factors`, which the project makes itself. "
        f"{recipe.model.latent_dim} latent dimensions, {recipe.training.epochs} epochs, {seeds} seeds each; mean and "
        f"95 % interval. "
        f"FactorVAE has beta 1 and gamma {gamma:g}, beta-VAE a beta of {beta:g}, with which it reconstructs as well. "
        "The total correlation is that of the aggregated posterior of the whole set, whose density is known; MSE is of notes "
        f"that were not trained on.\n\n{table(results)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for what is done")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--beta", type=float, default=1.5, help="of beta-VAE (default 1.5)")
    parser.add_argument("--only", help="one of the systems, by the beginning of its name; writes no page")
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="KEY=VALUE", help="change the recipe of all systems; writes no page"
    )
    args = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))
    keep_freed_memory()
    recipe = load_recipe(RECIPE)
    store = build_store(recipe_library(recipe.data), recipe.features, keep_doubles=True)
    results: dict[str, list[dict[str, float]]] = {}
    for seed in range(args.seeds):  # seeds outside, so that a run that is stopped has all systems
        for name, changes in SYSTEMS.items():
            if args.only and not name.lower().startswith(args.only.lower()):
                continue
            own = [f"objective.beta={args.beta}"] if name == "beta-VAE" else []
            found = kept(args.work, name, [*changes, *own, *args.set, f"training.seed={seed}"], store)
            results.setdefault(name, []).append(found)
    if args.only or args.set:
        print(table(results))
        return
    text = (
        PAGE.read_text(encoding="utf-8")
        if PAGE.is_file()
        else "# Notes of known factors\n\n<!-- table: begin -->\n<!-- table: end -->\n"
    )
    before, _, rest = text.partition("<!-- table: begin -->")
    after = rest.partition("<!-- table: end -->")[2]
    written = page(results, args.seeds, args.beta)
    write_text(PAGE, f"{before}<!-- table: begin -->\n\n{written}\n\n<!-- table: end -->{after}")
    print(written)


if __name__ == "__main__":
    main()
