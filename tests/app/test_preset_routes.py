"""The HTTP route of presets that are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.asgi import get, post, told

PRESET = {
    "name": "Mine",
    "z": [0.1] * 6,
    "key": 60,
    "attack": 0.0,
    "release": 0.5,
    "macros": {"noise": 2.0},
    "note": "",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timbre_core.catalogue.database.user_data_dir", lambda: tmp_path)


def change(**said: Any) -> Any:
    return post(
        "/api/play/presets", "checkpoint=alpha", json.dumps(said).encode(), {"content-type": "application/json"}
    )


@pytest.mark.usefixtures("checkpoints")
def test_presets_are_kept_with_words_of_their_sound() -> None:
    assert told(get("/api/play/presets", "checkpoint=alpha"))["presets"] == []
    kept = told(change(do="keep", preset=PRESET, tags=["pad"]))
    (preset,) = kept["presets"]
    assert preset["id"] == kept["id"]
    assert {name: preset[name] for name in PRESET} == PRESET
    assert preset["tags"] == ["pad"]
    assert preset["words"]
    assert set(preset["words"]) <= set(kept["words"])
    assert told(change(do="star", id=kept["id"]))["presets"][0]["starred"]
    assert not told(change(do="unstar", id=kept["id"]))["presets"][0]["starred"]
    assert told(change(do="delete", id=kept["id"]))["presets"] == []


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"do": "burn"}, "must be one of keep"),
        ({"do": "delete", "id": "own:7"}, "no such preset"),
        ({"do": "delete", "id": {"a": 1}}, "only presets of your own"),
        ({"do": "keep"}, "a preset is missing"),
        ({"do": "keep", "preset": PRESET, "tags": "pad"}, "a list of words"),
        ({"do": "keep", "preset": {**PRESET, "z": [1.0]}}, "1 latent values"),
        ({"do": "keep", "preset": {**PRESET, "macros": {"loud": 1.0}}}, "no macro 'loud'"),
        ({"do": "keep", "preset": {**PRESET, "name": ""}}, "cannot be used"),
        ({"do": "keep", "preset": {**PRESET, "note": "../x"}}, "no note '../x'"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(said: dict[str, Any], answer: str) -> None:
    refused = change(**said)
    assert refused.status == 400
    assert answer in json.loads(refused.body)["error"]


@pytest.mark.usefixtures("checkpoints")
def test_a_form_on_another_site_cannot_send_changes() -> None:
    assert post("/api/play/presets", "checkpoint=alpha", b'{"do":"delete","id":"own:1"}').status == 400
