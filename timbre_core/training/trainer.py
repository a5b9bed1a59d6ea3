"""The training loop: one for all recipes, on a CPU, a GPU or many of them, resumable after any epoch."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.errors import TimbreError
from timbre_core.freed_memory import keep_freed_memory
from timbre_core.layout import EVENTS, LAST_WEIGHTS, WEIGHTS
from timbre_core.layout import STATE as STATE
from timbre_core.models.vae import VAE
from timbre_core.models.weights import save_weights
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import Batch, BatchSource, check_splits
from timbre_core.training.criteria import Step, criterion_of
from timbre_core.training.distributed import Team, uses_bf16
from timbre_core.training.draws import Draws
from timbre_core.training.fitting import fit_to_notes
from timbre_core.training.history import append_epoch, keep_epochs
from timbre_core.training.objective import beta_at, learning_rate_at
from timbre_core.training.optimizer import set_rate
from timbre_core.training.pictures import take_pictures
from timbre_core.training.progress import Reporter, TrainingProgress
from timbre_core.training.remaining import Remaining, told
from timbre_core.training.run import Training, new_training
from timbre_core.training.state import Progress, load_state, save_state

# On a GPU every look at a number waits for the queue to drain; NaN is looked for this often there, each step on a CPU.
_GPU_NAN_CHECK = 50


def train(
    recipe: Recipe,
    store: FeatureStore,
    folder: Path,
    team: Team,
    resume: bool = False,
    start: Path | None = None,
    through: VAE | None = None,
    reporter: Reporter | None = None,
    bar: bool = True,
    after: float = 0.0,
) -> Progress:
    """Train to the recipe's last epoch, writing to `folder` after each one.

    Args:
        store: of `stored_features(recipe)`.
        start: weights to begin with, where the recipe asks for some.
        through: the space that an inverter's inputs go through, where the recipe asks for one.
        reporter: told of every step and epoch, and asked whether to stop: of several processes after each epoch.
        bar: show a progress bar on stderr.
        after: seconds that what follows the training will take, counted in what the bar says is left.

    Files: history.jsonl, model.safetensors (lowest validation figure, see `keep`), last.safetensors, state.safetensors
    (for `resume`), pictures (see pictures.py) and TensorBoard events. On a CPU, the same seed gives bit-identical results
    with the same number of threads, whether or not the run was interrupted. Raises TimbreError when the data is too small or the
    loss stops being a number.
    """
    keep_freed_memory()
    source, valid = _sources(recipe, store, team)
    run = new_training(recipe, team, start)
    run.through = through.to(team.device).eval() if through is not None else None
    state = folder / STATE
    if resume and state.exists():
        run.progress = load_state(state, run.model, run.averaged, run.optimizer, run.discriminator)
    if team.leads:
        keep_epochs(folder, run.progress.epoch)
    team.wait()
    reporter = reporter or Reporter()
    watch = reporter.watch("training") if team.size == 1 else _silent
    left = Remaining(source.steps(), valid.steps(), recipe.training.epochs, after)
    with _events(folder, run) as events, _bar(run, source, bar) as shown:

        def stepped(step: int) -> None:
            left.stepped()
            shown.unit = f" windows, {told(left.seconds(step))}"
            shown.update(recipe.training.batch_size)
            watch(step / source.steps(), recipe.training.epochs)

        for epoch in range(run.progress.epoch + 1, recipe.training.epochs + 1):
            started = time.perf_counter()
            left.epoch_begins()
            if epoch - 1 == recipe.training.fitted_after:
                fit_to_notes(recipe, run.model, run.averaged and run.averaged.module, store, team)
            trained, rate = _train_epoch(run, source, epoch, stepped)
            validated = _validate(run, valid)
            run.progress.epoch = epoch
            run.progress.step = epoch * source.steps()
            run.progress.seconds += time.perf_counter() - started
            improved = run.progress.judge(validated[recipe.training.keep], recipe.training.plateau_patience)
            if team.leads:
                # Before the state that says this epoch is done: a run killed in between takes them again.
                take_pictures(folder, epoch, run.measured.eval(), recipe, store, valid.rows, events)
                record = _record(run, rate, trained, validated)
                _keep(run, folder, record, events, improved)
                reporter.tell(TrainingProgress("training", epoch, recipe.training.epochs, record))
            shown.set_postfix({name: f"{validated[name]:.4f}" for name in criterion_of(recipe).shown}, refresh=False)
            left.epoch_ended()
            reporter.check_together(team)
        shown.unit = " windows, figures and map follow" if after else " windows"
    team.wait()
    return run.progress


def measure_splits(
    recipe: Recipe, store: FeatureStore, weights: Path, team: Team, through: VAE | None = None
) -> dict[str, dict[str, float]]:
    """The task's terms with the given weights, on a window of every note of each split that was not trained on."""
    run = new_training(recipe, team, weights)
    run.through = through
    sources = {name: BatchSource(store, name, recipe, team, None) for name in ("valid", "test")}
    return {name: {"notes": len(source), **_validate(run, source)} for name, source in sources.items() if len(source)}


