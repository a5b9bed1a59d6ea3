"""Inverters side by side: what is known about perfect and hopeless ones shows in their figures and in the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.synthetic import apart
from timbre_core.__main__ import main
from timbre_core.analysis import inversion_speed
from timbre_core.analysis.coding import Coder
from timbre_core.analysis.inversion_evaluation import Embedding, measure_inverters
from timbre_core.analysis.inversion_speed import Candidate
from timbre_core.analysis.inverter_table import aligned, shown_columns, text_tables
from timbre_core.analysis.librosa_inverter import LibrosaInverter
from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.inverters import open_inverter
from timbre_core.models.weights import save_weights
from timbre_core.note_embedding import open_note_embedding
from timbre_core.recipes.networks import build_network
from timbre_core.recipes.recipe_files import load_recipe, recipe_to_yaml

ROWS = np.array([0, 5, 10, 15, 20, 25])


class Perfect:
    """Knows the recordings by their frames, and gives them back."""

    def __init__(self, library: Library, coder: Coder) -> None:
        self.told: list[float | None] = []
        features = coder.recipe.features
        notes = [library.load(int(row), features.sample_rate) for row in ROWS]
        self.notes = [(note_frames(audio, features)[0], audio) for audio in notes]

    def __call__(self, frames: Any, ref_db: Any, pitch: Any = None, n_samples: Any = None, seed: int = 0) -> np.ndarray:
        single = np.ndim(frames) == 2
        self.told.append(pitch)
        found = [
            min(self.notes, key=lambda known: np.abs(known[0] - one).mean())[1]
            for one in (frames[None] if single else frames)
        ]
        return found[0] if single else np.stack(found)


def silence(frames: Any, ref_db: Any, pitch: Any = None, n_samples: Any = None, seed: int = 0) -> np.ndarray:
    length = n_samples or 16_000
    return np.zeros(length if np.ndim(frames) == 2 else (len(frames), length), np.float32)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each speed is measured once, and on one thread: two are slow on a machine that has other things to do."""
    monkeypatch.setattr(inversion_speed, "THREADS", (1,))
    monkeypatch.setattr(inversion_speed, "_ROUNDS", 1)
    monkeypatch.setattr(inversion_speed, "_SINGLE_NOTES", 1)


@pytest.fixture
def opened(tiny_checkpoint: Path, tiny_nsynth: Path) -> tuple[Coder, Library]:
    return Coder.of(open_checkpoint(tiny_checkpoint), "cpu"), open_library([tiny_nsynth])


def test_perfect_and_silent(opened: tuple[Coder, Library], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversion_speed, "THREADS", (1, 2))
    coder, library = opened
    perfect = Perfect(library, coder)
    candidates = {
        "perfect": Candidate(perfect, batch=2),
        "silent": Candidate(silence, told_pitch=False, trained_on=frozenset({"brass_synthetic_001"}), batch=2),
    }
    embedding = Embedding("sizes", "abc", lambda audio: np.array([audio.std(), audio.max()]))
    result = measure_inverters(coder, library, ROWS, candidates, embedding, progress=False)
    assert (result["notes"], result["harmonic_notes"], result["instruments"]) == (6, 6, 5)
    assert result["embedding"] == {"checkpoint": "sizes", "fingerprint": "abc", "dimensions": 2, "shrinkage": 0.0}
    assert result["notes_on"] == {}
    clean = result["by_name"]["perfect"]["clean"]
    for name in ("log_mel_mae_nats", "log_mel_mae_db", "input_mae_nats", "stft_distance", "level_error_db_worst"):
        assert clean[name] == pytest.approx(0, abs=1e-3), name
    assert clean["embedding_frechet_distance"] == pytest.approx(0, abs=1e-6)
    assert clean["within_50_cents"] == clean["within_50_cents_all"] == 1
    assert clean["median_cents"] < 5
    assert clean["click_excess_db_worst"] == clean["clicking"] == 0
    silent = result["by_name"]["silent"]["clean"]
    assert silent["within_50_cents"] == 0
    assert silent["unvoiced"] == 1
    assert silent["median_cents"] is None
    assert silent["level_error_db"] > 50
    assert silent["embedding_frechet_distance"] > 0.01
    assert silent["peak"] == 0
    # The labels went to the one that is told them, one for each note and input.
    assert perfect.told[:2] == [48, 48]
    assert result["by_name"]["silent"]["instruments_trained_on"] == 1
    factors = result["by_name"]["silent"]["real_time_factor"]
    assert set(factors["one_note"]) == set(factors["batch"]) == {"1", "2"}
    assert min([*factors["one_note"].values(), *factors["batch"].values()]) > 0
    json.dumps(result, allow_nan=False)

    table = text_tables(result)
    assert "6 notes of 5 instruments" in table
    assert "100.0" in table
    assert {column.key for column in shown_columns(result, "clean")} >= {"milliseconds", "embedding_frechet_distance"}
    assert "not unseen: silent" in table


