"""Find similar: a sound of the visitor's own among the library's notes, and what is refused."""

from __future__ import annotations

import io
import itertools
import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
import soundfile

from pages.explore.guest import without_leading_silence
from tests.app.asgi import Answer, post, unpack
from tests.app.test_routes import NOTE, ask
from tests.synthetic import apart

RATE = 16_000


def send(content: bytes, **parameters: str) -> Answer:
    return post("/api/similar", urlencode({"checkpoint": "alpha", "name": "mine.wav", **parameters}), content)


def written(audio: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, audio, rate, format=kind, subtype=subtype)
    return file.getvalue()


def tone(hz: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return 0.3 * sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 6))


def understood(answer: Answer) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    assert answer.status == 200, answer.body[:300]
    return unpack(answer.body)


@pytest.mark.usefixtures("checkpoints")
class TestFound:
    def test_a_librarys_own_note_is_found_first(self) -> None:
        recording = ask("audio", checkpoint="alpha", note=NOTE, kind="original").body
        header, arrays = understood(send(recording))
        assert header["neighbours"][0]["id"] == NOTE
        assert header["neighbours"][0]["distance"] < 0.1 * header["neighbours"][1]["distance"]
        assert header["note"]["pitch_name"] == "F♯3"
        assert "brass synthetic 001" in header["sentence"]
        latent = json.loads(ask("note", checkpoint="alpha", note=NOTE).body)["latent"]
        assert header["latent"] == pytest.approx(latent, abs=0.01)
        kinds = ("original", "inversion", "reconstruction")
        for kind in kinds:
            assert arrays[kind].shape == (RATE,)
            assert np.abs(arrays[kind]).max() > 0.01
        assert min(apart(arrays[a], arrays[b]) for a, b in itertools.combinations(kinds, 2)) > 0.02
        assert arrays["original_frames"].size == header["frames"]["n_bins"] * header["frames"]["n_frames"]

    @pytest.mark.parametrize(
        ("rate", "channels", "kind"), [(192_000, 2, "WAV"), (44_100, 1, "FLAC"), (8_000, 2, "OGG")]
    )
    def test_pitch_is_measured_in_any_format(self, rate: int, channels: int, kind: str) -> None:
        audio = np.repeat(tone(220, rate=rate)[:, None], channels, axis=1)
        header, _ = understood(send(written(audio, rate, kind)))
        assert header["note"]["pitch"] == pytest.approx(57, abs=0.1)
        assert header["rate"] == RATE

    def test_without_a_pitch_there_are_neighbours_too(self) -> None:
        noise = 0.2 * np.random.default_rng(0).normal(size=RATE)
        header, _ = understood(send(written(noise)))
        assert header["note"]["pitch"] is None
        assert header["sentence"].startswith("No pitch is heard in mine.wav, so the model was told C4")
        assert len(header["neighbours"]) == 8

    def test_silence_before_a_sound_is_left_out(self) -> None:
        late = np.concatenate([np.zeros(3 * RATE), tone(220)])
        assert len(without_leading_silence(late, RATE)) == pytest.approx(1.02 * RATE, abs=20)
        assert without_leading_silence(tone(220), RATE).size == RATE
        header, _ = understood(send(written(late)))
        assert header["note"]["pitch"] == pytest.approx(57, abs=0.1)

    def test_several_notes_are_told_and_the_pitch_can_be_corrected(self) -> None:
        chord = written(tone(261.63) + tone(329.63) + tone(392.0))
        header, _ = understood(send(chord))
        assert header["note"]["pitch"] is None
        assert ["pitch", "several notes at once"] in header["facts"]
        assert "Cut one out, or say which pitch it has" in header["sentence"]
        melody = np.concatenate([tone(hz, 0.5) for hz in (98.0, 146.83, 123.47)])
        header, _ = understood(send(written(melody)))
        assert ["pitch", "several notes: G2, D3, B2"] in header["facts"]
        header, _ = understood(send(written(tone(73.4)), mend="12"))
        assert header["note"]["pitch_name"] == "D3"
        assert header["facts"][0][0] == "pitch corrected"
        for nonsense in ("nan", "61", "x"):
            assert send(chord, mend=nonsense).status == 400

    def test_of_a_file_cut_short_what_is_there_is_heard_and_the_rest_told(self) -> None:
        header, arrays = understood(send(written(tone(220))[:20_000]))
        assert header["note"]["pitch"] == pytest.approx(57, abs=0.1)
        assert len(arrays["original"]) == pytest.approx(9_978, abs=10)
        assert header["sentence"].endswith(
            "Truncated, the last 38% are missing: what is there is used, get the file again to have the rest."
        )

    def test_nothing_of_it_is_kept(self) -> None:
        assert send(written(tone(220))).headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("checkpoints")
class TestRefused:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"RIFF",
            b"\0" * 5000,
            b"<html>not a sound</html>" * 50,
            written(np.zeros(RATE)),
            written(np.full(RATE, np.nan), subtype="FLOAT"),
            written(tone(220, 40)),
            written(tone(220, 0.01)),
            written(np.zeros(600 * 48_000, np.int16), 48_000, "FLAC"),
            struct.pack(
                "<4sI4s4sIHHIIHH4sI",
                b"RIFF",
                2**31,
                b"WAVE",
                b"fmt ",
                16,
                1,
                1,
                16_000,
                32_000,
                2,
                16,
                b"data",
                2**31 - 40,
            ),
            b"PK\x03\x04" + b"\0" * 2000,
        ],
        ids=["empty", "stub", "zeros", "html", "silent", "nan", "long", "short", "bomb", "boast", "zip"],
    )
    def test_in_one_sentence(self, content: bytes) -> None:
        tracemalloc.start()
        answer = send(content, name="x\n<b>.wav")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert answer.status == 400
        error = json.loads(answer.body)["error"]
        assert error.startswith("x<b>.wav: ")
        assert error.endswith(".")
        assert "\n" not in error
        assert not any(wrong in error for wrong in ("object at", "leave it out"))
        assert peak < 100e6

    def test_too_large(self) -> None:
        answer = send(b"\0" * 20_000_001)
        assert answer.status == 413
        assert "20 MB" in json.loads(answer.body)["error"]

    @pytest.mark.parametrize(
        "wrong", [{"checkpoint": "../alpha"}, {"checkpoint": ""}, {"name": ""}, {"inverter": "../x"}]
    )
    def test_parameters(self, wrong: dict[str, str]) -> None:
        assert send(written(tone(220)), **wrong).status in (400, 404)


def test_a_damaged_model_is_named(checkpoints: Path) -> None:
    weights = checkpoints / "alpha" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    answer = send(written(tone(220)))
    assert answer.status == 400
    assert "model.safetensors" in json.loads(answer.body)["error"]
