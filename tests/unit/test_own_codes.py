"""Own sounds on a map of timbre codes: placed by their own codes, their latents encoded later."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.unit.test_own_libraries import quiet, update, write
from timbre_core.analysis.latents import compute_latents
from timbre_core.catalogue import encoding, jobs
from timbre_core.catalogue.encoding import count_unencoded, encode_rest
from timbre_core.catalogue.libraries import OwnLibrary, create_library, find_library, notes_of
from timbre_core.catalogue.placing import is_coded_otherwise
from timbre_core.checkpoint import RECIPE, WEIGHTS, open_checkpoint, write_latents
from timbre_core.datasets.library import Library, open_library
from timbre_core.datasets.notes import note_table
from timbre_core.errors import TimbreError
from timbre_core.learned_code import TIMBRE_CODE, codes_of
from timbre_core.models.weights import save_weights
from timbre_core.recipes.networks import build_model, build_network
from timbre_core.recipes.recipe_files import load_recipe, recipe_to_yaml
from timbre_core.space import TimbreSpace

MAPS = ["pca_1", "pca_2", "pca_3"]


def network(folder: Path, seed: int, dim: int = 6) -> None:
    recipe = load_recipe("timbre-code", ["task.width=8", f"task.code_dim={dim}", "task.cepstra=0.2"])
    torch.manual_seed(seed)
    folder.mkdir(exist_ok=True)
    (folder / RECIPE).write_text(recipe_to_yaml(recipe), encoding="utf-8")
    save_weights(folder / WEIGHTS, build_network(recipe))


@pytest.fixture(scope="module")
def coded(tiny_nsynth: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained small space of whole notes, its network of codes beside it, with a map of the tiny NSynth folder."""
    folder = tmp_path_factory.mktemp("checkpoints") / "coded"
    changes = ["model.encoder.width=8", "model.decoder.width=8", "model.latent_dim=4", "model.refinement=2"]
    recipe = load_recipe("timbre-space", [*changes, "window.frames=64", f"data.roots=['{tiny_nsynth}']"])
    torch.manual_seed(0)
    folder.mkdir()
    (folder / RECIPE).write_text(recipe_to_yaml(recipe), encoding="utf-8")
    save_weights(folder / WEIGHTS, build_model(recipe))
    network(folder.parent / TIMBRE_CODE, 1)
    checkpoint, library = open_checkpoint(folder), open_library([tiny_nsynth])
    rows, code = np.arange(12), codes_of(checkpoint, library)
    latents = compute_latents(checkpoint, library, rows, methods=["pca"], device="cpu", progress=False, code=code)
    write_latents(folder, latents, library.roots)
    return folder