def test_without_an_embedding_there_is_a_reason(opened: tuple[Coder, Library]) -> None:
    coder, library = opened
    result = measure_inverters(coder, library, ROWS[:1], {"silent": Candidate(silence, batch=1)}, progress=False)
    assert result["embedding"] is None
    assert result["by_name"]["silent"]["clean"]["embedding_frechet_distance"] is None
    assert "embedding_frechet_distance" in result["notes_on"]
    assert "not measured: embedding_frechet_distance" in text_tables(result)


def test_ours_is_better_than_librosas(opened: tuple[Coder, Library]) -> None:
    coder, library = opened
    features = coder.recipe.features
    candidates = {
        "librosa-32": Candidate(LibrosaInverter(features, 32), told_pitch=False, batch=1),
        "fast": Candidate(open_inverter("fast", features), batch=2),
    }
    found = measure_inverters(coder, library, ROWS[:3], candidates, progress=False)["by_name"]
    for measure in ("log_mel_mae_nats", "stft_distance", "input_mae_nats"):
        assert found["fast"]["clean"][measure] < found["librosa-32"]["clean"][measure]
    assert found["fast"]["clean"]["within_50_cents"] == 1
    assert found["fast"]["milliseconds"] < found["librosa-32"]["milliseconds"]


def test_librosa_gives_the_same_for_a_seed_and_in_a_batch(opened: tuple[Coder, Library]) -> None:
    coder, library = opened
    features = coder.recipe.features
    inverter = LibrosaInverter(features, 2)
    frames, level = note_frames(library.load(0, features.sample_rate), features)
    one = inverter(frames, level, n_samples=16_000, seed=1)
    assert one.shape == (16_000,)
    assert apart(one, inverter(frames, level, n_samples=16_000, seed=1)) < 1e-3
    assert apart(one, inverter(frames, level, n_samples=16_000, seed=2)) > 0.02
    both = inverter(np.stack([frames, frames]), np.array([level, level]), n_samples=16_000)
    assert both.shape == (2, 16_000)
    assert 0.5 < np.std(both[0]) / np.std(one) < 2


def test_evaluate_adds_them_to_its_json(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "e.json"
    command = ["evaluate", str(tiny_checkpoint), "--split", "all", "--limit", "3", "--control-notes", "0"]
    command += ["--only", "reconstruction", "latent", "control"]
    assert main([*command, "--inverters", "fast", "fast-flat", "--json", str(out)]) == 0
    result = json.loads(out.read_text(encoding="utf-8"))
    assert {"checkpoint", "notes", "reconstruction", "latent", "control"} <= set(result)
    assert result["inverters"]["notes"] == 3
    assert result["inverters"]["split"] == "all"
    told = {name: entry["told_pitch"] for name, entry in result["inverters"]["by_name"].items()}
    assert told == {"fast": True, "fast-flat": False}
    said = capsys.readouterr().out
    assert "The checkpoint's reconstructions:" in said
    assert "--inverter-notes" in said


class TestNoteEmbedding:
    @pytest.fixture
    def classifier(self, tmp_path: Path) -> Path:
        torch.manual_seed(0)
        recipe = load_recipe("note-classifier", ["features.seconds=1.0"])
        folder = tmp_path / "note-classifier"
        folder.mkdir()
        (folder / "recipe.yaml").write_text(recipe_to_yaml(recipe), encoding="utf-8")
        save_weights(folder / "model.safetensors", build_network(recipe))
        return folder

    def test_its_weights_are_its_version(self, classifier: Path, opened: tuple[Coder, Library]) -> None:
        coder, library = opened
        embedding = open_note_embedding(coder.recipe.features, classifier)
        assert isinstance(embedding, Embedding)
        assert embedding.name == "note-classifier"
        assert len(embedding.fingerprint) == 64
        one, other = (embedding.embed(library.load(row, 16_000)) for row in (0, 20))
        assert one.shape == other.shape == (64,)
        assert np.abs(one - other).max() > 1e-4
        result = measure_inverters(
            coder, library, ROWS[:3], {"s": Candidate(silence, batch=1)}, embedding, progress=False
        )
        assert result["by_name"]["s"]["clean"]["embedding_frechet_distance"] > 0
        assert result["embedding"]["shrinkage"] > 0
        assert "covariances shrunk" in text_tables(result)

    def test_why_there_is_none(self, classifier: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
        features = load_recipe("nsynth-cvae").features
        slower = features.model_copy(update={"sample_rate": 8000})
        cases = (
            (features, tmp_path / "none", "there is no checkpoint"),
            (features, tiny_checkpoint, "is no note classifier"),
            (slower, classifier, "8000 Hz"),
        )
        for heard, folder, why in cases:
            with pytest.raises(TimbreError, match=why):
                open_note_embedding(heard, folder)
        (classifier / "model.safetensors").write_bytes(b"x")
        with pytest.raises(TimbreError, match=r"model\.safetensors"):
            open_note_embedding(features, classifier)


def test_aligned() -> None:
    assert aligned([["", "b"], ["aa", "1"]]) == ["    b", "aa  1"]
