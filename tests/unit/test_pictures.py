"""Pictures of a training: when they are taken, what they show, and that they change nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.small_training import ALONE, history, small_recipe
from tests.synthetic import apart
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.errors import TimbreError
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.schema import TrainingSettings
from timbre_core.training.pictures import (
    MOST_BYTES,
    is_due,
    paint,
    picture_epochs,
    read_pictures,
    take_pictures,
    trim_pictures,
)
from timbre_core.training.state import save_state
from timbre_core.training.trainer import train


def due(**settings: Any) -> list[int]:
    training = TrainingSettings(**settings)
    return [epoch for epoch in range(1, training.epochs + 1) if is_due(epoch, training)]


def test_about_twelve_are_taken_of_a_run() -> None:
    assert due(epochs=75) == [1, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 75]
    assert due(epochs=3) == [1, 2, 3]
    assert all(len(due(epochs=epochs)) <= 14 for epochs in range(1, 400))
    assert due(epochs=10, pictures=4) == [1, 4, 8, 10]
    assert due(epochs=10, pictures=0) == []


@pytest.mark.parametrize(
    "overrides", [(), ("training.ema=null", "model.encoder.norm=batch", "model.decoder.norm=batch")]
)
def test_a_training_with_pictures_is_bit_identical_to_one_without(
    tiny_store: FeatureStore, tmp_path: Path, overrides: tuple[str, ...]
) -> None:
    for name, every in (("with", 1), ("without", 0)):
        (tmp_path / name).mkdir()
        train(small_recipe(*overrides, f"training.pictures={every}"), tiny_store, tmp_path / name, ALONE)
    assert history(tmp_path / "with") == history(tmp_path / "without")
    for name in ("model.safetensors", "last.safetensors"):
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()
    assert picture_epochs(tmp_path / "with") == [1, 2, 3]
    assert picture_epochs(tmp_path / "without") == []


def test_a_resumed_training_has_the_pictures_of_a_whole_one(tiny_store: FeatureStore, tmp_path: Path) -> None:
    recipe = small_recipe()
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    train(recipe, tiny_store, tmp_path / "whole", ALONE)

    def stop(path: Path, model: Any, averaged: Any, optimizer: Any, progress: Any, *more: Any) -> None:
        if progress.epoch == 2:
            raise KeyboardInterrupt
        save_state(path, model, averaged, optimizer, progress, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("timbre_core.training.trainer.save_state", stop)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tiny_store, tmp_path / "parts", ALONE)
    train(recipe, tiny_store, tmp_path / "parts", ALONE, resume=True)
    for epoch in (1, 2, 3):
        whole, parts = (read_pictures(tmp_path / name, epoch) for name in ("whole", "parts"))
        for part in ("originals", "reconstructions", "samples"):
            assert np.array_equal(getattr(whole, part), getattr(parts, part))
    first, last = read_pictures(tmp_path / "whole", 1), read_pictures(tmp_path / "whole", 3)
    assert np.array_equal(first.originals, last.originals)
    assert apart(first.reconstructions, last.reconstructions) > 0.01


def test_originals_are_the_notes_and_reconstructions_the_decoded_means(tiny_store: FeatureStore) -> None:
    recipe = small_recipe()
    torch.manual_seed(3)
    model = build_model(recipe).eval()
    rows = np.flatnonzero((tiny_store.notes["split"] == "valid").to_numpy())
    pictures = paint(model, recipe, tiny_store, rows)
    # Windows of 32 frames are shown in pairs; samples are single windows.
    assert pictures.originals.shape == pictures.reconstructions.shape == (4, 80, 64)
    assert pictures.samples.shape == (4, 80, 32)
    first = tiny_store.note(int(rows[0]))
    assert np.abs(pictures.originals[0][:, :40] / 127.5 - 1 - first[:, :40]).max() < 0.5 / 127.5 + 1e-6
    pitch = torch.tensor([tiny_store.notes["pitch"].iloc[rows[0]]], dtype=torch.float32)
    with torch.no_grad():
        mu, _ = model.encode(torch.from_numpy(first[None, :, 32:64]), {"pitch": pitch})
        expected = model.decode(mu, {"pitch": pitch})[0].numpy()
    assert first.shape[1] == 63
    assert np.abs(pictures.reconstructions[0][:, 32:63] / 127.5 - 1 - expected[:, :31]).max() < 1 / 127.5


def test_a_plain_autoencoder_has_no_samples(tiny_store: FeatureStore, tmp_path: Path) -> None:
    train(small_recipe("training.epochs=1", name="nsynth-ae"), tiny_store, tmp_path, ALONE)
    pictures = read_pictures(tmp_path, 1)
    assert pictures.samples.shape == (0, 80, 32)
    assert len(pictures.reconstructions) == 4


def test_tensorboard_shows_them(tiny_store: FeatureStore, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(small_recipe("training.epochs=1"), tiny_store, tmp_path, ALONE)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert events.Tags()["images"] == ["pictures/originals", "pictures/reconstructions", "pictures/samples"]
    assert events.Images("pictures/originals")[0].width == 4 * 64


def test_another_kind_of_model_has_none(tiny_store: FeatureStore, tmp_path: Path) -> None:
    take_pictures(tmp_path, 1, torch.nn.Linear(2, 2), small_recipe(), tiny_store, np.arange(4), None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["truncated", "garbage", "pickle", "shape", "missing"])
def test_damaged_pictures_are_refused_in_one_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "pictures" / "000002.npz"
    path.parent.mkdir()
    frames = np.zeros((4, 8, 16), dtype=np.uint8)
    parts: dict[str, np.ndarray] = {"originals": frames, "reconstructions": frames, "samples": frames}
    if damage == "pickle":
        parts["samples"] = np.array([{"a": print}], dtype=object)
    if damage == "shape":
        parts["reconstructions"] = frames[:2]
    if damage != "missing":
        np.savez_compressed(path, **parts)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:200])
    if damage == "garbage":
        path.write_bytes(b"no zip at all")
    with pytest.raises(TimbreError, match=r"000002\.npz: ") as caught:
        read_pictures(tmp_path, 2)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_keeps_less_than_a_megabyte(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for epoch in range(1, 14):
        (folder / f"{epoch:06}.npz").write_bytes(b"x" * 150_000)
    (folder / "notes.txt").write_text("not ours")
    trim_pictures(tmp_path)
    assert picture_epochs(tmp_path) == [1, 5, 9, 13]
    assert 4 * 150_000 <= MOST_BYTES < 7 * 150_000
    trim_pictures(tmp_path, most=100_000)
    assert picture_epochs(tmp_path) == []
    trim_pictures(tmp_path / "nowhere")


def test_after_a_notes_end_there_is_nothing(tiny_store: FeatureStore) -> None:
    recipe = small_recipe("window.frames=20")
    torch.manual_seed(0)
    pictures = paint(build_model(recipe).eval(), recipe, tiny_store, np.arange(len(tiny_store.notes)))
    length = int(tiny_store.notes["n_frames"].iloc[0])
    assert pictures.originals.shape[2] > length
    assert not pictures.reconstructions[..., length:].any()
    assert pictures.reconstructions[..., :length].any()
