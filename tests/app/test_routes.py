"""The HTTP routes behind the page: what they answer, and that nothing from outside becomes a path."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest

from tests.app.asgi import Answer, get, heard, post, unpack

NOTE = "brass_synthetic_001-054-100"
KNOWN = {"checkpoint": "alpha", "note": NOTE}


def ask(path: str, **parameters: str) -> Answer:
    return get(f"/api/{path}", urlencode(parameters))


@pytest.mark.usefixtures("checkpoints")
class TestAnswers:
    def test_space(self) -> None:
        header, arrays = unpack(ask("map", checkpoint="alpha").body)
        _, places = unpack(ask("space", checkpoint="alpha").body)
        assert np.array_equal(places["x"], arrays["pca_1"])
        assert np.isfinite(places["z"]).all()
        assert len(places["z"]) == len(header["ids"])

    def test_preview_is_the_beginning_of_the_recording(self) -> None:
        answer = ask("preview", **KNOWN)
        whole, short = heard(ask("audio", kind="original", **KNOWN)), heard(answer)
        assert answer.headers["x-kind"] == "original"
        assert np.abs(short).max() > 0.01
        early = int(0.5 * 16_000)
        assert np.array_equal(short[:early], whole[:early])
        assert len(short) <= 1.5 * 16_000
        assert abs(short[-1]) < 1e-3, "it does not end with a click"

    def test_map(self) -> None:
        header, arrays = unpack(ask("map", checkpoint="alpha").body)
        assert len(header["ids"]) == 48
        assert header["projections"] == ["tsne", "pca"]
        assert header["columns"]["family"]["values"] == ["bass", "brass", "flute", "guitar"]
        assert sum(header["columns"]["family"]["counts"]) == 48
        row = header["ids"].index(NOTE)
        assert header["columns"]["family"]["values"][arrays["label_family"][row]] == "brass"
        assert arrays["label_pitch"][row] == 54
        assert np.isfinite(arrays["pca_1"]).all()
        assert np.array_equal(arrays["pca_1"], arrays["tsne_2"])

    def test_note(self) -> None:
        told = json.loads(ask("note", **KNOWN).body)
        assert told["note"]["title"] == "brass synthetic 001"
        assert told["note"]["pitch_name"] == "F♯3"
        assert ["pitch", "F♯3 · MIDI 54"] in told["facts"]
        assert ["file", f"{NOTE}.wav"] in told["facts"]
        distances = [near["distance"] for near in told["neighbours"]]
        assert distances == sorted(distances)
        assert NOTE not in [near["id"] for near in told["neighbours"]]

    def test_sounds(self) -> None:
        original = heard(ask("audio", kind="original", **KNOWN))
        inversion = heard(ask("audio", kind="inversion", **KNOWN))
        reconstruction = heard(ask("audio", kind="reconstruction", **KNOWN))
        assert len(original) == len(inversion) == len(reconstruction) == 16_000
        assert np.abs(original).max() > 0.5
        # The inversion of the recording's own features has its level and its pitch (F#3 is 185 Hz), an untrained
        # model's has neither.
        spectra = [np.abs(np.fft.rfft(audio)) for audio in (original, inversion)]
        assert abs(int(np.argmax(spectra[0])) - int(np.argmax(spectra[1]))) <= 3
        assert 0.5 < np.std(inversion) / np.std(original) < 2
        assert np.std(inversion - reconstruction) > 0.01

    def test_an_inverter_may_be_chosen(self) -> None:
        sounds = {name: ask("audio", kind="inversion", inverter=name, **KNOWN).body for name in ("fast", "best")}
        assert sounds["fast"] != sounds["best"]
        frames = {name: ask("frames", kind="inversion", inverter=name, **KNOWN).body for name in ("fast", "best")}
        assert frames["fast"] != frames["best"]
        # What does not pass through an inverter is the same with any.
        decoded = [ask("frames", kind="reconstruction", inverter=name, **KNOWN).body for name in ("fast", "best")]
        assert decoded[0] == decoded[1]

    def test_frames(self) -> None:
        pictures = {}
        for kind in ("original", "inversion", "reconstruction"):
            header, arrays = unpack(ask("frames", kind=kind, **KNOWN).body)
            assert (header["n_bins"], header["n_frames"], header["top_db"]) == (80, 63, 80.0)
            assert len(header["bands"]) == 80
            assert header["bands"] == sorted(header["bands"])
            pictures[kind] = arrays["frames"].reshape(80, 63).astype(float)
        assert pictures["original"].max() == 255
        loudest = np.argmax(pictures["original"].mean(axis=1))
        header, _ = unpack(ask("frames", kind="original", **KNOWN).body)
        assert abs(header["bands"][loudest] - 185) < 40
        near = np.abs(pictures["inversion"] - pictures["original"]).mean()
        far = np.abs(pictures["reconstruction"] - pictures["original"]).mean()
        assert near < far

    def test_a_part_of_a_sound(self) -> None:
        whole = ask("audio", kind="original", **KNOWN).body
        query = urlencode({**KNOWN, "kind": "original"})
        for wanted, expected in (("bytes=10-19", whole[10:20]), ("bytes=40-", whole[40:]), ("bytes=-7", whole[-7:])):
            answer = get("/api/audio", query, {"range": wanted})
            assert (answer.status, answer.body) == (206, expected)
            assert answer.headers["content-range"].endswith(f"/{len(whole)}")
        assert get("/api/audio", query, {"range": f"bytes={len(whole)}-"}).status == 416
        for nonsense in ("bytes=a-b", "bytes=-", "lines=1-2", "bytes=0-1,5-9", "bytes=²-", "bytes=" + "9" * 5000 + "-"):
            assert get("/api/audio", query, {"range": nonsense}).body == whole

    def test_addresses_with_a_version_may_be_kept(self) -> None:
        assert ask("note", **KNOWN).headers["cache-control"] == "no-cache"
        assert "max-age" in ask("note", v="abc", **KNOWN).headers["cache-control"]

    def test_ready(self) -> None:
        assert json.loads(ask("ready", checkpoint="alpha").body) == {"ready": True}


@pytest.mark.usefixtures("checkpoints")
class TestNonsense:
    @pytest.mark.parametrize("path", ["/api/nowhere", "/api/play/nowhere", "/api/map/x", "/api", "/api/", "/api/<b>"])
    def test_addresses(self, path: str) -> None:
        for answer in (get(path, urlencode(KNOWN)), post(path, "", b"x")):
            assert answer.status == 404
            assert answer.headers["content-type"] == "application/json"
            assert json.loads(answer.body)["error"].endswith(".")

    @pytest.mark.parametrize("path", ["map", "note", "audio", "frames", "ready"])
    @pytest.mark.parametrize(
        "name", ["", "nope", "../alpha", "..", "/etc", "alpha/../beta", "C:\\", "alpha\0", "x" * 600, "%2e%2e"]
    )
    def test_checkpoints(self, path: str, name: str) -> None:
        answer = ask(path, checkpoint=name, note=NOTE, kind="original")
        assert answer.status in (400, 404)
        assert json.loads(answer.body)["error"].endswith(".")

    @pytest.mark.parametrize("path", ["note", "audio", "frames"])
    @pytest.mark.parametrize("note", ["", "nope", "../../etc/passwd", "audio/x.wav", "x" * 600, "0"])
    def test_notes(self, path: str, note: str) -> None:
        assert ask(path, checkpoint="alpha", note=note, kind="original").status in (400, 404)

    @pytest.mark.parametrize("path", ["audio", "frames"])
    @pytest.mark.parametrize("kind", ["", "ORIGINAL", "../original", "mu"])
    def test_kinds(self, path: str, kind: str) -> None:
        answer = ask(path, kind=kind, **KNOWN)
        assert answer.status == 400
        assert "kind" in json.loads(answer.body)["error"]

    @pytest.mark.parametrize("path", ["audio", "frames"])
    @pytest.mark.parametrize("inverter", ["", "FAST", "../alpha", "alpha", "x" * 600])
    def test_inverters(self, path: str, inverter: str) -> None:
        answer = ask(path, kind="inversion", inverter=inverter, **KNOWN)
        assert answer.status == 400
        assert "inverter" in json.loads(answer.body)["error"]

    def test_a_checkpoint_without_a_map(self, checkpoints: Path) -> None:
        (checkpoints / "alpha" / "latents.parquet").unlink()
        answer = ask("map", checkpoint="alpha")
        assert answer.status == 404
        assert "timbre_core project" in json.loads(answer.body)["error"]

    def test_damaged_weights_leave_the_recording_to_hear(self, checkpoints: Path) -> None:
        path = checkpoints / "alpha" / "model.safetensors"
        path.write_bytes(path.read_bytes()[:5000])
        answer = ask("audio", kind="reconstruction", **KNOWN)
        assert answer.status == 404
        assert "model.safetensors" in json.loads(answer.body)["error"]
        ready = ask("ready", checkpoint="alpha")
        assert ready.status == 404
        assert "model.safetensors" in json.loads(ready.body)["error"]
        assert np.abs(heard(ask("audio", kind="original", **KNOWN))).max() > 0.5


class TestMissingRecordings:
    """A checkpoint came without the data it was trained on."""

    @pytest.fixture
    def without_audio(self, checkpoints: Path) -> None:
        from timbre_core.checkpoint import open_checkpoint, write_latents

        checkpoint = open_checkpoint(checkpoints / "alpha")
        latents = checkpoint.latents
        assert latents is not None
        write_latents(checkpoint.path, latents, [str(checkpoints / "gone")])

    @pytest.mark.usefixtures("without_audio")
    def test_the_reconstruction_comes_from_the_saved_latents(self) -> None:
        for kind in ("original", "inversion"):
            answer = ask("audio", kind=kind, **KNOWN)
            assert answer.status == 404
            assert json.loads(answer.body)["recording_missing"] is True
        audio = heard(ask("audio", kind="reconstruction", **KNOWN))
        assert len(audio) == pytest.approx(16_000, abs=256)
        assert np.abs(audio).max() == pytest.approx(0.6, abs=0.01)

    @pytest.mark.usefixtures("without_audio")
    def test_it_is_what_the_recording_gives(self, made_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        saved, _ = unpack_frames(ask("frames", kind="reconstruction", **KNOWN))
        monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(made_checkpoints))
        heard, _ = unpack_frames(ask("frames", kind="reconstruction", **KNOWN))
        assert np.abs(saved - heard).max() <= 1

    def test_one_of_two_folders_is_missing(self, checkpoints: Path, tiny_nsynth: Path) -> None:
        from timbre_core.checkpoint import open_checkpoint, write_latents

        checkpoint = open_checkpoint(checkpoints / "alpha")
        latents = checkpoint.latents
        assert latents is not None
        latents.loc[latents["note_id"] != NOTE, "root"] = 1
        write_latents(checkpoint.path, latents, [str(tiny_nsynth), str(checkpoints / "gone")])
        assert np.abs(heard(ask("audio", kind="original", **KNOWN))).max() > 0.5
        other = "bass_synthetic_000-048-100"
        assert ask("audio", kind="original", checkpoint="alpha", note=other).status == 404


def unpack_frames(answer: Answer) -> tuple[np.ndarray, dict[str, Any]]:
    header, arrays = unpack(answer.body)
    return arrays["frames"].astype(int), header


@pytest.mark.usefixtures("checkpoints")
def test_many_at_once_share_the_work() -> None:
    """Twenty people click the same note: it is computed once, and everybody gets the same sound."""
    query = urlencode({**KNOWN, "kind": "reconstruction", "v": os.urandom(4).hex()})
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: get("/api/audio", query), range(20)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


@pytest.mark.usefixtures("checkpoints")
def test_slow_work_does_not_hold_up_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.server import note_routes
    from tests.app.asgi import call

    answered = threading.Event()
    monkeypatch.setattr(note_routes, "warm_up", lambda notes: answered.wait(20))

    async def both() -> Answer:
        slow = asyncio.create_task(call("/api/ready", "checkpoint=alpha"))
        await asyncio.sleep(0.05)
        quick = await call("/api/audio", urlencode({**KNOWN, "kind": "original"}))
        assert not slow.done()
        answered.set()
        await slow
        return quick

    assert asyncio.run(both()).status == 200


@pytest.mark.usefixtures("checkpoints")
def test_latents_are_told_in_order_with_the_librarys_spread() -> None:
    told = json.loads(ask("latents", checkpoint="alpha").body)
    assert sorted(told["numbers"]) == list(range(6))
    assert told["weight"] == sorted(told["weight"], reverse=True)
    means = np.array([json.loads(ask("note", checkpoint="alpha", note=n).body)["latent"] for n in note_ids()])
    for number, spread in zip(told["numbers"], told["spread"], strict=True):
        assert spread == pytest.approx(np.percentile(means[:, number], [5, 25, 50, 75, 95]), abs=1e-3)


@pytest.mark.usefixtures("checkpoints")
def test_neighbours_are_told_apart(checkpoints: Path) -> None:
    for note in note_ids()[::7]:
        near = json.loads(ask("note", checkpoint="alpha", note=note).body)["neighbours"]
        assert len({(card["title"], card["pitch_name"], card["detail"]) for card in near}) == len(near) == 8


def note_ids() -> list[str]:
    return list(unpack(ask("map", checkpoint="alpha").body)[0]["ids"])
