"""Many notes at once: labels as CSV, sounds as a ZIP archive."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests.app.asgi import Answer, post

pytestmark = pytest.mark.usefixtures("checkpoints")


def ask(what: str, body: object, checkpoint: str = "alpha") -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return post(f"/api/gathered/{what}", urlencode({"checkpoint": checkpoint}), data)


@pytest.fixture
def notes(checkpoints: Path) -> list[str]:
    return pd.read_parquet(checkpoints / "alpha" / "latents.parquet")["note_id"].tolist()[5:2:-1]


def test_labels_come_in_the_order_asked_for(notes: list[str], checkpoints: Path) -> None:
    answer = ask("csv", notes)
    assert answer.status == 200
    told = "attachment; filename=\"alpha-notes.csv\"; filename*=UTF-8''alpha-notes.csv"
    assert answer.headers["content-disposition"] == told
    table = pd.read_csv(io.BytesIO(answer.body))
    assert table["note_id"].tolist() == notes
    kept = pd.read_parquet(checkpoints / "alpha" / "latents.parquet").set_index("note_id").loc[notes]
    assert table["pitch"].tolist() == kept["pitch"].tolist()
    assert not {"mu", "root", "audio"} & set(table.columns), "no arrays, and nothing about this machine's folders"


def test_no_cell_is_a_formula(checkpoints: Path) -> None:
    from timbre_core.checkpoint import open_checkpoint, write_latents

    checkpoint = open_checkpoint(checkpoints / "alpha")
    latents = checkpoint.latents
    assert latents is not None
    note = latents["note_id"].iloc[0]
    latents.loc[latents["note_id"] == note, "instrument"] = '=HYPERLINK("x")'
    write_latents(checkpoint.path, latents, checkpoint.latents_roots)
    table = pd.read_csv(io.BytesIO(ask("csv", [note]).body))
    assert table["instrument"].tolist() == ['\'=HYPERLINK("x")']


def test_sounds_are_wav_files_with_their_labels(notes: list[str]) -> None:
    answer = ask("zip", [*notes, notes[0]])
    assert answer.status == 200
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        table = pd.read_csv(io.BytesIO(archive.read("notes.csv")))
        assert table["note_id"].tolist() == notes
        assert table["sound"].tolist() == ["recording"] * 3
        assert sorted(archive.namelist()) == sorted([*table["file"], "notes.csv"])
        for name in table["file"]:
            audio, rate = soundfile.read(io.BytesIO(archive.read(name)))
            assert rate == 16_000
            assert np.abs(audio).max() > 0.01


def test_a_note_without_recording_is_there_as_its_reconstruction(notes: list[str], checkpoints: Path) -> None:
    from timbre_core.checkpoint import open_checkpoint, write_latents

    latents = open_checkpoint(checkpoints / "alpha").latents
    assert latents is not None
    write_latents(checkpoints / "alpha", latents, [str(checkpoints / "gone")])
    with zipfile.ZipFile(io.BytesIO(ask("zip", notes[:1]).body)) as archive:
        table = pd.read_csv(io.BytesIO(archive.read("notes.csv")))
        assert table["sound"].tolist() == ["reconstruction"]
        audio, _ = soundfile.read(io.BytesIO(archive.read(table["file"][0])))
        assert np.abs(audio).max() > 0.01


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"{}", b"[]", b"[1]", b'["../../etc/passwd"]', b"[" * 100_000, b"9" * 9_000_000, b"\xff\xfe"],
    ids=["empty", "half", "object", "none", "number", "path", "deep", "huge", "bytes"],
)
@pytest.mark.parametrize("what", ["csv", "zip"])
def test_nonsense_is_refused_in_one_sentence(what: str, body: bytes) -> None:
    answer = ask(what, body)
    assert answer.status == (404 if b"passwd" in body else 400)
    assert json.loads(answer.body)["error"].endswith(".")


def test_too_many_and_unknown(notes: list[str]) -> None:
    assert "choose fewer" in json.loads(ask("zip", [str(i) for i in range(201)]).body)["error"]
    assert ask("csv", notes, checkpoint="../alpha").status == 404


def test_notes_like_some_and_unlike_others_come_the_most_alike_first(checkpoints: Path) -> None:
    table = pd.read_parquet(checkpoints / "alpha" / "latents.parquet")
    ids, mu = table["note_id"].tolist(), np.stack(table["mu"].to_numpy())
    like, unlike = ids[:2], ids[2:4]
    found = {}
    for name, asked in {"like": {"like": like}, "away": {"like": like, "unlike": unlike}}.items():
        answer = ask("like", asked)
        assert answer.status == 200
        found[name] = json.loads(answer.body)["notes"]
        assert not set(found[name]) & {*asked["like"], *asked.get("unlike", [])}, "what was told is not found again"
    wanted = mu[:2].mean(axis=0)
    away = wanted + 0.75 * (wanted - mu[2:4].mean(axis=0))
    for name, place in {"like": wanted, "away": away}.items():
        order = [ids[row] for row in np.argsort(np.linalg.norm(mu - place, axis=1), kind="stable")]
        expected = [note for note in order if note not in (like if name == "like" else like + unlike)]
        assert found[name] == [note for note in expected if note in found[name]]
        assert found[name][0] == expected[0]
    assert found["like"] != found["away"]