def _silent(done: float, total: float) -> None:
    """One of several processes, which cannot stop alone."""


def _sources(recipe: Recipe, store: FeatureStore, team: Team) -> tuple[BatchSource, BatchSource]:
    """Training and validation windows; on a GPU the whole feature array moves into its memory when it fits."""
    on_device = store.to_device(team.device) if team.device.type == "cuda" else None
    source = BatchSource(store, "train", recipe, team, on_device)
    valid = BatchSource(store, "valid", recipe, team, on_device)
    check_splits(source, valid, recipe)
    return source, valid


def _terms(run: Training, network: nn.Module, batch: Batch, step: int, beta: float) -> tuple[Tensor, ...]:
    """The task's terms of a batch, `network` running in the recipe's precision."""
    draws = Draws(run.recipe.training, run.team, step, len(batch.frames))
    own = run.model if network is run.parallel else network

    def call(*inputs: Any) -> Any:
        enabled = uses_bf16(run.recipe.training, run.team.device)
        with torch.autocast(run.team.device.type, dtype=torch.bfloat16, enabled=enabled):
            return network(*inputs)

    return criterion_of(run.recipe).terms(
        call, batch, Step(run.recipe, own, draws, beta, run.through, run.discriminator)
    )


def _train_epoch(
    run: Training, source: BatchSource, epoch: int, stepped: Callable[[int], None]
) -> tuple[dict[str, float], float]:
    """The task's terms, means of the epoch's steps, and the learning rate of its last step."""
    team, recipe = run.team, run.recipe
    run.model.train()
    sums = torch.zeros(len(criterion_of(recipe).names), device=team.device)
    step = (epoch - 1) * source.steps()
    steps = source.steps() * recipe.training.epochs
    every = 1 if team.device.type == "cpu" else _GPU_NAN_CHECK
    rate = recipe.training.learning_rate
    for index, batch in enumerate(source.epoch(epoch)):
        rate = learning_rate_at(recipe.training, step, steps, run.progress.reductions)
        set_rate(run.optimizer, rate)
        sums += train_step(run, batch, step)
        if index % every == 0:
            _check_finite(sums, epoch, step, recipe)
        step += 1
        stepped(step)
    _check_finite(sums, epoch, step, recipe)
    return _named(recipe, team.mean(sums / source.steps(), 1.0)), rate


def train_step(run: Training, batch: Batch, step: int) -> Tensor:
    """One optimiser step; returns the task's terms of the batch, detached."""
    # Dropout draws from torch's global generator: a resumed run must find it as it was.
    torch.manual_seed((run.recipe.training.seed * 1_000_003 + step * run.team.size + run.team.rank) & (2**63 - 1))
    terms = _terms(run, run.parallel, batch, step, beta_at(run.recipe.objective, step))
    run.optimizer.zero_grad(set_to_none=True)
    criterion_of(run.recipe).loss(terms).backward()
    if run.discriminator is not None:
        run.team.average_gradients(run.discriminator)
    if run.recipe.training.grad_clip is not None:
        torch.nn.utils.clip_grad_norm_(run.model.parameters(), run.recipe.training.grad_clip)
    run.optimizer.step()
    if run.averaged is not None:
        run.averaged.update_parameters(run.model)
    return torch.stack([term.detach() for term in terms])


