"""Training step, samples per second: the trainer's own step against the plain eager float32 step of the same model.

Steps of both take turns in one process, so that a busy machine slows both alike. `python benchmarks/training_step.py`.
"""

from __future__ import annotations

import argparse
import itertools

import torch
from shared import print_table, side_by_side

from timbre_core.models.vae import build_model
from timbre_core.recipes.library import load_recipe
from timbre_core.training.batches import Batch
from timbre_core.training.distributed import Team, team, uses_bf16
from timbre_core.training.objective import beta_at, loss
from timbre_core.training.trainer import Training, new_training, train_step


def plain_step(run: Training, batch: Batch, step: int) -> None:
    """The step as a first script would write it: eager, float32, contiguous tensors, the framework's defaults."""
    noise = torch.randn(len(batch.frames), run.recipe.model.latent_dim, device=batch.frames.device)
    output = run.model(batch.frames, batch.conditions, noise)
    total = loss(run.recipe, run.model, output, batch.frames, beta_at(run.recipe.objective, step)).total
    run.optimizer.zero_grad()
    total.backward()
    run.optimizer.step()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="nsynth-cvae")
    parser.add_argument("--steps", type=int, default=30, help="measured steps of each (default 30)")
    parser.add_argument("--device", help="cpu or cuda (default: a GPU where there is one)")
    args = parser.parse_args()
    with team(args.device) as members:
        measure(args.recipe, args.steps, members)


def measure(name: str, steps: int, members: Team) -> None:
    """Print the table."""
    recipe = load_recipe(name)
    ours = new_training(recipe, members)
    theirs = new_training(recipe, members)
    theirs.model = build_model(recipe).to(members.device)
    theirs.optimizer = torch.optim.AdamW(theirs.model.parameters(), lr=recipe.training.learning_rate)
    size = recipe.training.batch_size
    frames = torch.rand(size, recipe.features.n_bins, recipe.window.frames, device=members.device) * 2 - 1
    batch = Batch(frames, {"pitch": torch.randint(21, 109, (size,), device=members.device).float()})
    step = itertools.count()

    def finish() -> None:
        if members.device.type == "cuda":
            torch.cuda.synchronize()

    medians = side_by_side(
        {
            "plain float32": lambda: (plain_step(theirs, batch, next(step)), finish()),
            "trainer": lambda: (train_step(ours, batch, next(step)), finish()),
        },
        steps,
    )
    precision = "bf16" if uses_bf16(recipe.training, members.device) else "float32"
    print(f"{name}, batch {size}, {members.device}, {torch.get_num_threads()} threads; the trainer uses {precision}")
    base = medians["plain float32"]
    rows = [(label, f"{s * 1e3:.1f}", f"{size / s:.0f}", f"{base / s:.2f}x") for label, s in medians.items()]
    print_table(("step", "ms", "samples/s", "ratio"), rows)


if __name__ == "__main__":
    main()
