"""Libraries of one's own sounds: added, brought up to date, moved, broken, removed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.synthetic import SAMPLE_RATE, harmonic_note
from timbre_core.catalogue import arrays, database, doubles
from timbre_core.catalogue.adding import Outcome, bring_up_to_date
from timbre_core.catalogue.labels import correct_label
from timbre_core.catalogue.libraries import (
    OwnLibrary,
    create_library,
    find_library,
    list_libraries,
    notes_of,
    remove_library,
    set_layer,
    skipped_of,
)
from timbre_core.catalogue.placing import Placer
from timbre_core.catalogue.progress import Cancelled
from timbre_core.checkpoint import open_checkpoint
from timbre_core.errors import TimbreError

ODD_NAMES = ("a \"quoted\" 'name'.wav", "line\nbreak.wav", "\u202eleft-to-right.wav", "%s; DROP TABLE notes.wav")


def write(path: Path, pitch: float = 60, brightness: float = 0.5, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, harmonic_note(pitch, brightness, 0.4, seed, instrument=seed), SAMPLE_RATE)
    return path


def quiet(phase: str, done: int, total: int) -> None:
    pass


def update(library: OwnLibrary) -> Outcome:
    return bring_up_to_date(library, quiet, workers=0)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    for number in range(6):
        write(folder / "violin" / f"violin_{48 + 4 * number}.wav", 48 + 4 * number, 0.4, number)
    return folder


@pytest.fixture
def library(sounds: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnLibrary:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    return create_library("mine", sounds, tiny_checkpoint, {"octave": "off"})


def test_a_folder_becomes_a_library(library: OwnLibrary, sounds: Path) -> None:
    before = {path: path.read_bytes() for path in sounds.rglob("*.wav")}
    outcome = update(library)
    assert (outcome.new, outcome.notes, outcome.skipped) == (6, 6, 0)
    library = find_library("mine")
    notes = notes_of(library)
    assert sorted(notes["pitch"]) == [48, 52, 56, 60, 64, 68]
    assert set(notes["instrument"]) == {"violin"}
    assert set(notes["family"]) == {"string"}
    assert (notes["seconds"] - 0.4).abs().max() < 0.01
    assert notes["brightness"].gt(50).all()
    assert notes["content"].nunique() == 6
    assert library.columns["maps"] == ["pca_1", "pca_2", "pca_3"]
    mu, places = library.array("mu", 6), library.array("map", 6)
    assert mu.shape == (6, 32)
    assert places.shape == (6, 3)
    assert np.isfinite(places).all()
    assert before == {path: path.read_bytes() for path in sounds.rglob("*.wav")}, "sounds are never changed"
    assert update(library).new == 0, "what is known is not read again"


def test_a_note_is_where_the_checkpoint_puts_it(library: OwnLibrary, tiny_nsynth: Path, tiny_checkpoint: Path) -> None:
    latents = open_checkpoint(tiny_checkpoint).latents
    own = create_library("again", tiny_nsynth, tiny_checkpoint, {"octave": "off"})
    update(own)
    own = find_library("again")
    notes = notes_of(own)
    rows = {Path(path).stem: place for path, place in zip(notes["path"], notes["place"], strict=True)}
    order = [rows[note] for note in latents["note_id"]]
    mu, places = (np.asarray(own.array(name, len(notes)))[order] for name in ("mu", "map"))
    assert np.abs(mu - np.stack(latents["mu"].tolist())).max() < 1e-3
    there = latents[["pca_1", "pca_2", "pca_3"]].to_numpy()
    assert np.abs(places - there).max() < 0.02 * np.ptp(there)


def test_bad_and_odd_files(library: OwnLibrary, sounds: Path) -> None:
    (sounds / "broken.wav").write_bytes(b"RIFF....")
    for number, name in enumerate(ODD_NAMES):
        write(sounds / name, 50 + number, 0.6, 20 + number)
    outcome = update(library)
    assert (outcome.new, outcome.skipped) == (10, 1)
    assert [name for name, _ in skipped_of(library)] == ["broken.wav"]
    assert set(ODD_NAMES) <= set(notes_of(library)["path"])
    write(sounds / "broken.wav", 70, 0.3, 9)
    outcome = update(library)
    assert (outcome.new, outcome.skipped) == (1, 0), "a mended file is read"


def test_a_library_of_which_nothing_can_be_used(library: OwnLibrary, sounds: Path) -> None:
    for path in sounds.rglob("*.wav"):
        soundfile.write(path, np.zeros(8_000), SAMPLE_RATE)
    assert (update(library).notes, len(skipped_of(library))) == (0, 6)


def test_moved_changed_gone_and_back(library: OwnLibrary, sounds: Path) -> None:
    update(library)
    before = notes_of(library).set_index("path")
    (sounds / "elsewhere").mkdir()
    shutil.move(sounds / "violin" / "violin_48.wav", sounds / "elsewhere" / "other.wav")
    changed = write(sounds / "violin" / "violin_52.wav", 52, 0.9, 77)
    away = sounds / "violin" / "violin_56.wav"
    kept = away.rename(sounds.parent / "kept.wav")
    os.utime(changed, ns=(1, 1))
    outcome = update(library)
    assert (outcome.new, outcome.changed, outcome.moved, outcome.gone, outcome.notes) == (0, 1, 1, 1, 5)
    after = notes_of(library).set_index("path")
    moved = after.loc["elsewhere/other.wav"]
    assert moved["id"] == before.loc["violin/violin_48.wav", "id"]
    assert moved["content"] == before.loc["violin/violin_48.wav", "content"]
    assert after.loc["violin/violin_52.wav", "content"] != before.loc["violin/violin_52.wav", "content"]
    kept.rename(away)
    assert update(library).notes == 6


def test_a_folder_that_is_away_is_said_and_nothing_is_lost(library: OwnLibrary, sounds: Path) -> None:
    update(library)
    sounds.rename(sounds.with_name("unplugged"))
    assert not find_library("mine").is_there
    with pytest.raises(TimbreError, match="connect its drive"):
        update(library)
    assert len(notes_of(library)) == 6
    sounds.with_name("unplugged").rename(sounds)
    assert find_library("mine").is_there
    assert update(library).notes == 6


def test_work_that_is_ended_goes_on(library: OwnLibrary, sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timbre_core.catalogue.adding._TASKS", (2, 2))
    monkeypatch.setattr("timbre_core.catalogue.adding._CONFIRMED", 2)
    monkeypatch.setattr("timbre_core.catalogue.adding._EVERY", 0.0)

    def end(phase: str, done: int, total: int) -> None:
        if phase == "reading sounds" and done >= 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        bring_up_to_date(library, end, workers=0)
    assert len(notes_of(library)) == 4
    first = np.asarray(find_library("mine").array("mu", 4)).copy()
    # What was written and not confirmed, as by a process that was killed between arrays and database.
    arrays.write_rows(library.folder, 4, {"mu": np.full((3, 32), 9.0)})
    assert update(library).new == 2
    mu = find_library("mine").array("mu", 6)
    assert np.array_equal(mu[:4], first)
    assert (mu[4:] != 9).all()


def test_a_full_disk_is_said_and_what_was_confirmed_stays(
    library: OwnLibrary, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(library)
    write(sounds / "new.wav", 71, 0.2, 40)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(TimbreError, match="disk is full"):
            update(library)
    assert len(notes_of(library)) == 6
    assert update(library).new == 1


def test_the_database_that_is_full_is_said(library: OwnLibrary) -> None:
    with pytest.raises(TimbreError, match="free some space"), database.database_errors():
        raise sqlite3.OperationalError("database or disk is full")


def test_a_file_that_changes_while_it_is_read_is_left_for_later(
    library: OwnLibrary, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.read_bytes

    def growing(path: Path) -> bytes:
        content = real(path)
        if path.name == "violin_48.wav":
            with open(path, "ab") as file:
                file.write(b"\0\0")
        return content

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", growing)
        outcome = update(library)
    assert (outcome.new, outcome.skipped) == (5, 1)
    assert "changes while it is read" in skipped_of(library)[0][1]
    write(sounds / "violin" / "violin_48.wav", 48, 0.4, 0)
    assert update(library).notes == 6


def test_labels_are_corrected_for_good(library: OwnLibrary, sounds: Path) -> None:
    update(library)
    correct_label(library, ["violin/violin_48.wav"], "instrument", "viola")
    correct_label(library, ["violin/violin_48.wav"], "pitch", "C4")
    with pytest.raises(TimbreError, match="pitch"):
        correct_label(library, ["violin/violin_48.wav"], "pitch", "H9x")
    update(library)
    row = notes_of(library).set_index("path").loc["violin/violin_48.wav"]
    assert (row["instrument"], row["pitch"]) == ("viola", 60)
    write(sounds / "violin" / "violin_48.wav", 48, 0.8, 55)
    update(library)
    row = notes_of(library).set_index("path").loc["violin/violin_48.wav"]
    assert (row["instrument"], row["pitch"]) == ("viola", 60), "a new recording under the name keeps them"


def test_doubles_are_in_one_group(library: OwnLibrary, sounds: Path) -> None:
    shutil.copy(sounds / "violin" / "violin_48.wav", sounds / "copy.wav")
    audio, rate = soundfile.read(sounds / "violin" / "violin_52.wav")
    soundfile.write(sounds / "softer.flac", 0.3 * audio, rate)
    update(library)
    notes = notes_of(library).set_index("path")
    assert notes.loc["copy.wav", "recording"] == notes.loc["violin/violin_48.wav", "recording"]
    assert notes.loc["softer.flac", "recording"] == notes.loc["violin/violin_52.wav", "recording"]
    assert notes["recording"].nunique() == 6


@pytest.mark.parametrize("workers", [0, 1])
def test_doubles_that_are_no_copies_are_heard(
    library: OwnLibrary, sounds: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(doubles, "_PARALLEL", 1)
    audio, rate = soundfile.read(sounds / "violin" / "violin_52.wav")
    soundfile.write(sounds / "later and lossy.ogg", np.append(np.zeros(500), audio), rate)
    monkeypatch.setattr(doubles, "_copies", lambda marks: {})
    update(library)
    with database.writing() as opened:
        opened.execute("UPDATE notes SET recording = NULL")
    told: list[tuple[int, int]] = []
    assert doubles.group_doubles(library, lambda phase, done, total: told.append((done, total)), workers) == 1
    notes = notes_of(library).set_index("path")
    assert notes.loc["later and lossy.ogg", "recording"] == notes.loc["violin/violin_52.wav", "recording"]
    done, total = told[-1]
    assert done == total > 0


def test_layers_names_and_removal(library: OwnLibrary, sounds: Path, tiny_checkpoint: Path) -> None:
    update(library)
    before = database.revision("libraries")
    set_layer(library.id, shown=False, colour="#AABBCC")
    assert database.revision("libraries") == before + 1
    assert (find_library("mine").shown, find_library("mine").colour) == (False, "#aabbcc")
    with pytest.raises(TimbreError, match="colour"):
        set_layer(library.id, colour="red; drop")
    with pytest.raises(TimbreError, match="of that name"):
        create_library("mine", sounds, tiny_checkpoint, {})
    with pytest.raises(TimbreError, match="cannot be used"):
        create_library(" \n ", sounds, tiny_checkpoint, {})
    assert [each.name for each in list_libraries(tiny_checkpoint)] == ["mine"]
    remove_library(library)
    assert not list_libraries()
    assert not library.folder.exists()
    assert len(list(sounds.rglob("*.wav"))) == 6
    with pytest.raises(TimbreError, match="no library"):
        find_library("mine")


def test_a_database_of_a_later_version_is_left_alone(library: OwnLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(database.database_file()) as later:
        later.execute("PRAGMA user_version=99")
    monkeypatch.setattr(database._open, "kept", None, raising=False)
    with pytest.raises(TimbreError, match="later version"):
        list_libraries()


def test_new_notes_lie_amid_those_that_are_like_them() -> None:
    means = np.array([[0, 0], [0, 1], [10, 10], [10, 11]], dtype=np.float32)
    places = np.array([[0, 0], [1, 0], [50, 50], [51, 50]], dtype=np.float32)
    placed = Placer.on(means, places, 2).place(np.array([[0, 0], [0, 0.5], [10, 10.5]], dtype=np.float32))
    assert np.abs(placed - [[0, 0], [0.5, 0], [50.5, 50]]).max() < 0.01


def test_settings_stay_with_the_library(library: OwnLibrary) -> None:
    assert find_library("mine").settings == {"octave": "off"}
    assert json.dumps(find_library("mine").columns) == "{}"