@torch.no_grad()
def _validate(run: Training, valid: BatchSource) -> dict[str, float]:
    """Losses on the validation split at the full beta, so that epochs of the warm-up compare with later ones."""
    model = run.measured.eval()
    sums, count = torch.zeros(len(criterion_of(run.recipe).names), device=run.team.device), 0
    for index, batch in enumerate(valid.fixed()):
        if not len(batch.frames):
            continue
        terms = _terms(run, model, batch, 2**40 + index, run.recipe.objective.beta)
        sums += torch.stack(list(terms)) * len(batch.frames)
        count += len(batch.frames)
    return _named(run.recipe, run.team.mean(sums / max(count, 1), count))


def _named(recipe: Recipe, values: Tensor) -> dict[str, float]:
    return dict(zip(criterion_of(recipe).names, (float(value) for value in values), strict=True))


def _check_finite(sums: Tensor, epoch: int, step: int, recipe: Recipe) -> None:
    if not math.isfinite(float(sums[0])):
        rate = recipe.training.learning_rate
        raise TimbreError(
            f"training stopped: the loss is no longer a number in epoch {epoch}, step {step}. The epochs before it are "
            f"kept; lower training.learning_rate (now {rate:g}) or set training.grad_clip, and start again."
        )


def _bar(run: Training, source: BatchSource, shown: bool) -> tqdm:
    size, steps = run.recipe.training.batch_size, source.steps()
    return tqdm(
        total=steps * run.recipe.training.epochs * size,
        initial=run.progress.epoch * steps * size,
        desc=f"training {run.recipe.name}",
        unit=" windows",
        unit_scale=True,
        # What is left is told as the unit: tqdm's own guess knows neither pauses nor what follows.
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{unit}, {elapsed} gone{postfix}",
        disable=not (shown and run.team.leads),
    )


def _record(run: Training, rate: float, trained: dict[str, float], validated: dict[str, float]) -> dict[str, Any]:
    progress, recipe = run.progress, run.recipe
    return {
        "epoch": progress.epoch,
        "step": progress.step,
        "seconds": round(progress.seconds, 3),
        "beta": beta_at(recipe.objective, progress.step - 1),
        "learning_rate": rate,
        "train": trained,
        "val": validated,
    }


def _keep(run: Training, folder: Path, record: dict[str, Any], events: Any, improved: bool) -> None:
    """Weights, then the history line, then the state: whatever a kill leaves behind, the state decides what counts."""
    progress = run.progress
    if not math.isfinite(record["val"]["total"]):
        raise TimbreError(
            f"training stopped: the validation loss is no longer a number in epoch {progress.epoch}: "
            "lower training.learning_rate and start again."
        )
    if improved:
        save_weights(folder / WEIGHTS, run.measured)
    save_weights(folder / LAST_WEIGHTS, run.measured)
    append_epoch(folder, record)
    save_state(folder / STATE, run.model, run.averaged, run.optimizer, progress, run.discriminator)
    for part in ("train", "val"):
        for name, value in record[part].items():
            events.add_scalar(f"{name}/{part}", value, progress.epoch)
    for name in ("beta", "learning_rate"):
        events.add_scalar(name, record[name], progress.epoch)
    events.flush()


@contextlib.contextmanager
def _events(folder: Path, run: Training) -> Iterator[Any]:
    """TensorBoard's event file, written by rank 0 alone."""
    if not run.team.leads:
        yield None
        return
    from torch.utils.tensorboard.writer import SummaryWriter

    with SummaryWriter(str(folder / EVENTS), purge_step=run.progress.epoch + 1) as writer:
        yield writer
