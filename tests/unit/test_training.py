"""Training: shared batches, resumable state, and a run that is killed and goes on."""

from __future__ import annotations

import dataclasses
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

from tests.small_training import ALONE, SMALL, history, small_recipe
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import open_library
from timbre_core.datasets.settings import SplitSettings
from timbre_core.datasets.store_build import build_store
from timbre_core.errors import TimbreError
from timbre_core.models.weights import load_weights, save_weights
from timbre_core.recipes.networks import build_model
from timbre_core.training.batches import BatchSource, _crops_on_device
from timbre_core.training.distributed import Team
from timbre_core.training.run import new_training
from timbre_core.training.state import Progress, load_state, save_state
from timbre_core.training.trainer import train

ROOT = Path(__file__).resolve().parents[2]
FACTOR = "objective.total_correlation={weight: 0.1, units: 16, layers: 3}"


def test_processes_share_the_batches_of_one(tiny_store: FeatureStore) -> None:
    recipe = small_recipe()
    alone = [batch.frames for batch in BatchSource(tiny_store, "train", recipe, ALONE, None).epoch(2)]
    pair = [
        [
            batch.frames
            for batch in BatchSource(tiny_store, "train", recipe, Team(torch.device("cpu"), rank, 2), None).epoch(2)
        ]
        for rank in (0, 1)
    ]
    assert len(alone) == len(pair[0]) == len(pair[1]) > 1
    for whole, even, odd in zip(alone, *pair, strict=True):
        assert torch.equal(whole[0::2], even)
        assert torch.equal(whole[1::2], odd)


def test_repeats_draw_a_root_more_often(tiny_store: FeatureStore) -> None:
    once, thrice = (BatchSource(tiny_store, "train", small_recipe(f"data.repeats=[{n}]"), ALONE, None) for n in (1, 3))
    assert len(thrice) == 3 * len(once)
    with pytest.raises(TimbreError, match=r"data.repeats has 2 numbers for 1 roots"):
        BatchSource(tiny_store, "train", small_recipe("data.repeats=[1, 2]"), ALONE, None)


def test_epochs_differ_and_repeat(tiny_store: FeatureStore) -> None:
    source = BatchSource(tiny_store, "train", small_recipe(), ALONE, None)
    first, again, other = (next(iter(source.epoch(epoch))).frames for epoch in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_crops_on_the_device_equal_crops_from_disk(tiny_store: FeatureStore) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(len(tiny_store.notes), size=16)
    starts = tiny_store.notes["start"].to_numpy()[rows]
    lengths = tiny_store.notes["n_frames"].to_numpy()[rows]
    whole = torch.from_numpy(np.array(tiny_store.frames))
    for T in (16, 100):
        offsets = rng.integers(np.maximum(lengths - T, 0) + 1)
        on_device = _crops_on_device(whole, starts + offsets, lengths, offsets, T)
        assert torch.equal(on_device, torch.from_numpy(tiny_store.crops(rows, offsets, T)))


def test_training_lowers_the_error_and_writes_everything(tiny_store: FeatureStore, tmp_path: Path) -> None:
    progress = train(small_recipe("training.epochs=30", "training.ema=null"), tiny_store, tmp_path, ALONE)
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
def test_resumed_training_is_bit_identical(
    tiny_store: FeatureStore, tmp_path: Path, overrides: tuple[str, ...]
) -> None:
    recipe = small_recipe(*overrides)
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    train(recipe, tiny_store, tmp_path / "whole", ALONE)
    stopped = dataclasses.replace(ALONE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("timbre_core.training.trainer.save_state", _stop_after_epoch(2))
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tiny_store, tmp_path / "parts", stopped)
    assert len(history(tmp_path / "parts")) == 2
    train(recipe, tiny_store, tmp_path / "parts", ALONE, resume=True)
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


def test_nan_stops_with_a_clear_message(tiny_store: FeatureStore, tmp_path: Path) -> None:
    recipe = small_recipe(
        "training.learning_rate=10", "training.grad_clip=null", "model.likelihood.kind=mse", "training.epochs=80"
    )
    with pytest.raises(TimbreError, match=r"no longer a number .* lower training.learning_rate \(now 10\)"):
        train(recipe, tiny_store, tmp_path, ALONE)


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
