"""Training step, samples per second: the trainer's own step against the plain eager float32 step of the same model.

Each has a process of its own, because the trainer also changes how its process keeps memory. The two take turns, several
rounds of each, so that a busy machine slows both alike. `python benchmarks/training_step.py`, or for several recipes and beside
an earlier state of the project, which `git worktree add ../before COMMIT` makes:

    python benchmarks/training_step.py --recipe fsdd-mel-vae fsdd-stft-vae beta-vae --against ../before
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from shared import print_table

from timbre_core.freed_memory import keep_freed_memory
from timbre_core.models.dropout import QuickDropout
from timbre_core.models.upsampling import PhasedUpsampling, Upsampling
from timbre_core.models.vae import VAE
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import Batch
from timbre_core.training.distributed import Team, team, uses_bf16
from timbre_core.training.objective import beta_at, loss
from timbre_core.training.run import Training, new_training
from timbre_core.training.trainer import train_step

WARM_UP = 4
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
PLAIN, TRAINER, BEFORE = "plain float32", "trainer", "trainer of the other copy"


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
    for layers in (model.encoder.layers, model.decoder.layers):
        for index, layer in enumerate(layers if isinstance(layers, torch.nn.Sequential) else ()):
            if isinstance(layer, PhasedUpsampling | Upsampling):
                shape = (layer.kernel_size, layer.stride, layer.padding, layer.output_padding)
                plain = torch.nn.ConvTranspose2d(layer.in_channels, layer.out_channels, *shape)
                plain.load_state_dict(layer.state_dict())
                layers[index] = plain
            elif isinstance(layer, QuickDropout):
                layers[index] = torch.nn.Dropout(layer.p)
    return model


def median_step(label: str, name: str, steps: int, members: Team, clock: Callable[[], float]) -> float:
    """Median seconds of a step of one kind, in this process."""
    recipe = load_recipe(name)
    run = new_training(recipe, members)
    if label == PLAIN:
        run.model = plain_model(recipe).to(members.device)
        run.optimizer = torch.optim.AdamW(run.model.parameters(), lr=recipe.training.learning_rate)
    else:
        keep_freed_memory()
    size = recipe.training.batch_size
    frames = torch.rand(size, recipe.features.n_bins, recipe.window.frames, device=members.device) * 2 - 1
    batch = Batch(frames, {"pitch": torch.randint(21, 109, (size,), device=members.device).float()})
    seconds = []
    for step in range(WARM_UP + steps):
        started = clock()
        (plain_step if label == PLAIN else train_step)(run, batch, step)
        if members.device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(clock() - started)
    return statistics.median(seconds[WARM_UP:])


def turns(name: str, args: argparse.Namespace) -> dict[str, float]:
    """Median seconds of a step of each kind, in processes that take turns."""
    scripts = {label: Path(__file__).resolve() for label in (PLAIN, TRAINER)}
    if args.against:
        scripts = {BEFORE: args.against.resolve() / "benchmarks" / "training_step.py", TRAINER: scripts[TRAINER]}
    measured: dict[str, list[float]] = {label: [] for label in scripts}
    for turn in range(args.rounds):
        for label in scripts if turn % 2 else reversed(scripts):
            script = scripts[label]
            command = [sys.executable, str(script), "--recipe", name, "--steps", str(args.steps)]
            command += ["--only", PLAIN if label == PLAIN else TRAINER]
            command += ["--device", args.device] if args.device else []
            command += ["--clock", args.clock]
            surroundings = os.environ | {"PYTHONPATH": str(script.parent.parent)}
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=surroundings)
            measured[label].append(float(done.stdout))
    return {label: statistics.median(values) for label, values in measured.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", nargs="+", default=["nsynth-cvae"])
    parser.add_argument("--steps", type=int, default=20, help="measured steps of each in a round (default 20)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", help="cpu or cuda (default: a GPU where there is one)")
    parser.add_argument(
        "--against", type=Path, help="another copy of the project, whose trainer is measured beside this one's"
    )
    parser.add_argument(
        "--clock",
        choices=list(CLOCKS),
        default="wall",
        help="cpu: the process's own processor time, which says more on a crowded machine (with one thread)",
    )
    parser.add_argument("--only", help=argparse.SUPPRESS)
    args = parser.parse_args()
    with team(args.device) as members:
        if args.only:
            print(median_step(args.only, args.recipe[0], args.steps, members, CLOCKS[args.clock]))
            return
        threads, device = torch.get_num_threads(), members.device
    rows = []
    for name in args.recipe:
        recipe = load_recipe(name)
        precision, size = "bf16" if uses_bf16(recipe.training, device) else "float32", recipe.training.batch_size
        medians = turns(name, args)
        base = next(iter(medians.values()))
        for label, seconds in medians.items():
            ratio = f"{base / seconds:.2f}x"
            rows.append((f"{name}, {label}", f"{seconds * 1e3:.1f}", f"{size / seconds:.0f}", ratio))
        print(f"{name}: batch {size}, {device}, {threads} threads; the trainer uses {precision}", file=sys.stderr)
    print_table(("step", "ms", "samples/s", "ratio"), rows)


if __name__ == "__main__":
    main()
