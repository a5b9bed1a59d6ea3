"""The HTTP routes of the Play page: sounds of any point, and that nonsense is refused in a sentence."""

from __future__ import annotations

import io
import json
import shutil
import time
import zipfile
from pathlib import Path
from urllib.parse import urlencode

import mido
import numpy as np
import pytest
import soundfile

from tests.app.asgi import Answer, get, heard, post, told, unpack
from tests.synthetic import apart
from timbre_core.features.descriptors import describe
from timbre_core.features.pitch import estimate_f0

ROOT = Path(__file__).resolve().parents[2]
NOTE = "brass_synthetic_001-054-100"
MIDDLE = ",".join(["0.1"] * 6)


def ask(path: str, **parameters: str) -> Answer:
    return get(f"/api/play/{path}", urlencode({"checkpoint": "alpha", **parameters}))


@pytest.mark.usefixtures("checkpoints")
class TestAnswers:
    def test_space(self) -> None:
        space = told(ask("space"))
        assert (space["latent_dim"], space["conditioned"], space["sample_rate"], space["keys"]) == (
            6,
            True,
            16_000,
            [48, 63],
        )
        assert [family["value"] for family in space["families"]] == ["bass", "brass", "flute", "guitar"]
        assert all(len(family["z"]) == 6 for family in space["families"])
        for name in ("dimensions", "principal"):
            axes = space["axes"][name]
            assert np.allclose(np.array(axes["directions"]) @ np.array(axes["directions"]).T, np.eye(6), atol=1e-3)
            assert axes["weight"] == sorted(axes["weight"], reverse=True)
            assert min(axes["spread"]) > 0
            assert axes["unit"] == "share", "this checkpoint's evaluation has no KL per dimension"
        assert told(get("/api/play/space", "checkpoint=beta"))["conditioned"] is False

    def test_kl_orders_the_dimensions(self, checkpoints: Path) -> None:
        path = checkpoints / "alpha" / "evaluation.json"
        evaluation = json.loads(path.read_text())
        evaluation["latent"]["kl_per_dim"] = [0.3, 0.1, 0.9, 0.2, 0.5, 0.0]
        path.write_text(json.dumps(evaluation))
        axes = told(ask("space"))["axes"]["dimensions"]
        assert axes["unit"] == "nats"
        assert axes["numbers"] == [2, 4, 0, 3, 1, 5]

    def test_starts(self) -> None:
        start = told(ask("start", note=NOTE))
        assert len(start["z"]) == 6
        assert (start["note"]["id"], start["note"]["family"], start["note"]["pitch"]) == (NOTE, "brass", 54)
        drawn = [told(ask("start", seed=seed))["z"] for seed in ("1", "1", "2")]
        assert drawn[0] == drawn[1] != drawn[2]
        near = told(ask("about", z=",".join(map(str, start["z"]))))
        assert near["nearest"][0]["id"] == NOTE
        assert near["nearest"][0]["distance"] < 1e-3
        assert near["own_pitch"] is None

    def test_a_note_sounds_from_its_recordings(self, checkpoints: Path) -> None:
        start = told(ask("start", note=NOTE))
        assert (start["recorded"], start["recordings"]) == (False, [])
        assert ask("sound", z=MIDDLE, key="54", carrier="../x").status == 400
        shutil.copytree(ROOT / "checkpoints" / "note-shift", checkpoints / "note-shift")
        start = told(ask("start", note=NOTE))
        assert start["recorded"] is True
        assert start["recordings"] == [48.0, 51.0, 54.0, 57.0, 60.0, 63.0]
        z = ",".join(map(str, start["z"]))
        model = heard(ask("sound", z=z, key="60"))
        for key in (54, 61):
            audio = heard(ask("sound", z=z, key=str(key), carrier=NOTE))
            assert estimate_f0(audio, 16_000).midi == pytest.approx(key, abs=0.3)
        here = heard(ask("sound", z=z, key="60", carrier=NOTE))
        length = min(len(model), len(here))
        assert apart(model[:length], here[:length]) > 0.02
        assert ask("frames", z=z, key="60", carrier=NOTE).body != ask("frames", z=z, key="60").body

    def test_sounds_differ_by_point_and_by_key(self) -> None:
        here = heard(ask("sound", z=MIDDLE, key="60"))
        assert np.abs(here).max() > 0.02
        assert apart(here, heard(ask("sound", z=MIDDLE, key="60"))) < 1e-3
        for other in ({"z": MIDDLE, "key": "72"}, {"z": MIDDLE.replace("0.1", "-2", 1), "key": "60"}):
            changed = heard(ask("sound", **other))
            size = min(len(here), len(changed))
            assert np.abs(here[:size] - changed[:size]).max() > 1e-3

    def test_a_whole_note_lasts_as_long_as_the_models(self) -> None:
        whole = heard(ask("sound", z=MIDDLE, key="60", whole="1"))
        assert len(whole) / 16_000 == pytest.approx(1.0, abs=0.05)

    def test_models_without_pitch_tell_their_own(self) -> None:
        about = told(get("/api/play/about", urlencode({"checkpoint": "beta", "z": MIDDLE})))
        assert 0 < about["own_pitch"] < 127
        low, high = (
            heard(get("/api/play/sound", urlencode({"checkpoint": "beta", "z": MIDDLE, "key": key})))
            for key in ("48", "72")
        )
        assert len(low) > len(high)

    def test_frames(self) -> None:
        header, arrays = unpack(ask("frames", z=MIDDLE, key="60").body)
        assert header["n_bins"] == 80
        assert len(header["bands"]) == 80
        assert len(arrays["frames"]) == 80 * header["n_frames"]

    def test_traits_are_measured_in_the_background(self) -> None:
        deadline = time.monotonic() + 60
        while not (now := told(ask("traits")))["correlations"]:
            assert not now["failed"]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert now["names"] == ["brightness", "attack", "noisiness", "inharmonicity"]
        assert now["notes"] == 48
        table = np.array(now["correlations"]["dimensions"], dtype=float)
        assert table.shape == (6, 4)
        assert np.nanmax(np.abs(table)) <= 1

    def test_export(self) -> None:
        answer = ask("export", z=MIDDLE, low="48", high="60", step="12", name="../my sound")
        told = "attachment; filename=\"my-sound-sfz.zip\"; filename*=UTF-8''-my%20sound-sfz.zip"
        assert answer.headers["content-disposition"] == told
        archive = zipfile.ZipFile(io.BytesIO(answer.body))
        assert archive.namelist() == [
            "my-sound.sfz",
            "samples/my-sound_048_C3.wav",
            "samples/my-sound_060_C4.wav",
            "LICENCE.txt",
            "my-sound.json",
        ]
        assert json.loads(archive.read("my-sound.json"))["z"] == [0.1] * 6

    @pytest.mark.parametrize("kind", ["sf2", "dspreset", "multisample", "wav"])
    def test_export_in_other_formats(self, kind: str) -> None:
        wanted = {"format": kind, "rate": "48000", "bits": "24", "loop": "off"}
        answer = ask("export", z=MIDDLE, low="60", high="60", step="1", name="x", **wanted)
        assert f'"x-{kind}.zip"' in answer.headers["content-disposition"]
        names = zipfile.ZipFile(io.BytesIO(answer.body)).namelist()
        assert names[0] == ("x_060.wav" if kind == "wav" else f"x.{kind}")
        assert "LICENCE.txt" in names

    def test_pieces_are_performed(self) -> None:
        names = [piece["name"] for piece in told(ask("pieces"))]
        assert "bach-prelude-in-c" in names
        file = mido.MidiFile()
        track = file.add_track()
        track += [mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=480)]
        buffer = io.BytesIO()
        file.save(file=buffer)
        for query in (f"z={MIDDLE}", "band=1"):
            mix = post("/api/play/perform", f"checkpoint=alpha&{query}", buffer.getvalue())
            audio, rate = soundfile.read(io.BytesIO(mix.body))
            assert (rate, mix.headers["x-remarks"]) == (44_100, "")
            assert 0.5 < len(audio) / rate < 1.5
        stems = post("/api/play/perform", f"checkpoint=alpha&z={MIDDLE}&stems=1", buffer.getvalue())
        assert zipfile.ZipFile(io.BytesIO(stems.body)).namelist() == ["stem-01.wav"]
        refused = post("/api/play/perform", f"checkpoint=alpha&z={MIDDLE}", buffer.getvalue()[:20])
        assert refused.status == 400
        assert "damaged or truncated" in json.loads(refused.body)["error"]

    def test_a_dropped_sound_is_an_instrument(self, checkpoints: Path) -> None:
        shutil.copytree(ROOT / "checkpoints" / "note-shift", checkpoints / "note-shift")
        time = np.arange(32_000) / 16_000
        buffer = io.BytesIO()
        tone = sum(np.sin(2 * np.pi * 220 * n * time) / n for n in (1, 2, 3))
        soundfile.write(buffer, 0.2 * tone, 16_000, format="WAV")
        made = told(post("/api/play/own", "checkpoint=alpha&name=mine.wav", buffer.getvalue()))
        assert [note["name"] for note in made["notes"]] == ["mine.wav"]
        assert made["notes"][0]["pitch"] == pytest.approx(57, abs=0.05)
        audio = heard(ask("sound", z=MIDDLE, key="60", carrier=made["carrier"]))
        assert estimate_f0(audio.astype(np.float32), 16_000).midi == pytest.approx(60, abs=0.1)
        query = f"checkpoint=alpha&name=mine.wav&with={made['carrier']}"
        assert told(post("/api/play/own", f"{query}&pitch=45", b""))["notes"][0]["pitch"] == 45
        both = told(post("/api/play/own", f"{query}&pitch=69", buffer.getvalue()))
        assert [note["pitch"] for note in both["notes"]] == [made["notes"][0]["pitch"], 69]
        for query, body, said in (
            ("name=hush.wav", b"", "hush.wav: an empty file"),
            ("name=noise.wav", b"RIFF", "noise.wav: not readable as audio"),
            (f"name=a.wav&with=own-{'a' * 32}", buffer.getvalue(), "drop it again"),
        ):
            refused = post("/api/play/own", f"checkpoint=alpha&{query}", body)
            assert refused.status == 400
            assert said in json.loads(refused.body)["error"]
        noise = io.BytesIO()
        soundfile.write(noise, 0.1 * np.random.default_rng(0).standard_normal(16_000), 16_000, format="WAV")
        unheard = post("/api/play/own", "checkpoint=alpha&name=sea.wav", noise.getvalue())
        assert unheard.status == 400
        assert json.loads(unheard.body)["pitch_wanted"] is True
        sea = told(post("/api/play/own", "checkpoint=alpha&name=sea.wav&pitch=60", noise.getvalue()[:20_000]))
        assert sea["notes"] == [{"name": "sea.wav", "pitch": 60}]
        assert sea["remarks"][0].startswith("sea.wav: truncated")
        gone = ask("sound", z=MIDDLE, key="60", carrier=f"own-{'b' * 32}")
        assert gone.status == 404
        assert "drop it again" in json.loads(gone.body)["error"]

    def test_presets(self) -> None:
        saved = ask("preset", z=MIDDLE, key="64", name="My sound", attack="0.5", release="2")
        told_name = "attachment; filename=\"My-sound.json\"; filename*=UTF-8''My%20sound.json"
        assert saved.headers["content-disposition"] == told_name
        loaded = told(post("/api/play/preset", "checkpoint=alpha", saved.body))
        assert loaded == {
            "checkpoint": "alpha",
            "name": "My sound",
            "z": [0.1] * 6,
            "key": 64,
            "attack": 0.5,
            "release": 2.0,
            "macros": {},
            "note": "",
        }
        assert set(json.loads(saved.body)) == {"format", "version", *loaded} - {"macros", "note"}
        shaped = ask("preset", z=MIDDLE, key="64", shape="noise=-1,brightness=2.5", carrier=NOTE)
        loaded = told(post("/api/play/preset", "checkpoint=alpha", shaped.body))
        assert (loaded["macros"], loaded["note"]) == ({"brightness": 2.5, "noise": -1.0}, NOTE)
        odd = shaped.body.replace(b'"noise"', b'"loudness"')
        assert "no macro 'loudness'" in json.loads(post("/api/play/preset", "checkpoint=alpha", odd).body)["error"]
        other = post("/api/play/preset", "checkpoint=beta", saved.body)
        assert other.status == 400
        assert "belongs to the checkpoint 'alpha'" in json.loads(other.body)["error"]
        huge = post("/api/play/preset", "checkpoint=alpha", b" " * 300_000)
        assert huge.status == 413
        assert "choose another file" in json.loads(huge.body)["error"]

    def test_macros_shape_keys_and_pictures(self) -> None:
        plain, bright = (heard(ask("sound", z=MIDDLE, key="60", shape=shape)) for shape in ("", "brightness=3"))
        centroids = [describe(audio, 16_000, 60)["brightness"] for audio in (plain, bright)]
        assert 12 * np.log2(centroids[1] / centroids[0]) == pytest.approx(6, abs=2)
        assert ask("frames", z=MIDDLE, key="60", shape="brightness=3").body != ask("frames", z=MIDDLE, key="60").body
        for shape, said in (("loud=1", "no macro 'loud'"), ("noise=99", "from -6 to 6 steps")):
            refused = ask("sound", z=MIDDLE, key="60", shape=shape)
            assert refused.status == 400
            assert said in json.loads(refused.body)["error"]


