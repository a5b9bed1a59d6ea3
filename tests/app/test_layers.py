"""Libraries of one's own on a checkpoint's map, and their sounds."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from pages.play.engine import described_space
from pages.server.catalog import find_checkpoint, find_map, note_map
from pages.server.colours import UNKNOWN
from pages.server.layers import OF_ITS_KIND, OWN, SHIPPED, LayeredMap, own_path, with_layers
from pages.server.map_data import describe_note, note_card
from tests.app.asgi import get
from tests.synthetic import harmonic_note
from timbre_core.catalogue.adding import bring_up_to_date
from timbre_core.catalogue.libraries import OwnLibrary, create_library, find_library, set_layer
from timbre_core.errors import TimbreError

NAMES = ("kick one.wav", 'a "b"\n\u202ec.wav', "snare/deep.wav")
ALPHA = f"alpha@{OWN}"


@pytest.fixture
def own(checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnLibrary:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    folder = tmp_path / "sounds"
    for number, name in enumerate(NAMES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, harmonic_note(50 + number, 0.5, 0.5, number, 44_100, number + 30), 44_100)
    library = create_library("mine", folder, checkpoints / "alpha", {"octave": "off"})
    bring_up_to_date(library, lambda *_: None, workers=0)
    return find_library("mine")


def layered() -> LayeredMap:
    found = find_map(ALPHA)
    assert isinstance(found, LayeredMap)
    return found


def test_the_maps_own_notes_stay_where_they_are(own: OwnLibrary) -> None:
    base, notes = note_map(find_checkpoint("alpha")), layered()
    assert base is not None
    count = len(base.labels)
    assert len(notes.labels) == count + 3
    for column in ("note_id", "pca_1", "pca_2", "tsne_1", "family", "pitch"):
        assert notes.labels[column].iloc[:count].equals(base.labels[column])
    assert set(notes.labels["library"]) == {SHIPPED, "mine"}
    assert np.array_equal(notes.means[:count], base.means)
    assert np.isfinite(notes.labels[["pca_1", "pca_2", "tsne_1", "tsne_2"]].to_numpy()).all()
    assert with_layers(base) is notes, "made once"
    assert base.checkpoint.latents_file.exists()


def test_sounds_without_a_family_are_coloured_by_instrument(own: OwnLibrary) -> None:
    notes = layered()
    labels = notes.labels
    mine = labels["library"] == "mine"
    assert set(labels["family"][mine]) == {"unknown", "snare"}
    assert notes.dot == notes.label_columns[0] == OF_ITS_KIND
    assert labels[OF_ITS_KIND][~mine].equals(labels["family"][~mine])
    colours = [note_card(notes, row)["colour"] for row in np.flatnonzero(mine)]
    assert UNKNOWN not in colours
    assert len(set(colours)) == labels[OF_ITS_KIND][mine].nunique() == 2
    assert note_card(notes, 0)["colour"] == note_card(notes.base, 0)["colour"]
    assert "family_or_instrument" not in str(describe_note(notes, len(labels) - 1)["facts"])


def test_a_family_of_the_map_is_the_same_one_however_it_is_spelt(
    checkpoints: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    folder = tmp_path / "sounds"
    folder.mkdir()
    families = {"a": "Brass", "b": "Guitars", "c": "Woodwinds"}
    rows = "".join(f"{name}.wav,{name},{family}\n" for name, family in families.items())
    (folder / "metadata.csv").write_text(f"file,instrument,family\n{rows}", encoding="utf-8")
    for number, name in enumerate(families):
        soundfile.write(folder / f"{name}.wav", harmonic_note(50 + number, 0.5, 0.5, number, 44_100), 44_100)
    library = create_library("mine", folder, checkpoints / "alpha", {"octave": "off"})
    bring_up_to_date(library, lambda *_: None, workers=0)
    notes = layered()
    assert notes.base.families == ["bass", "brass", "flute", "guitar"]
    assert notes.labels["family"].tail(3).tolist() == ["brass", "guitar", "Woodwinds"]
    assert notes.families == ["Woodwinds", *notes.base.families]
    shown = {family["value"]: family["colour"] for family in described_space(notes)["families"]}
    assert shown == notes.dot_colours, "one colour on every page"


def test_only_the_checkpoint_that_read_them_has_them(own: OwnLibrary) -> None:
    beta = note_map(find_checkpoint("beta"))
    assert beta is not None
    assert with_layers(beta) is beta
    with pytest.raises(TimbreError):
        find_map(f"alpha@{OWN}more")


def test_layers_are_hidden_and_coloured(own: OwnLibrary) -> None:
    set_layer(own.id, colour="#123456")
    assert layered().colours("library", ["mine", SHIPPED])["mine"] == "#123456"
    set_layer(own.id, shown=False)
    assert not isinstance(find_map(ALPHA), LayeredMap)


def test_a_note_is_heard_from_its_file(own: OwnLibrary) -> None:
    notes = layered()
    row = len(notes.base.labels)
    names = [note_card(notes, row + number)["title"] for number in range(3)]
    assert all(name.isprintable() for name in names)
    assert describe_note(notes, row)["neighbours"][0]["id"] != notes.ids[row]
    for each in range(row, row + 3):
        path = own_path(notes, each)
        assert path is not None
        heard, rate = soundfile.read(io.BytesIO(_get("audio", note=notes.ids[each], kind="original")))
        assert rate == 44_100, "at its own rate"
        original, _ = soundfile.read(path)
        assert np.abs(heard).max() == pytest.approx(np.abs(original).max(), rel=0.1)
        assert abs(len(heard) / rate - len(original) / 44_100) < 0.01
    assert len(_get("audio", note=notes.ids[row], kind="reconstruction")) > 1000
    assert len(_get("frames", note=notes.ids[row], kind="reconstruction")) > 1000


def test_the_browser_gets_names_and_layers(own: OwnLibrary) -> None:
    packed = _get("map")
    size = int.from_bytes(packed[:4], "little")
    header = json.loads(packed[4 : 4 + size])
    assert set(header["columns"]["library"]["values"]) == {SHIPPED, "mine"}
    assert "kick one" in header["details"]
    assert len(header["details"]) == len(header["ids"])
    assert len(_get("latents")) > 10


def test_a_drive_that_is_gone_is_said(own: OwnLibrary) -> None:
    notes = layered()
    note = notes.ids[len(notes.base.labels)]
    Path(own.root).rename(Path(own.root).with_name("gone"))
    for kind in ("original", "reconstruction"):
        answer = get("/api/audio", f"checkpoint={quote(ALPHA)}&note={note}&kind={kind}")
        assert answer.status == 404
        assert "connect its drive" in json.loads(answer.body)["error"]
    Path(own.root).with_name("gone").rename(own.root)
    assert _get("audio", note=note, kind="original")


@pytest.mark.parametrize("note", ["own-1-999", "own-../../etc/passwd", "own-x", "own-1-1/../2"])
def test_ids_from_outside_never_become_paths(own: OwnLibrary, note: str) -> None:
    answer = get("/api/audio", f"checkpoint={quote(ALPHA)}&note={quote(note)}&kind=original")
    assert answer.status == 404
    assert "no note" in json.loads(answer.body)["error"]


def _get(what: str, **asked: str) -> bytes:
    query = "".join(f"&{name}={quote(value)}" for name, value in asked.items())
    answer = get(f"/api/{what}", f"checkpoint={quote(ALPHA)}{query}")
    assert answer.status == 200, answer.body[:300]
    return answer.body


def test_own_notes_are_morphed_played_and_transferred_as_others_are(own: OwnLibrary) -> None:
    from pages.morph.engine import Asked, sound
    from pages.play.engine import played
    from pages.server.studio import Studio
    from pages.transfer.engine import Change, Source, moved
    from timbre_core.generation.paths import PATHS

    notes = layered()
    row = len(notes.base.labels)
    mine, other = notes.ids[row], notes.ids[0]
    space = Studio(notes).space()
    assert space.trajectory_in(row).mean(axis=0) == pytest.approx(notes.means[row], abs=0.5)
    assert np.array_equal(space.trajectory_of(other), Studio(notes.base).space().trajectory_of(other))
    assert space.rows_of_family(notes.families[0]).max() < row, "a family's sound stays what it was"
    between = sound(notes, Asked((mine, other), next(iter(PATHS)), None, 1.0, 60.0))
    assert np.abs(between.audio).max() > 0.01
    assert len(played(notes, tuple(map(float, notes.means[row])), 60).audio)
    assert np.abs(moved(notes, Source(note=mine), Change(toward=other, amount=0.5)).audio).max() > 0.01
    assert np.abs(moved(notes, Source(note=other), Change(toward=mine, amount=0.5)).audio).max() > 0.01


def test_a_file_that_became_a_link_outwards_is_not_given(
    checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    folder, secret = tmp_path / "sounds", tmp_path / "secret.txt"
    secret.write_text("secret")
    folder.mkdir()
    for name in ("a_60.wav", "b_62.wav"):
        soundfile.write(folder / name, harmonic_note(60, 0.5, 0.5, 1, 16_000, 3), 16_000)
    settings = {"octave": "off", "within": [str(folder)]}
    bring_up_to_date(create_library("mine", folder, checkpoints / "alpha", settings), lambda *_: None, workers=0)
    notes = layered()
    (folder / "a_60.wav").unlink()
    (folder / "a_60.wav").symlink_to(secret)
    for name, status in (("a_60.wav", 404), ("b_62.wav", 200)):
        note = notes.ids[int(np.flatnonzero(notes.labels["audio"] == name)[0])]
        query = f"checkpoint={quote(ALPHA)}&note={note}"
        for address in (f"/api/kept/file?{query}", f"/api/audio?{query}&kind=original"):
            answer = get(*address.split("?"))
            assert answer.status == status, (address, answer.body[:200])
            assert b"secret" not in answer.body
