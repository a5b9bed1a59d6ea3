"""Placing new notes on a map that is there: amid their neighbours, by a network fitted to the map, and by UMAP's `transform`.

    python benchmarks/placing.py [--checkpoint nsynth-cvae] [--write]

A quarter of the instruments is taken off a shipped map; each way places their notes again, knowing the other notes' places
alone. Kept neighbours: share of a placed note's 15 nearest notes in the latent space that are among its 15 nearest on the map
(k = 15 among all notes). Trustworthiness: scikit-learn's, of all notes with the placed ones (k = 15). Time: for 10,000 notes
and one after the other in one process on one thread, what has to be made or compiled first apart.

Amid one neighbour every new note lies exactly on an old one, and neither can be pointed at alone: the project takes five.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from shared import publish

from timbre_core.catalogue.placing import Placer
from timbre_core.checkpoint import open_checkpoint

_K = 15
_TIMED = 10_000
_RESULT = Path(__file__).parents[1] / "docs" / "results" / "placing.md"
Place = Callable[[np.ndarray], np.ndarray]


def amid(k: int) -> Callable[[np.ndarray, np.ndarray], Place]:
    """Interpolation from the k nearest notes of the map."""

    def fit(means: np.ndarray, places: np.ndarray) -> Place:
        return Placer.on(means, places, k).place

    return fit


def network(means: np.ndarray, places: np.ndarray) -> Place:
    """Two hidden layers fitted to the map's places (Sainburg, McInnes and Gentner 2021 fit one to UMAP's loss instead)."""
    torch.manual_seed(0)
    centre, spread = means.mean(0), means.std(0) + 1e-6
    x = torch.from_numpy((means - centre) / spread)
    scale = places.std()
    y = torch.from_numpy(places / scale)
    net = torch.nn.Sequential(
        torch.nn.Linear(means.shape[1], 256),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.1),
        torch.nn.Linear(256, 256),
        torch.nn.ReLU(),
        torch.nn.Linear(256, places.shape[1]),
    )
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    steps = 1500
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, steps)
    for _ in range(steps):
        rows = torch.randint(len(x), (256,))
        loss = torch.nn.functional.smooth_l1_loss(net(x[rows] + 0.05 * torch.randn(256, x.shape[1])), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    net.eval()

    @torch.inference_mode()
    def place(new: np.ndarray) -> np.ndarray:
        return np.asarray(net(torch.from_numpy((new - centre) / spread).float()).numpy()) * scale

    return place


def umap_transform(means: np.ndarray, places: np.ndarray) -> Place:
    """UMAP fitted to the map's notes from their places on, without moving them; then `transform`."""
    from umap import UMAP

    model = UMAP(n_neighbors=30, min_dist=0.1, init=places.astype(np.float32), n_epochs=1, random_state=0, n_jobs=1)
    model.fit(means)
    model.embedding_ = places.astype(np.float32)
    model.n_epochs = None  # for `transform`: a third of what a fit takes by itself
    return lambda new: np.asarray(model.transform(new))


WAYS: dict[str, Callable[[np.ndarray, np.ndarray], Place]] = {
    "amid 1 neighbour": amid(1),
    "amid 5 neighbours": amid(5),
    "amid 15 neighbours": amid(15),
    "network": network,
    "UMAP transform": umap_transform,
}


def neighbours(points: np.ndarray, k: int) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    return np.asarray(NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False))


def measure(checkpoint: str) -> list[str]:
    from sklearn.manifold import trustworthiness

    latents = open_checkpoint(checkpoint).latents
    assert latents is not None
    means = np.stack(latents["mu"].tolist()).astype(np.float32)
    places = latents[["umap_1", "umap_2"]].to_numpy(np.float32)
    instruments = np.random.default_rng(0).permutation(latents["instrument"].unique())
    out = latents["instrument"].isin(instruments[: len(instruments) // 4]).to_numpy()
    near = neighbours(means, _K)
    many = means[np.random.default_rng(1).integers(len(means), size=_TIMED)]
    many = many + np.random.default_rng(2).normal(0, 0.05, many.shape).astype(np.float32)

    def line(name: str, placed: np.ndarray, fitting: float, seconds: float) -> str:
        found = neighbours(placed, _K)
        kept = np.mean([len(np.intersect1d(near[row], found[row])) / _K for row in np.flatnonzero(out)])
        trust = trustworthiness(means, placed, n_neighbors=_K)
        times = f"{fitting:.1f} s | {seconds:.2f} s" if seconds else "- | -"
        return f"| {name} | {kept:.3f} | {trust:.4f} | {times} |"

    lines = [line("the map itself, all fitted together", places, 0, 0)]
    for name, fit in WAYS.items():
        begun = time.perf_counter()
        place = fit(means[~out], places[~out])
        place(means[:64])  # what compiles itself does so now
        fitting = time.perf_counter() - begun
        begun = time.perf_counter()
        place(many)
        seconds = time.perf_counter() - begun
        placed = places.copy()
        placed[out] = place(means[out])
        lines.append(line(name, placed, fitting, seconds))
        print(lines[-1], flush=True)
    head = (
        f"\n## {checkpoint}: {out.sum():,} of {len(out):,} notes, {len(instruments) // 4} instruments, placed again\n"
    )
    table = [
        "| way | kept neighbours | trustworthiness | made ready | 10,000 notes |",
        "| --- | --- | --- | --- | --- |",
    ]
    return [head, *table, *lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", nargs="+", default=["nsynth-cvae", "nsynth-ae", "beta-vae"])
    parser.add_argument("--write", action="store_true", help=f"write {_RESULT.name}")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    lines = ["# New notes on a map that is there", "", *(__doc__ or "").splitlines()[2:]]
    for checkpoint in args.checkpoint:
        lines += measure(checkpoint)
    publish(lines, _RESULT, args.write)


if __name__ == "__main__":
    main()
