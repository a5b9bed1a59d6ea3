"""The HTTP route of presets that are kept."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

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
def test_a_dropped_sound_is_kept_with_its_preset() -> None:
    time = np.arange(24_000) / 16_000
    buffer = io.BytesIO()
    tone = sum(np.sin(2 * np.pi * 220 * number * time) / number for number in (1, 2, 3))
    soundfile.write(buffer, 0.2 * tone, 16_000, format="WAV")
    dropped = told(post("/api/play/own", "checkpoint=alpha&name=mine.wav", buffer.getvalue()))
    preset = {**PRESET, "z": dropped["z"], "key": 57}
    kept = told(change(do="keep", preset=preset, own=dropped["carrier"]))
    assert [(each["name"], each["sounds"]) for each in kept["presets"]] == [("Mine", 1)]
    again = told(get("/api/play/own", f"checkpoint=alpha&preset={kept['id']}"))
    assert again["carrier"] != dropped["carrier"], "what was dropped may be forgotten"
    assert {name: again[name] for name in ("notes", "z", "layers")} == {
        name: dropped[name] for name in ("notes", "z", "layers")
    }
    z = ",".join(map(str, dropped["z"]))
    sounds = [
        get("/api/play/sound", f"checkpoint=alpha&z={z}&key=57&carrier={each['carrier']}").body
        for each in (dropped, again)
    ]
    one, two = (soundfile.read(io.BytesIO(each))[0] for each in sounds)
    assert np.abs(one - two).max() < 1e-3
    # Kept anew without it, the preset is the model's.
    assert told(change(do="keep", preset=preset))["presets"][0]["sounds"] == 0
    assert get("/api/play/own", f"checkpoint=alpha&preset={kept['id']}").status == 400


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize("own", ["own-x", "../x", 7, ["own-" + "a" * 32], "own-" + "a" * 32])
def test_sounds_that_are_not_there_are_not_kept(own: Any) -> None:
    assert change(do="keep", preset=PRESET, own=own).status in (400, 404, 410)
    assert told(get("/api/play/presets", "checkpoint=alpha"))["presets"] == []


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize("key", ["own:99", "shipped:Harp", "../x", "own:" + "9" * 30])
def test_presets_that_are_not_there_have_no_sounds(key: str) -> None:
    assert get("/api/play/own", f"checkpoint=alpha&preset={key}").status == 400


@pytest.mark.usefixtures("checkpoints")
def test_a_form_on_another_site_cannot_send_changes() -> None:
    assert post("/api/play/presets", "checkpoint=alpha", b'{"do":"delete","id":"own:1"}').status == 400
