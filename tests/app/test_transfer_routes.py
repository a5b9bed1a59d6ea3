"""The routes of the Transfer page: sounds that differ with what is asked for, and refusals in one sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
import soundfile

from pages.transfer.engine import _share_of_way
from pages.transfer.own_sounds import SHELF, OwnSound
from tests.app.asgi import Answer, get, heard, unpack
from tests.unit.test_pitch_track import sung
from timbre_core.checkpoint import open_checkpoint, write_latents
from timbre_core.features.pitch_track import track_pitch

NOTE = "flute_synthetic_002-060-100"
MELODY = np.repeat([60.2, 64.0], 30)


@pytest.fixture
def token() -> str:
    return SHELF.put(OwnSound(sung(MELODY), 16_000, "my voice.wav"))


def ask(part: str, checkpoint: str = "alpha", **query: str) -> Answer:
    return get(f"/api/transfer/{part}", urlencode({"checkpoint": checkpoint, **query}))


@pytest.mark.usefixtures("checkpoints")
class TestSounds:
    def test_source(self, token: str) -> None:
        header, arrays = unpack(ask("source", note=NOTE).body)
        assert header["title"]
        assert header["pitch"]["name"] == "C4"
        assert header["near"][0]["distance"] == pytest.approx(0, abs=0.05)
        assert sum(near["weight"] for near in header["near"]) == pytest.approx(1, abs=0.01)
        assert len(arrays["audio"]) == round(header["seconds"] * header["rate"])
        assert len(arrays["contour"]) == header["n_frames"]
        assert (
            len(arrays["frames"]) == header["n_bins"] * header["n_frames"] == len(header["bands"]) * header["n_frames"]
        )
        assert header["remarks"] == []
        header, _ = unpack(ask("source", sound=token).body)
        assert header["title"] == "my voice.wav"
        assert [round(midi) for _, _, midi in header["notes"]] == [60, 64]

    def test_how_far_the_result_has_gone_is_told(self) -> None:
        asked = [{"toward": "brass", "amount": "1"}, {"toward": "brass", "amount": "0"}, {"shift": "1"}]
        ways = [unpack(ask("picture", note=NOTE, **change).body)[0]["way"] for change in asked]
        assert isinstance(ways[0], float)
        assert ways[1:] == [None, None]
        start, aim = np.array([1.0, 0.0]), np.array([3.0, 0.0])
        assert _share_of_way(start, np.array([2.0, 5.0]), aim) == pytest.approx(0.5)
        assert _share_of_way(start, aim, start) is None

    def test_several_notes_have_no_one_pitch(self, token: str) -> None:
        chord = sum(sung(np.full(60, midi), harmonics=8) for midi in (60.0, 64.0, 67.0))
        at_once = SHELF.put(OwnSound(chord.astype(np.float32), 16_000, "chord"))
        assert unpack(ask("source", sound=at_once).body)[0]["several"] == "several notes at once"
        one = SHELF.put(OwnSound(sung(np.full(60, 60.0)), 16_000, "one"))
        assert unpack(ask("source", sound=one).body)[0]["several"] == ""
        melody = SHELF.put(OwnSound(sung(np.repeat([43.0, 50.0, 47.0], 40)), 16_000, "melody"))
        assert unpack(ask("source", sound=melody).body)[0]["several"] == "several notes: G2, D3, B2"

    def test_a_note_without_its_recording_is_the_models_version(self, checkpoints: Path) -> None:
        checkpoint = open_checkpoint(checkpoints / "alpha")
        assert checkpoint.latents is not None
        write_latents(checkpoint.path, checkpoint.latents, [str(checkpoints / "gone")])
        header, arrays = unpack(ask("source", note=NOTE).body)
        [remark] = header["remarks"]
        assert "not on this machine (gone)" in remark
        assert "model's version" in header["title"]
        assert np.abs(arrays["audio"]).max() == pytest.approx(0.6, abs=0.01)
        assert len(heard(ask("sound", note=NOTE, toward="brass", amount="1"))) == len(arrays["audio"])

    def test_results_keep_the_pitch_and_differ(self, token: str) -> None:
        sounds = [
            heard(ask("sound", sound=token, **query))
            for query in (
                {},
                {"toward": "brass", "amount": "1"},
                {"toward": "brass", "amount": "0.5"},
            )
        ]
        for audio in sounds:
            assert np.abs(audio).max() > 0.01
            assert len(audio) == len(sounds[0])
        for one, other in ((0, 1), (1, 2)):
            assert np.abs(sounds[one] - sounds[other]).max() > 1e-3
        aims = [
            unpack(ask("picture", sound=token, toward=toward, amount="1").body)[0]["aim"] for toward in ("brass", NOTE)
        ]
        assert aims[0] != aims[1]

    def test_ones_own_sound_comes_back_at_its_own_rate(self) -> None:
        audio = sung(np.full(70, 60.0), 44_100, 706)[:44_100]
        shelved = OwnSound(audio.astype(np.float32), 44_100, "voice", ("voice: truncated.",))
        own = SHELF.put(shelved)
        header, arrays = unpack(ask("source", sound=own).body)
        assert (header["rate"], len(arrays["audio"])) == (44_100, 44_100)
        assert (header["title"], header["remarks"]) == ("voice", ["voice: truncated."])
        for amount in ("0", "0.5"):
            moved, rate = soundfile.read(io.BytesIO(ask("sound", sound=own, toward="brass", amount=amount).body))
            assert (rate, len(moved)) == (44_100, 44_100)
            assert (np.abs(moved - audio).max() < 1e-4) == (amount == "0")

    def test_shifts_and_corrections(self, token: str) -> None:
        header, arrays = unpack(ask("picture", sound=token, shift="7").body)
        np.testing.assert_allclose(np.nanmedian(arrays["contour"][5:25]), 67.2, atol=0.1)
        assert header["remarks"] == []
        assert header["aim"] is None
        _, arrays = unpack(ask("picture", sound=token, mend="0~0.4~12,0~3600~-1").body)
        contour = arrays["contour"]
        np.testing.assert_allclose([np.nanmedian(contour[5:20]), np.nanmedian(contour[40:])], [71.2, 63], atol=0.1)
        _, arrays = unpack(ask("picture", sound=token, steady="1").body)
        assert np.ptp(arrays["contour"]) == 0

    def test_a_model_without_pitch_says_so(self, token: str) -> None:
        header, _ = unpack(ask("picture", "beta", sound=token).body)
        assert "is not told the pitch" in header["remarks"][0]

    def test_noise_is_played_where_it_is_asked_for(self) -> None:
        noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
        token = SHELF.put(OwnSound(noise, 16_000, "noise"))
        if track_pitch(noise, 16_000, 256).voiced.any():
            pytest.skip("a pitch was heard in this noise")
        header, _ = unpack(ask("picture", sound=token).body)
        assert "C4" in header["remarks"][0]
        _, arrays = unpack(ask("picture", sound=token, shift="5").body)
        assert set(arrays["contour"]) == {65.0}

    def test_saving_and_caching(self, token: str) -> None:
        saved = ask("sound", sound=token, toward="brass", amount="1", save="1")
        name = "attachment; filename=\"my-voice-wav-to-brass.wav\"; filename*=UTF-8''my%20voice.wav%20to%20brass.wav"
        assert saved.headers["content-disposition"] == name
        assert saved.headers["cache-control"] == "no-store"
        assert "max-age" in ask("sound", note=NOTE, v="1").headers["cache-control"]


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"note": "../../etc/passwd"}, 404, "no note"),
        ({"note": ""}, 400, "missing"),
        ({"note": "", "sound": "a" * 32}, 410, "not kept here any longer"),
        ({"note": "", "sound": "a" * 9000}, 400, "too long"),
        ({"toward": "kazoo"}, 404, "no family or note 'kazoo'"),
        ({"toward": "brass", "amount": "nan"}, 400, "must be a number from 0 to 2"),
        ({"toward": "brass", "amount": "3"}, 400, "must be a number from 0 to 2"),
        ({"shift": "37"}, 400, "from -36 to 36"),
        ({"shift": "x"}, 400, "from -36 to 36"),
        ({"mend": "1~2"}, 400, "start~end~semitones"),
        ({"mend": "1~2~inf"}, 400, "from -36 to 36"),
        ({"mend": ",".join(["0~1~1"] * 33)}, 400, "at most 32"),
        ({"mend": "0~1~1," * 1000}, 400, "too long"),
        ({"mend": "0~9~36,0~9~36"}, 400, "leaves MIDI's 0-127"),
        ({"checkpoint": "../alpha"}, 404, "no checkpoint"),
    ],
)
def test_nonsense_is_refused(change: dict[str, str], status: int, said: str) -> None:
    query = {
        name: value
        for name, value in {"checkpoint": "alpha", "note": NOTE, **change}.items()
        if value or name != "note"
    }
    for part in ("sound", "picture"):
        answer = get(f"/api/transfer/{part}", urlencode(query))
        assert answer.status == status
        sentence = json.loads(answer.body)["error"]
        assert said in sentence
        assert len(sentence) < 300
