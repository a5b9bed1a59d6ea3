"""Networks that serve a timbre space: trained by the same loop, resumed to the same numbers, kept apart from maps."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

import train_cli
from tests.small_training import ALONE, SMALL, history
from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import open_library
from timbre_core.datasets.store_build import build_store
from timbre_core.errors import TimbreError
from timbre_core.features.settings import LogMelSettings, WaveformSettings
from timbre_core.features.waveform import CropAnalysis, waveform_blocks
from timbre_core.inversion.stft import Stft
from timbre_core.models.note_classifier import NoteClassifier
from timbre_core.models.pitch_hint import pitch_hint
from timbre_core.recipes.networks import build_network
from timbre_core.recipes.recipe_files import load_recipe, parse_recipe, recipe_to_yaml
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import Batch
from timbre_core.training.criteria import Step, criterion_of, stored_features
from timbre_core.training.draws import Draws
from timbre_core.training.inverter_losses import inverter_input, mel_to_magnitude_loss, vocoder_loss
from timbre_core.training.trainer import train

KINDS = ("mel-magnitude", "mel-inverter", "vocoder", "note-classifier")
NARROW = ["task.backbone.width=8", "task.backbone.layers=1"]
NARROWER = {
    "note-classifier": ["task.channels=[4, 4]"],
    "mel-inverter": ["task.backbone={kind: cbhg, bank: 3, channels: 8, units: 8}", "data.roots=[starter]"],
}
FEATURES = LogMelSettings(seconds=1.0)


def small_recipe(name: str, *overrides: str) -> Recipe:
    return load_recipe(name, [*SMALL, *NARROWER.get(name, NARROW), *overrides])


@pytest.fixture(scope="module")
def stores(tiny_nsynth: Path) -> dict[str, FeatureStore]:
    library = open_library([tiny_nsynth])
    return {
        name: build_store(library, stored_features(small_recipe(name)), workers=1, progress=False) for name in KINDS
    }


@pytest.fixture
def batch() -> Batch:
    """Two crops of a note at 440 Hz, one of known pitch."""
    time = torch.arange(16_000) / 16_000
    audio = sum(torch.sin(2 * torch.pi * 440 * k * time) / k for k in range(1, 9)) * 0.1
    blocks, _ = waveform_blocks(audio[None], WaveformSettings(level=FEATURES))
    length = WaveformSettings(level=FEATURES).n_blocks(32)
    frames = torch.cat([blocks[..., 10 : 10 + length], blocks[..., 14 : 14 + length]])
    return Batch(frames, {"pitch": torch.tensor([69.0, math.nan]), "family": torch.zeros(2)})


def draws(recipe: Recipe, size: int = 2) -> Draws:
    return Draws(recipe.training, ALONE, 0, size)


@pytest.mark.parametrize("name", KINDS)
def test_training_learns_and_resumes_to_the_same_numbers(
    name: str, stores: dict[str, FeatureStore], tmp_path: Path
) -> None:
    recipe = small_recipe(name, "training.epochs=8", "training.learning_rate=0.003")
    for part in ("whole", "parts"):
        (tmp_path / part).mkdir()
    train(recipe, stores[name], tmp_path / "whole", ALONE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("timbre_core.training.trainer.save_state", _stop_after_two)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, stores[name], tmp_path / "parts", ALONE)
    train(recipe, stores[name], tmp_path / "parts", ALONE, resume=True)
    whole, parts = (history(tmp_path / part) for part in ("whole", "parts"))
    assert whole == parts
    assert set(whole[0]["val"]) == set(criterion_of(recipe).names)
    assert whole[-1]["train"]["total"] < whole[0]["train"]["total"]
    weights = [(tmp_path / part / "model.safetensors").read_bytes() for part in ("whole", "parts")]
    assert weights[0] == weights[1]


def _stop_after_two(path: Path, model: Any, averaged: Any, optimizer: Any, progress: Any, *more: Any) -> None:
    from timbre_core.training.state import save_state

    if progress.epoch == 2:
        raise KeyboardInterrupt
    save_state(path, model, averaged, optimizer, progress, *more)


def test_a_perfect_spectrum_costs_nothing(batch: Batch) -> None:
    recipe = small_recipe("mel-magnitude", "task.pitch_dropout=0.0")
    true = CropAnalysis(FEATURES)(batch.frames)
    terms = mel_to_magnitude_loss(
        lambda frames, pitch: true.power.clamp(min=1e-20).log(), batch, recipe, draws(recipe), None
    )
    assert [float(term) for term in terms] == pytest.approx([0, 0, 0], abs=1e-5)
    twice = mel_to_magnitude_loss(
        lambda frames, pitch: (4 * true.power).clamp(min=1e-20).log(), batch, recipe, draws(recipe), None
    )
    assert float(twice[2]) == pytest.approx(1.0, abs=1e-3)  # magnitudes twice as large: off by their own norm
    assert 0 < float(twice[1]) <= math.log(4) + 1e-5


def test_the_true_audio_costs_a_vocoder_nothing(batch: Batch) -> None:
    recipe = small_recipe("vocoder")
    true = CropAnalysis(FEATURES)(batch.frames)
    spectra = Stft(FEATURES, true.audio.shape[-1], true.audio.device).forward(true.audio)
    terms = vocoder_loss(lambda frames, pitch: spectra, batch, recipe, draws(recipe), None)
    assert [float(term) for term in terms] == pytest.approx([0] * 4, abs=1e-3)
    silent = vocoder_loss(lambda frames, pitch: 0 * spectra, batch, recipe, draws(recipe), None)
    assert float(silent[2]) == pytest.approx(1.0, abs=1e-3)


def test_pitches_are_dropped_and_known_ones_blurred(batch: Batch) -> None:
    features = "features.seconds=1.0"
    space = build_network(load_recipe("nsynth-cvae", [features, "window.frames=32"])).eval()
    recipe = small_recipe("mel-magnitude", "task.pitch_dropout=1.0", "task.blur={checkpoint: any, share: 1.0}")
    frames, pitch, true = inverter_input(batch, recipe, draws(recipe), space)
    assert pitch.isnan().all()
    assert not torch.equal(frames[0], true.frames[0])
    assert torch.equal(frames[1], true.frames[1])  # its pitch is not known, so the space cannot be asked
    assert frames.min() >= -1
    assert frames.max() <= 1


def test_the_hint_is_high_at_harmonics_and_nothing_without_a_pitch() -> None:
    settings = LogMelSettings(n_fft=2048)
    hint = pitch_hint(torch.tensor([81.0, math.nan]), settings)  # 880 Hz: 112.64 bins
    spacing = 880 * 2048 / 16_000
    for k in range(1, 9):
        assert hint[0, round(k * spacing)] > 0.99
        assert hint[0, round((k - 0.5) * spacing)] < -0.99
    assert not hint[1].any()
    assert pitch_hint(torch.tensor([21.0]), LogMelSettings(n_fft=256)).abs().max() == 0  # closer than the window tells


def test_unknown_pitch_and_family_cost_a_classifier_nothing() -> None:
    recipe = small_recipe("note-classifier")
    network = build_network(recipe).eval()
    assert isinstance(network, NoteClassifier)
    frames = torch.rand(4, 80, 32) * 2 - 1
    known = Batch(frames[:2], {"pitch": torch.tensor([60.0, 61.0]), "family": torch.tensor([1.0, 2.0])})
    mixed = Batch(
        frames,
        {"pitch": torch.tensor([60.0, 61.0, math.nan, math.nan]), "family": torch.tensor([1.0, 2.0, -100, -100])},
    )
    step = Step(recipe, network, draws(recipe, 4), 0.0)
    results = [[term.item() for term in criterion_of(recipe).terms(network, part, step)] for part in (known, mixed)]
    assert results[0] == pytest.approx(results[1], abs=1e-5)
    assert network.embed(frames).shape == (4, 64)
    assert network.embed(torch.rand(1, 80, 77)).shape == (1, 64)


def test_recipes_say_only_what_their_task_has() -> None:
    recipe = load_recipe("mel-magnitude")
    text = recipe_to_yaml(recipe)
    assert "latent_dim" not in text
    assert "pitch_dropout" in text
    assert parse_recipe(yaml.safe_load(text), "there") == recipe
    assert load_recipe("nsynth-cvae").makes_a_space
    with pytest.raises(TimbreError, match=r"training\.keep recon is for timbre spaces"):
        load_recipe("vocoder", ["training.keep=recon"])


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("task.backbone.widht=3", "unknown key 'task.backbone.widht': did you mean 'width'?"),
        ("task.kind=vocodr", "task.kind: 'vocodr' is none of 'autoencode', 'mel_to_magnitude'"),
        ("task={width: 3}", "task.kind: is missing"),
        ("task.pitch_dropout=3", "task.pitch_dropout: input should be less than or equal to 1, got 3"),
    ],
)
def test_mistakes_in_a_task_are_named_as_its_author_wrote_them(override: str, problem: str) -> None:
    with pytest.raises(TimbreError) as caught:
        load_recipe("mel-magnitude", [override])
    assert problem in str(caught.value)


def test_the_command_trains_an_inverter_through_a_space(tiny_nsynth: Path, tmp_path: Path) -> None:
    space, inverter = tmp_path / "space", tmp_path / "inverter"
    data = ["--data", str(tiny_nsynth), "--workers", "1", "--device", "cpu"]
    short = ["--set", *SMALL, "training.epochs=1"]
    assert train_cli.main(["nsynth-cvae", *data, "--out", str(space), "--maps", "pca", *short]) == 0
    blur = f"task.blur.checkpoint={space}"
    assert train_cli.main(["mel-magnitude", *data, "--out", str(inverter), *short, *NARROW, blur]) == 0
    opened = open_checkpoint(inverter)
    assert opened.recipe.makes_an_inverter
    assert len(opened.history) == 1
    assert opened.evaluation is not None
    assert np.isfinite(opened.evaluation["test"]["total"])
    with pytest.raises(TimbreError, match="holds no timbre space but a network for mel_to_magnitude"):
        opened.model()
    again = [*data, "--out", str(tmp_path / "again"), *short, *NARROW, f"training.start_from={inverter}"]
    assert train_cli.main(["mel-magnitude", *again]) == 0
    other = ["--out", str(tmp_path / "other"), *short, *NARROW, blur, "features.n_mels=40"]
    assert train_cli.main(["mel-magnitude", *data, *other]) == 1


def test_checkpoints_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    with pytest.raises(TimbreError, match="no such checkpoint folder"):
        open_checkpoint("nothing", tmp_path)
    shipped = open_checkpoint("nsynth-cvae")
    assert open_checkpoint(str(shipped.path)).path == shipped.path
