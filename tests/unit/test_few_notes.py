"""Trainings on few notes: refused with what is wanted, told what ends near silence, and begun with a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import soundfile
import yaml

import train_cli
from tests.synthetic import harmonic_note
from timbre_core import experiment
from timbre_core.before_training import few_notes
from timbre_core.checkpoint import open_checkpoint
from timbre_core.recipes.recipe_files import load_recipe


class Store:
    """As much of a feature store as is counted."""

    def __init__(self, train: int, valid: int) -> None:
        self.notes = pd.DataFrame({"split": ["train"] * train + ["valid"] * valid, "pitch": 60.0})


def test_too_few_are_refused_with_what_is_wanted_and_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").mkdir()
    soundfile.write(tmp_path / "notes" / "60.wav", harmonic_note(60, 0.5, 0.3), 16_000)
    command = ["nsynth-vae", "--data", str(tmp_path / "notes"), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert train_cli.main([*command, "--device", "cpu", "--set", "features.seconds=0.3", "window.frames=16"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert "too few" in error
    assert "at least 2 notes" in error
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_few_notes_are_told_with_a_model_that_fits(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = open_checkpoint(tiny_checkpoint).recipe
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tiny_checkpoint.parent))
    (said,) = few_notes(Store(36, 4), recipe)
    assert said.startswith("36 notes to train on are few")
    assert said.endswith("--from tiny.")
    (said,) = few_notes(Store(36, 4), load_recipe("nsynth-cvae"))
    assert "--from" not in said, "no checkpoint here has its model"
    assert not list(few_notes(Store(3000, 4), recipe))
    begun = recipe.model_copy(update={"training": recipe.training.model_copy(update={"start_from": "tiny"})})
    assert not list(few_notes(Store(36, 4), begun))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    recipes: list[Any] = []
    monkeypatch.setattr(experiment, "train", lambda recipe, **_: recipes.append(recipe))
    return recipes


def test_from_begins_with_a_checkpoint_and_takes_its_recipe(
    tiny_checkpoint: Path, tmp_path: Path, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tiny_checkpoint.rename(tiny_checkpoint.with_name("my: {odd} 'Flöte' #1"))
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(odd.parent))
    for name in (str(odd), odd.name):
        assert train_cli.main(["--from", name, "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    for recipe in asked:
        assert recipe.training.start_from == str(odd)
        assert recipe.window.frames == 32
        assert recipe.data.roots == [str(tmp_path)]
    chosen = ["nsynth-vae", "--from", str(odd), "--set", "training.epochs=7", "--out", str(tmp_path / "out")]
    assert train_cli.main(chosen) == 0
    assert (asked[-1].name, asked[-1].training.epochs) == ("nsynth-vae", 7)
    assert yaml.safe_load(yaml.safe_dump(asked[-1].training.start_from)) == str(odd)


def test_from_nothing_that_is_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_cli.main(["--from", "never-trained", "--out", str(tmp_path / "out")]) == 1
    assert "never-trained: no such checkpoint folder" in capsys.readouterr().err
