"""Training: schedules and objective with known answers, resumable state, and a run that is killed and goes on."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from timbre_core.datasets.library import open_library
from timbre_core.datasets.settings import SplitSettings
from timbre_core.datasets.store import FeatureStore, build_store
from timbre_core.errors import TimbreError
from timbre_core.models.vae import Forward
from timbre_core.models.weights import load_weights, save_weights
from timbre_core.recipes.library import load_recipe
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import Batch, BatchSource, _crops_on_device
from timbre_core.training.distributed import Team
from timbre_core.training.draws import Draws
from timbre_core.training.objective import beta_at, learning_rate_at, loss
from timbre_core.training.optimizer import set_rate
from timbre_core.training.run import new_training
from timbre_core.training.state import Progress, load_state, save_state
from timbre_core.training.tasks import Step, task_of
from timbre_core.training.trainer import train

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["features.seconds=1.0", "window.frames=32", "training.batch_size=8", "training.epochs=3"]
FACTOR = "objective.total_correlation={weight: 0.1, units: 16, layers: 3}"
ALONE = Team(torch.device("cpu"))


def small_recipe(*overrides: str) -> Recipe:
    return load_recipe("nsynth-cvae", [*SMALL, *overrides])


@pytest.fixture(scope="module")
def store(tiny_nsynth: Path) -> FeatureStore:
    return build_store(open_library([tiny_nsynth]), small_recipe().features, workers=1, progress=False)


def history(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "history.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def test_beta_rises_linearly_to_its_end() -> None:
    objective = small_recipe().objective
    assert [beta_at(objective, step) for step in (0, 250, 500, 9000)] == [0.0, 1.0, 2.0, 2.0]
    assert beta_at(small_recipe("objective.warmup_steps=0").objective, 0) == 2.0


def test_cosine_rate_falls_to_a_hundredth() -> None:
    training = small_recipe("training.learning_rate=0.001").training
    rates = [learning_rate_at(training, step, 100) for step in (0, 50, 100)]
    assert rates == pytest.approx([1e-3, 0.505e-3, 1e-5])


def test_plateau_halves_the_rate_when_epochs_stop_getting_better() -> None:
    training = small_recipe("training.schedule=plateau", "training.learning_rate=0.001").training
    progress = Progress()
    figures = [3.0, 2.0, 2.5, 2.5, 1.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]
    rates = []
    for progress.epoch, figure in enumerate(figures, 1):
        rates.append(learning_rate_at(training, 0, 100, progress.reductions))
        progress.judge(figure, patience=2)
    assert rates == pytest.approx([1e-3] * 4 + [0.5e-3] * 3 + [0.25e-3] * 2 + [0.125e-3] * 2)
    assert (progress.best, progress.best_epoch) == (1.0, 5)


def test_weight_and_scale_of_a_likelihood_enter_the_total() -> None:
    recipe = small_recipe("model.latent_dim=2", "model.likelihood={kind: mse, weight: 1000}", "objective.free_bits=0")
    mu = torch.tensor([[1.0, 2.0]])
    terms = loss(
        recipe,
        build_model(recipe),
        Forward(torch.full((1, 80, 32), 0.5), mu, torch.zeros(1, 2), mu),
        torch.zeros(1, 80, 32),
        3.0,
    )
    assert terms.recon.item() == pytest.approx(0.25)
    assert terms.total.item() == pytest.approx(250 + 3 * (0.5 + 2.0) / 2)


def test_denoising_is_for_training_alone() -> None:
    recipe = small_recipe("objective.input_noise=0.5")
    model = build_model(recipe)
    seen = []

    def network(frames: torch.Tensor, conditions: Any, noise: torch.Tensor) -> Forward:
        seen.append(frames)
        return model(frames, conditions, noise)

    batch = Batch(torch.zeros(4, 80, 32), {"pitch": torch.full((4,), 60.0)})
    for training in (True, False):
        model.train(training)
        step = Step(recipe, model, Draws(recipe.training, ALONE, 7, 4), beta=1.0)
        terms = task_of(recipe).terms(network, batch, step)
        assert terms[1].item() == pytest.approx(
            model(seen[-1], batch.conditions, step.draws.normal(32)).decoded.abs().mean().item(), rel=1e-4
        )
    assert seen[0].std().item() == pytest.approx(0.5, rel=0.05)
    assert seen[1].std().item() == 0


def test_published_loss_adds_up() -> None:
    """A dimension below the free bits costs exactly the free bits; one above costs its own KL."""
    recipe = small_recipe("model.latent_dim=2")
    model = build_model(recipe)
    mu = torch.tensor([[0.0, 2.0], [0.0, 2.0]])
    frames = torch.zeros(2, 80, 32)
    output = Forward(frames + 0.25, mu, torch.zeros(2, 2), mu)
    terms = loss(recipe, model, output, frames, beta=2.0)
    assert terms.recon.item() == pytest.approx(0.25)
    assert terms.kl_raw.item() == pytest.approx((0.0 + 2.0) / 2)
    assert terms.kl_fb.item() == pytest.approx((0.5 + 2.0) / 2)
    assert terms.total.item() == pytest.approx(0.25 + 2 * 1.25)


def test_free_bits_leave_a_quiet_dimension_alone() -> None:
    recipe = small_recipe("model.latent_dim=2")
    model = build_model(recipe)
    mu = torch.tensor([[0.3, 3.0]], requires_grad=True)
    output = Forward(torch.zeros(1, 80, 32), mu, torch.zeros(1, 2), mu)
    loss(recipe, model, output, torch.zeros(1, 80, 32), beta=1.0).kl_fb.backward()
    assert mu.grad is not None
    assert mu.grad[0, 0] == 0
    assert mu.grad[0, 1] > 0


def test_processes_share_the_batches_of_one(store: FeatureStore) -> None:
    recipe = small_recipe()
    alone = [batch.frames for batch in BatchSource(store, "train", recipe, ALONE, None).epoch(2)]
    pair = [
        [
            batch.frames
            for batch in BatchSource(store, "train", recipe, Team(torch.device("cpu"), rank, 2), None).epoch(2)
        ]
        for rank in (0, 1)
    ]
    assert len(alone) == len(pair[0]) == len(pair[1]) > 1
    for whole, even, odd in zip(alone, *pair, strict=True):
        assert torch.equal(whole[0::2], even)
        assert torch.equal(whole[1::2], odd)


def test_repeats_draw_a_root_more_often(store: FeatureStore) -> None:
    once, thrice = (BatchSource(store, "train", small_recipe(f"data.repeats=[{n}]"), ALONE, None) for n in (1, 3))
    assert len(thrice) == 3 * len(once)
    with pytest.raises(TimbreError, match=r"data.repeats has 2 numbers for 1 roots"):
        BatchSource(store, "train", small_recipe("data.repeats=[1, 2]"), ALONE, None)


def test_epochs_differ_and_repeat(store: FeatureStore) -> None:
    source = BatchSource(store, "train", small_recipe(), ALONE, None)
    first, again, other = (next(iter(source.epoch(epoch))).frames for epoch in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_crops_on_the_device_equal_crops_from_disk(store: FeatureStore) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(len(store.notes), size=16)
    starts = store.notes["start"].to_numpy()[rows]
    lengths = store.notes["n_frames"].to_numpy()[rows]
    whole = torch.from_numpy(np.array(store.frames))
    for T in (16, 100):
        offsets = rng.integers(np.maximum(lengths - T, 0) + 1)
        on_device = _crops_on_device(whole, starts + offsets, lengths, offsets, T)
        assert torch.equal(on_device, torch.from_numpy(store.crops(rows, offsets, T)))


def test_training_lowers_the_error_and_writes_everything(store: FeatureStore, tmp_path: Path) -> None:
    progress = train(small_recipe("training.epochs=30", "training.ema=null"), store, tmp_path, ALONE)
    lines = history(tmp_path)
    assert progress.epoch == len(lines) == 30
    assert lines[-1]["train"]["recon"] < 0.6 * lines[0]["train"]["recon"]
    assert set(lines[0]["train"]) == set(lines[0]["val"]) == {"total", "recon", "kl_raw", "kl_fb"}
    kept = small_recipe().training.keep
    assert progress.best_epoch == 1 + int(np.argmin([line["val"][kept] for line in lines]))
    load_weights(tmp_path / "model.safetensors", build_model(small_recipe()))
    assert list((tmp_path / "tensorboard").glob("events*"))


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("training.ema=null", "training.optimizer=adam", "model.encoder.norm=batch", "model.decoder.norm=batch"),
        ("model.encoder={kind: lstm, units: 16}", "model.decoder={kind: lstm, units: 16}", FACTOR),
        ("model.prior={kind: mixture, components: 3}", "objective.free_bits=0", "training.fitted_after=1"),
    ],
)
def test_resumed_training_is_bit_identical(store: FeatureStore, tmp_path: Path, overrides: tuple[str, ...]) -> None:
    recipe = small_recipe(*overrides)
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    train(recipe, store, tmp_path / "whole", ALONE)
    stopped = dataclasses.replace(ALONE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("timbre_core.training.trainer.save_state", _stop_after_epoch(2))
        with pytest.raises(KeyboardInterrupt):
            train(recipe, store, tmp_path / "parts", stopped)
    assert len(history(tmp_path / "parts")) == 2
    train(recipe, store, tmp_path / "parts", ALONE, resume=True)
    assert history(tmp_path / "parts") == history(tmp_path / "whole")
    for name in ("model.safetensors", "last.safetensors"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def _stop_after_epoch(epoch: int) -> Any:
    """A save_state that is interrupted before it writes epoch `epoch`, when the history already has its line."""

    def save(path: Path, model: Any, averaged: Any, optimizer: Any, progress: Progress, *more: Any) -> None:
        if progress.epoch == epoch:
            raise KeyboardInterrupt
        save_state(path, model, averaged, optimizer, progress, *more)

    return save


def test_state_restores_every_number(tmp_path: Path) -> None:
    recipe = small_recipe()
    before, after = new_training(recipe, ALONE), new_training(recipe, ALONE)
    output = before.model(torch.rand(4, 80, 32), {"pitch": torch.full((4,), 60.0)}, torch.randn(4, 32))
    output.decoded.sum().backward()
    before.optimizer.step()
    assert before.averaged is not None
    before.averaged.update_parameters(before.model)
    save_state(
        tmp_path / "state.safetensors", before.model, before.averaged, before.optimizer, Progress(3, 12, 1.5, 0.5, 2)
    )
    progress = load_state(tmp_path / "state.safetensors", after.model, after.averaged, after.optimizer)
    assert progress == Progress(3, 12, 1.5, 0.5, 2)
    for name, tensor in before.model.state_dict().items():
        assert torch.equal(tensor, after.model.state_dict()[name])
    old, new = before.optimizer.state_dict()["state"], after.optimizer.state_dict()["state"]
    assert old.keys() == new.keys()
    for index in old:
        for name in old[index]:
            assert torch.equal(old[index][name], new[index][name])


def test_nan_stops_with_a_clear_message(store: FeatureStore, tmp_path: Path) -> None:
    recipe = small_recipe(
        "training.learning_rate=10", "training.grad_clip=null", "model.likelihood.kind=mse", "training.epochs=80"
    )
    with pytest.raises(TimbreError, match=r"no longer a number .* lower training.learning_rate \(now 10\)"):
        train(recipe, store, tmp_path, ALONE)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (SplitSettings(valid=0, test=0.5), "validation split"),
        (None, "no note has a pitch and is in the training split"),
    ],
)
def test_nothing_to_train_on_is_told(
    tiny_nsynth: Path, tmp_path: Path, split: SplitSettings | None, words: str
) -> None:
    library = open_library([tiny_nsynth], split=split or SplitSettings())
    if split is None:
        library.notes["split"] = "valid"
    fewer = build_store(library, small_recipe().features, tmp_path / "store", workers=1, progress=False)
    with pytest.raises(TimbreError, match=words):
        train(small_recipe(), fewer, tmp_path, ALONE)


@pytest.mark.parametrize("damage", ["truncated", "missing", "other model", "garbage"])
def test_damaged_weights_are_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.safetensors"
    other = "model.latent_dim=8" if damage == "other model" else "model.latent_dim=32"
    save_weights(path, build_model(small_recipe(other)))
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-1000])
    elif damage == "missing":
        path.unlink()
    elif damage == "garbage":
        path.write_bytes(b"not weights at all")
    with pytest.raises(TimbreError, match=r"model\.safetensors"):
        load_weights(path, build_model(small_recipe()))


@pytest.mark.timeout(600)
def test_killed_training_goes_on_to_the_same_history(tiny_nsynth: Path, tmp_path: Path) -> None:
    """The command line, SIGKILLed after its first epoch, then resumed, against a run left alone."""
    command = [
        sys.executable,
        "train_cli.py",
        "nsynth-cvae",
        "--data",
        str(tiny_nsynth),
        "--workers",
        "1",
        "--device",
        "cpu",
    ]
    command += ["--maps", "pca"]
    command += ["--set", *SMALL, "training.epochs=6"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [*command, "--out", str(tmp_path / "whole")], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    killed = subprocess.Popen(
        [*command, "--out", str(tmp_path / "killed")],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    lines = tmp_path / "killed.training" / "history.jsonl"
    deadline = time.monotonic() + 120
    while not (lines.exists() and lines.read_bytes().count(b"\n") >= 2) and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "killed").exists()
    resumed = [*command, "--out", str(tmp_path / "killed"), "--resume"]
    subprocess.run(resumed, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert history(tmp_path / "killed") == history(tmp_path / "whole")
    assert not (tmp_path / "killed.training").exists()
    for name in ("recipe.yaml", "model.safetensors", "evaluation.json", "latents.parquet"):
        assert (tmp_path / "killed" / name).stat().st_size > 0
    again = subprocess.run(resumed, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    assert "finished already" in again.stdout


@pytest.mark.timeout(600)
def test_two_processes_match_one(tiny_nsynth: Path, tmp_path: Path) -> None:
    """torchrun with two processes on gloo against one process: the same windows, so nearly the same losses."""
    arguments = ["nsynth-cvae", "--data", str(tiny_nsynth), "--workers", "1", "--device", "cpu", "--maps", "pca"]
    small = ["--set", *SMALL, "training.epochs=4", "training.precision=float32", FACTOR]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    starts = {"one": [sys.executable], "two": [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]}
    for name, start in starts.items():
        command = [*start, "train_cli.py", *arguments, "--out", str(tmp_path / name), *small]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    one, two = history(tmp_path / "one"), history(tmp_path / "two")
    assert len(one) == len(two) == 4
    for alone, shared in zip(one, two, strict=True):
        assert shared["val"]["recon"] == pytest.approx(alone["val"]["recon"], rel=0.01)
        assert shared["train"]["recon"] == pytest.approx(alone["train"]["recon"], rel=0.01)
        assert shared["train"]["discriminator"] == pytest.approx(alone["train"]["discriminator"], rel=0.01)


def test_a_learned_prior_and_scale_have_a_rate_of_their_own() -> None:
    overrides = (
        "model.prior={kind: mixture, components: 3}",
        "model.likelihood.kind=gaussian",
        "training.prior_rate=10",
    )
    run = new_training(small_recipe(*overrides), ALONE)
    set_rate(run.optimizer, 0.01)
    rates = {id(p): group["lr"] for group in run.optimizer.param_groups for p in group["params"]}
    names = {name: rates[id(parameter)] for name, parameter in run.model.named_parameters()}
    fast = {name for name, rate in names.items() if rate == pytest.approx(0.1)}
    assert fast == {"prior.means", "prior.logvars", "prior.logits", "likelihood.log_scale"}
    assert all(rate == pytest.approx(0.01) for name, rate in names.items() if name not in fast)
    assert len(new_training(small_recipe(*overrides[:2]), ALONE).optimizer.param_groups) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_very_few_notes(tmp_path: Path, count: int) -> None:
    import soundfile

    from tests.synthetic import harmonic_note
    from timbre_core.experiment import train as run

    for number in range(count):
        soundfile.write(tmp_path / f"tone {number}.wav", harmonic_note(60, 0.1 + 0.4 * number, 0.5), 16_000)
    small = ["training.epochs=1", "window.frames=16", "model.latent_dim=4"]
    out = tmp_path / "out" / "few"
    if count == 1:
        with pytest.raises(TimbreError, match=r"too few to train and to validate on \(1 note\): give at least 2"):
            run("nsynth-vae", tmp_path, out, changes=small, device="cpu", maps=["pca"])
        assert not out.parent.exists() or not list(out.parent.iterdir())
    else:
        assert run("nsynth-vae", tmp_path, out, changes=small, device="cpu", maps=["pca"]).path == out