@pytest.fixture
def library(coded: Path, tiny_nsynth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnLibrary:
    """Sounds of the map's own notes, and one that it doesn't have, as somebody's."""
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    notes = open_library([tiny_nsynth]).notes["note_id"].iloc[:13]
    assert notes.iloc[:12].tolist() == on_map(coded)["note_id"].tolist()
    for note in notes:
        shutil.copy(tiny_nsynth / "audio" / f"{note}.wav", sounds)
    return create_library("mine", sounds, coded, {"octave": "off"})


def on_map(folder: Path) -> pd.DataFrame:
    latents = open_checkpoint(folder).latents
    assert latents is not None
    return latents


def note_table_of(library: OwnLibrary) -> pd.DataFrame:
    notes = notes_of(library)
    ids = [Path(path).stem for path in notes["path"]]
    return note_table({"note_id": ids, "audio": notes["path"].tolist(), "pitch": notes["pitch"].tolist()})


def rows_of(library: OwnLibrary, array: str, ids: pd.Series) -> np.ndarray:
    notes = notes_of(library)
    places = {Path(path).stem: place for path, place in zip(notes["path"], notes["place"], strict=True)}
    return np.asarray(library.array(array, len(places)))[[places[note] for note in ids]]


def test_notes_lie_where_their_codes_are(library: OwnLibrary, coded: Path) -> None:
    assert update(library).new == 13
    library, latents = find_library("mine"), on_map(coded)
    codes = np.stack(latents["code"].tolist())
    assert np.abs(rows_of(library, "code", latents["note_id"]) - codes).max() < 0.02 * np.ptp(codes)
    there = latents[MAPS].to_numpy()
    assert np.abs(rows_of(library, "map", latents["note_id"]) - there).max() < 0.02 * np.ptp(there)


def test_latents_are_encoded_later_and_say_so(
    library: OwnLibrary, coded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(library)
    library, latents = find_library("mine"), on_map(coded)
    assert not notes_of(library)["encoded"].any()
    space, sounds = TimbreSpace(open_checkpoint(coded)), Library([library.root], note_table_of(library))
    new = int(np.argmax([stem not in set(latents["note_id"]) for stem in sounds.notes["note_id"]]))
    note, place = sounds.notes.iloc[new], int(notes_of(library)["place"].iloc[new])
    wanted = space.encode(space.analyse(sounds.load(new, 44_100), note["pitch"])[0], note["pitch"]).mean

    def off() -> float:
        return float(np.abs(np.asarray(library.array("mu", 13))[place] - wanted).max())

    assert off() > 0.01, "amid those of others"
    away = Path(library.root) / str(notes_of(library)["path"].iloc[0 if new else 1])
    away.rename(Path(library.root).parent / "away.wav")
    monkeypatch.setattr(encoding, "_TASK", 4)
    monkeypatch.setattr(encoding, "_EVERY", 0.0)
    waits = iter([False, True])
    assert encode_rest(library, quiet, lambda: next(waits), workers=0) == (7, 6), "steps aside for what waits"
    assert encode_rest(library, quiet, lambda: False, workers=0) == (5, 1), "what cannot be read stays as it is"
    (Path(library.root).parent / "away.wav").rename(away)
    assert encode_rest(library, quiet, lambda: False, workers=0) == (1, 0)
    assert off() < 1e-3
    assert count_unencoded(library.id) == 0
    assert update(library).changed == 0, "nothing is read again"


def test_latents_of_changed_weights_and_of_a_folder_that_is_away_are_refused(
    library: OwnLibrary, coded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(library)
    root = Path(library.root)
    root.rename(root.with_name("away"))
    with pytest.raises(TimbreError, match="the folder is not there: connect its drive"):
        encode_rest(library, quiet, lambda: False, workers=0)
    root.with_name("away").rename(root)
    monkeypatch.setattr("timbre_core.catalogue.libraries.weights_mark", lambda path: "others")
    with pytest.raises(TimbreError, match="has other weights than when 'mine' was added"):
        encode_rest(library, quiet, lambda: False, workers=0)
    assert count_unencoded(library.id) == 13


def test_notes_whose_files_went_away_are_told(library: OwnLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "encode_rest", lambda *told: (5, 8))
    job = jobs.ask("encode", library.id)
    assert jobs.work(until=job.id)
    assert (
        jobs.job_of_id(job.id).message
        == "5 notes encoded; 8 files not readable: connect the drive, and update the library"
    )


def test_codes_of_another_network_are_made_again(library: OwnLibrary, coded: Path) -> None:
    update(library)
    before = find_library("mine")
    codes = np.asarray(before.array("code", 13)).copy()
    weights = coded.parent / TIMBRE_CODE
    kept = shutil.copytree(weights, weights.with_name("kept"))
    try:
        assert not is_coded_otherwise(open_checkpoint(coded), before.columns)
        network(weights, 2)
        assert is_coded_otherwise(open_checkpoint(coded), before.columns), "the page Library says so"
        assert not is_coded_otherwise(open_checkpoint(coded), {}), "nothing was read yet"
        assert update(library).changed == 13
        after = find_library("mine")
        assert np.abs(np.asarray(after.array("code", 26))[13:] - codes).max() > 0.01
        assert after.columns["coded_by"] != before.columns["coded_by"]
        assert np.asarray(after.array("code", 26))[13:].any(axis=1).all()
        assert update(library).changed == 0
        network(weights, 3, dim=5)
        with pytest.raises(TimbreError, match="project"):
            update(library)
    finally:
        shutil.rmtree(weights)
        kept.rename(weights)


def test_a_library_of_before_codes_is_read_again(
    library: OwnLibrary, coded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("timbre_core.catalogue.placing.code_mark", lambda checkpoint: "")
        update(library)
    assert "code" not in find_library("mine").columns
    assert notes_of(library)["encoded"].all()
    write(Path(library.root) / "new.wav", 60, 0.5, 5)
    outcome = update(find_library("mine"))
    assert (outcome.new, outcome.changed) == (1, 13)
    assert "code" in find_library("mine").columns


def test_what_is_encoded_comes_after_all_else(library: OwnLibrary) -> None:
    jobs.ask("encode", library.id)
    job = jobs.ask("update", library.id, {"workers": 0})
    first = jobs._next()
    assert first is not None
    assert first.id == job.id
