"""Training step, samples per second: the trainer's own step against the plain eager float32 step of the same model.

Each has a process of its own, because the trainer also changes how its process keeps memory. The two take turns, several
rounds of each, so that a busy machine slows both alike. `python benchmarks/training_step.py`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

import torch
from shared import print_table

from timbre_core.models.upsampling import PhasedUpsampling
from timbre_core.models.vae import VAE
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import Batch
from timbre_core.training.distributed import Team, keep_freed_memory, team, uses_bf16
from timbre_core.training.objective import beta_at, loss
from timbre_core.training.run import Training, new_training
from timbre_core.training.trainer import train_step

WARM_UP = 4


def plain_step(run: Training, batch: Batch, step: int) -> None:
    """The step as a first script would write it: eager, float32, contiguous tensors, the framework's defaults."""
    noise = torch.randn(len(batch.frames), run.recipe.model.latent_dim, device=batch.frames.device)
    output = run.model(batch.frames, batch.conditions, noise)
    total = loss(run.recipe, run.model, output, batch.frames, beta_at(run.recipe.objective, step)).total
    run.optimizer.zero_grad()
    total.backward()
    run.optimizer.step()


def plain_model(recipe: Recipe) -> VAE:
    """The recipe's model with the framework's own layers only."""
    model = build_model(recipe)
    layers = model.decoder.layers
    for index, layer in enumerate(layers):
        if isinstance(layer, PhasedUpsampling):
            plain = torch.nn.ConvTranspose2d(layer.in_channels, layer.out_channels, 4, stride=2, padding=1)
            plain.load_state_dict(layer.state_dict())
            layers[index] = plain
    return model


def median_step(label: str, name: str, steps: int, members: Team) -> float:
    """Median seconds of a step of one kind, in this process."""
    recipe = load_recipe(name)
    run = new_training(recipe, members)
    if label == "plain float32":
        run.model = plain_model(recipe).to(members.device)
        run.optimizer = torch.optim.AdamW(run.model.parameters(), lr=recipe.training.learning_rate)
    else:
        keep_freed_memory()
    size = recipe.training.batch_size
    frames = torch.rand(size, recipe.features.n_bins, recipe.window.frames, device=members.device) * 2 - 1
    batch = Batch(frames, {"pitch": torch.randint(21, 109, (size,), device=members.device).float()})
    seconds = []
    for step in range(WARM_UP + steps):
        started = time.perf_counter()
        (plain_step if label == "plain float32" else train_step)(run, batch, step)
        if members.device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[WARM_UP:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="nsynth-cvae")
    parser.add_argument("--steps", type=int, default=20, help="measured steps of each in a round (default 20)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", help="cpu or cuda (default: a GPU where there is one)")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    args = parser.parse_args()
    with team(args.device) as members:
        if args.only:
            print(median_step(args.only, args.recipe, args.steps, members))
            return
        recipe = load_recipe(args.recipe)
        precision = "bf16" if uses_bf16(recipe.training, members.device) else "float32"
        size = recipe.training.batch_size
        threads = torch.get_num_threads()
        print(f"{recipe.name}, batch {size}, {members.device}, {threads} threads; the trainer uses {precision}")
    command = [sys.executable, __file__, "--recipe", args.recipe, "--steps", str(args.steps)]
    command += ["--device", args.device] if args.device else []
    labels = ("plain float32", "trainer")
    measured: dict[str, list[float]] = {label: [] for label in labels}
    for turn in range(args.rounds):
        for label in labels if turn % 2 else reversed(labels):
            done = subprocess.run([*command, "--only", label], check=True, capture_output=True, text=True)
            measured[label].append(float(done.stdout))
    medians = {label: statistics.median(values) for label, values in measured.items()}
    base = medians["plain float32"]
    rows = [(label, f"{s * 1e3:.1f}", f"{size / s:.0f}", f"{base / s:.2f}x") for label, s in medians.items()]
    print_table(("step", "ms", "samples/s", "ratio"), rows)


if __name__ == "__main__":
    main()
