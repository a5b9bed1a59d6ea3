"""How much the latent dimensions of models depend on each other: their total correlation, in nats.

The estimate of FactorVAE (Kim & Mnih, "Disentangling by Factorising", 2018), the same for every model: a discriminator is trained
afresh to tell latents of training windows from latents whose dimensions are shuffled; the mean of its logit on other windows is
the figure. In practice it is too low rather than too high: what the discriminator does not find is not counted.

    python benchmarks/total_correlation.py checkpoints/beta-vae runs/factor-vae --data path/to/fsdd
"""

from __future__ import annotations

import argparse

import torch
from shared import print_table
from torch import Tensor
from tqdm import tqdm

from timbre_core.checkpoint import Checkpoint, open_checkpoint
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import recipe_library
from timbre_core.datasets.store_build import build_store
from timbre_core.models.discriminator import (
    BETAS,
    Discriminator,
    TotalCorrelation,
    discriminator_loss,
    total_correlation,
)
from timbre_core.training.batches import BatchSource
from timbre_core.training.distributed import Team

_BATCH = 256
_ALONE = Team(torch.device("cpu"))


@torch.inference_mode()
def posteriors(checkpoint: Checkpoint, store: FeatureStore, split: str) -> tuple[Tensor, Tensor]:
    """mu and logvar (n_windows, latent_dim) of one epoch's windows of a split."""
    model = checkpoint.model()
    source = BatchSource(store, split, checkpoint.recipe, _ALONE, None)
    found = [model.encode(batch.frames, batch.conditions) for batch in source.epoch(0)]
    mu, logvar = (torch.cat(parts) for parts in zip(*found, strict=True))
    return mu, logvar


def drawn(mu: Tensor, logvar: Tensor, rows: Tensor) -> Tensor:
    """A latent of each of some windows."""
    return mu[rows] + (0.5 * logvar[rows]).exp() * torch.randn(len(rows), mu.shape[1])


def estimate(train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], steps: int) -> float:
    """Total correlation in nats, of a discriminator of the recipe factor-vae's size."""
    torch.manual_seed(0)
    scale = train[0].std(dim=0) + 1e-6  # its input has the same size whatever the model; total correlation has no scale
    train, test = ((mu / scale, logvar - 2 * scale.log()) for mu, logvar in (train, test))
    discriminator = Discriminator(TotalCorrelation(layers=6, units=500), len(scale))
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=3e-4, betas=BETAS)
    for _ in tqdm(range(steps), leave=False):
        z = drawn(*train, torch.randint(len(train[0]), (_BATCH,)))
        optimizer.zero_grad()
        discriminator_loss(discriminator, z, torch.rand(z.shape).argsort(dim=0)).backward()
        optimizer.step()
    with torch.no_grad():
        return float(total_correlation(discriminator, drawn(*test, torch.arange(len(test[0])))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT", help="timbre spaces")
    parser.add_argument("--data", nargs="+", required=True, help="notes to encode")
    parser.add_argument("--steps", type=int, default=1000, help="of each discriminator's training (default: 1000)")
    args = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    for folder in args.checkpoints:
        checkpoint = open_checkpoint(folder)
        recipe = checkpoint.recipe
        store = build_store(recipe_library(recipe.data.model_copy(update={"roots": args.data})), recipe.features)
        train, test = (posteriors(checkpoint, store, split) for split in ("train", "test"))
        kl = checkpoint.model().prior.kl(*test).sum(dim=1).mean().item()
        rows.append((checkpoint.name, f"{estimate(train, test, args.steps):.2f}", f"{kl:.1f}", f"{len(test[0])}"))
    print_table(("checkpoint", "total correlation, nats", "KL, nats", "windows"), rows)


if __name__ == "__main__":
    main()
