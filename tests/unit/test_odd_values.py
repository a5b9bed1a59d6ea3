"""Text files that parse as far as no one writes them: nested without end, numbers of thousands of digits, dates that are none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.synthetic import harmonic_note, write_nsynth
from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.feature_store import STORE, FeatureStore
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
from timbre_core.features.audio import write_wav
from timbre_core.files import parse_json, read_json
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.training.state import Progress, load_state, save_state

ODD = ["[" * 5000, '{"a":' * 5000, "9" * 5000]


@pytest.mark.parametrize("text", ODD, ids=["lists", "objects", "digits"])
class TestJson:
    def test_it_is_damage(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(json.JSONDecodeError):
            parse_json(text)
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(TimbreError, match=r"a\.json: not valid JSON"):
            read_json(tmp_path / "a.json")

    def test_of_a_checkpoint(self, tiny_checkpoint: Path, tmp_path: Path, text: str) -> None:
        copied = shutil.copytree(tiny_checkpoint, tmp_path / "copied")
        (copied / "history.jsonl").write_text(text + "\n")
        with pytest.raises(TimbreError, match=r"history\.jsonl: a line is not JSON"):
            _ = open_checkpoint(copied).history

    def test_of_a_folder(self, tmp_path: Path, text: str) -> None:
        write_wav(tmp_path / "a.wav", harmonic_note(60, 0.5), 16_000)
        (tmp_path / "metadata.jsonl").write_text(f'{{"file_name": "a.wav", "pitch": {text}\n')
        with pytest.raises(TimbreError, match=r"metadata\.jsonl, line 1: not valid JSON"):
            open_library([tmp_path])

    def test_of_nsynth(self, tmp_path: Path, text: str) -> None:
        about = write_nsynth(tmp_path / "set") / "examples.json"
        whole = json.loads(about.read_text())
        about.write_text(json.dumps(whole, indent=1)[:-2] + f',\n"odd": {text}')
        library = open_library([tmp_path / "set"])
        assert len(library) == len(whole)
        assert any("damaged at line" in reason for _, reason in library.skipped)


def test_a_store_of_endless_notes_is_damaged(whole: Path, tmp_path: Path) -> None:
    store = shutil.copytree(whole, tmp_path / "store")
    about = json.loads((store / STORE).read_text()) | {"notes": float("inf")}
    (store / STORE).write_text(json.dumps(about))
    with pytest.raises(TimbreError, match="is damaged"):
        FeatureStore.open(store)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("[" * 60 + "]" * 60, "line 2 .nested more than 50 deep"),
        ("2001-02-30", "a value cannot be read: day is out of range"),
        ("!!int x", "a value cannot be read"),
        ("!!timestamp x", "a value cannot be read"),
        ("9" * 5000, "a value cannot be read"),
    ],
    ids=["nested", "date", "number", "time", "digits"],
)
def test_yaml_that_has_no_value_is_told(tmp_path: Path, value: str, told: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"name: own\nmodel: {value}\n")
    with pytest.raises(TimbreError, match=rf"own\.yaml: not valid YAML.*{told}"):
        load_recipe(path)
    with pytest.raises(TimbreError, match=r"training\.epochs"):
        load_recipe("nsynth-cvae", [f"training.epochs={value}"])


def test_a_state_that_counts_below_zero_is_told(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    path = tmp_path / "state.safetensors"
    save_state(path, model, None, optimizer, Progress(epoch=-3))
    with pytest.raises(TimbreError, match="it counts below zero"):
        load_state(path, model, None, optimizer)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(TimbreError, match="delete its folder to begin the training again"):
        load_state(path, model, None, optimizer)
