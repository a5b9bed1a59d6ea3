"""The routes of stars, tags, collections and exports."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from pages.server.catalog import find_map
from tests.app.asgi import Answer, call, get, post
from tests.app.test_layers import ALPHA, own  # noqa: F401  (a fixture)
from timbre_core.catalogue.libraries import OwnLibrary

QUERY = f"checkpoint={quote(ALPHA)}"


def change(told: Any, kind: str = "application/json") -> Answer:
    with ThreadPoolExecutor(1) as thread:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        asked = call("/api/kept", QUERY, {"content-type": kind}, method="POST", body=body)
        return thread.submit(asyncio.run, asked).result()


def test_stars_outlive_maps_and_moved_files(own: OwnLibrary) -> None:  # noqa: F811
    notes = find_map(ALPHA)
    shipped, mine = notes.ids[0], notes.ids[-1]
    told = json.loads(change({"do": "star", "notes": [shipped, mine]}).body)
    assert sorted(told["stars"]) == sorted([shipped, mine])
    told = json.loads(get("/api/kept", "checkpoint=alpha").body)
    assert told["stars"] == [shipped], "a shipped note is starred on every map that has it"
    told = json.loads(change({"do": "collect", "notes": [mine], "name": "Kicks"}).body)
    assert told["collections"] == [{"name": "Kicks", "notes": [mine], "elsewhere": 0}]
    beside = json.loads(get("/api/kept", "checkpoint=beta").body)
    assert beside["collections"] == [{"name": "Kicks", "notes": [], "elsewhere": 1}]
    told = json.loads(change({"do": "unstar", "notes": [shipped, mine]}).body)
    assert told["stars"] == []


@pytest.mark.parametrize(
    "told",
    [b"no json", b"[]", {"do": "explode"}, {"do": "tag", "notes": ["no-such-note"], "name": "x"}, {"do": "tag", "notes": "x"},
     {"do": "tag", "notes": [1], "name": "x"}, {"do": "collect", "notes": [], "name": ""}, {"do": "star", "name": 5},
     {"do": []}, {"do": {}}, *({"do": do, "name": "\ud800"} for do in ("delete", "rename", "uncollect"))],
)  # fmt: skip
def test_nonsense_is_refused_in_a_sentence(own: OwnLibrary, told: Any) -> None:  # noqa: F811
    answer = change(told)
    assert answer.status in (400, 404)
    assert json.loads(answer.body)["error"]


def test_a_form_on_another_site_changes_nothing(own: OwnLibrary) -> None:  # noqa: F811
    note = find_map(ALPHA).ids[0]
    assert change({"do": "star", "notes": [note]}, "text/plain").status == 400
    assert json.loads(get("/api/kept", QUERY).body)["stars"] == []


def test_a_set_is_taken_away(own: OwnLibrary) -> None:  # noqa: F811
    notes = find_map(ALPHA)
    ids = json.dumps([notes.ids[0], notes.ids[-1]]).encode()
    answer = post("/api/kept/export", f"{QUERY}&kind=wav", ids)
    assert answer.status == 200, answer.body[:300]
    names = zipfile.ZipFile(io.BytesIO(answer.body)).namelist()
    assert len(names) == 3
    assert "notes.csv" in names
    assert f"{notes.ids[0]}.wav" in names
    assert post("/api/kept/export", f"{QUERY}&kind=exe", ids).status == 400
    assert post("/api/kept/export", f"{QUERY}&kind=wav", b'["../../x"]').status == 404


def test_a_note_is_dragged_out_as_its_own_file(own: OwnLibrary) -> None:  # noqa: F811
    notes = find_map(ALPHA)
    row = len(notes.ids) - 3
    answer = get("/api/kept/file", f"{QUERY}&note={notes.ids[row]}")
    path = Path(own.root) / str(notes.labels["audio"].iat[row])
    assert answer.body == path.read_bytes()
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''a%20-b-c.wav")
    assert get("/api/kept/file", f"{QUERY}&note={notes.ids[0]}").body[:4] == b"RIFF"