GOOD = {"checkpoint": "alpha", "z": MIDDLE, "key": "60"}


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize(
    ("path", "change", "status", "said"),
    [
        ("sound", {"z": "1,2,3"}, 400, "3 numbers, this checkpoint's latents have 6"),
        ("sound", {"z": MIDDLE.replace("0.1", "nan", 1)}, 400, "finite"),
        ("sound", {"z": MIDDLE.replace("0.1", "inf", 1)}, 400, "finite"),
        ("sound", {"z": MIDDLE.replace("0.1", "1e9", 1)}, 400, "from -100 to 100"),
        ("sound", {"z": MIDDLE.replace("0.1", "x", 1)}, 400, "must be numbers"),
        ("sound", {"z": "1" * 100_000}, 400, "too long"),
        ("sound", {"z": ""}, 400, "missing"),
        ("sound", {"key": "128"}, 400, "between 0 and 127"),
        ("sound", {"key": "-1"}, 400, "between 0 and 127"),
        ("sound", {"key": "6.5"}, 400, "whole number"),
        ("sound", {"key": "9" * 5000}, 400, "too long"),
        ("sound", {"checkpoint": "../alpha"}, 404, "no checkpoint"),
        ("frames", {"z": "1"}, 400, "latents have 6"),
        ("about", {"z": "1"}, 400, "latents have 6"),
        ("start", {"note": "../../etc/passwd"}, 404, "no note"),
        ("start", {"seed": "-1"}, 400, "between"),
        ("export", {"low": "60", "high": "50", "step": "3"}, 400, "low before high"),
        ("export", {"low": "0", "high": "127", "step": "0"}, 400, "between 1 and 24"),
        ("export", {"low": "0", "high": "9", "step": "1", "format": "../sf2"}, 400, "choose from sfz"),
        ("export", {"low": "0", "high": "9", "step": "1", "rate": "8000"}, 400, "44100 or 48000"),
        ("export", {"low": "0", "high": "9", "step": "1", "loop": "maybe"}, 400, "one of auto, on, off"),
        ("piece", {"name": "../../etc/passwd"}, 404, "no piece"),
        ("preset", {"attack": "nan"}, 400, "between 0 and 10"),
        ("preset", {"release": "-1"}, 400, "between 0 and 20"),
        ("space", {"checkpoint": "nobody"}, 404, "no checkpoint"),
        ("traits", {"checkpoint": "nobody"}, 404, "no checkpoint"),
    ],
)
def test_nonsense_is_refused(path: str, change: dict[str, str], status: int, said: str) -> None:
    answer = get(f"/api/play/{path}", urlencode({**GOOD, **change}))
    assert answer.status == status
    sentence = json.loads(answer.body)["error"]
    assert said in sentence
    assert len(sentence) < 300


def test_a_plain_autoencoder_has_no_prior(checkpoints: Path) -> None:
    recipe = checkpoints / "alpha" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("sampling: true", "sampling: false"))
    assert told(ask("space"))["prior"] is False
    answer = ask("start", seed="1")
    assert answer.status == 404
    assert "without a prior" in json.loads(answer.body)["error"]
