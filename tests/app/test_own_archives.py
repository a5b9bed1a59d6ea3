"""Archives, soft and loud takes, and Scala tunings on the page Play."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
import soundfile

from tests.app.asgi import Answer, get, heard, post, told
from timbre_core.features.pitch import estimate_f0

ROOT = Path(__file__).resolve().parents[2]
MIDDLE = ",".join(["0.1"] * 6)
SLENDRO = "! slendro.scl\nslendro\n 5\n240.0\n480.0\n720.0\n960.0\n2/1\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("timbre_core.catalogue.roots.upload_folder", lambda: tmp_path / "uploads")
    monkeypatch.setattr("timbre_core.catalogue.uploads.upload_folder", lambda: tmp_path / "uploads")
    return tmp_path


def wav(hz: float, level: float = 0.2, partials: int = 3) -> bytes:
    time = np.arange(24_000) / 16_000
    buffer = io.BytesIO()
    tone = sum(np.sin(2 * np.pi * hz * n * time) / n for n in range(1, partials + 1))
    soundfile.write(buffer, level * tone, 16_000, format="WAV")
    return buffer.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


def send(content: bytes, name: str = "sounds.zip") -> Answer:
    return post("/api/play/own", urlencode({"checkpoint": "alpha", "name": name}), content)


@pytest.mark.usefixtures("checkpoints")
def test_an_archive_becomes_one_instrument(home: Path) -> None:
    files = {
        "low.wav": wav(220),
        "sub/high.wav": wav(440),
        "../../out.wav": wav(330),
        "notes.txt": b"x",
        "metadata.csv": b"file,pitch\nlow.wav,60\n",
        "broken.wav": b"RIFF",
    }
    made = told(send(archive(files)))
    assert sorted(note["name"] for note in made["notes"]) == ["high.wav", "low.wav"]
    assert [round(note["pitch"]) for note in made["notes"]] in ([57, 69], [69, 57])
    assert any("out.wav" in remark for remark in made["remarks"])
    assert any("broken.wav" in remark for remark in made["remarks"])
    assert any("metadata.csv: not used" in remark for remark in made["remarks"])
    assert not list((home / "uploads").rglob("*.wav")), "nothing stays behind"
    assert not list(home.rglob("out.wav"))


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (archive({"bomb.wav": bytes(40 * 2**20)}), "more than is taken"),
        (archive({"a.txt": b"x"}), "no sound among these files"),
        (archive({"../a.wav": wav(220)}), "(wav, flac, ogg, mp3, aiff): ../a.wav: its name leads out of the folder"),
        (b"\x1f\x8b\x08 gzip", "the archive cannot be unpacked"),
        (archive({"a.wav": b"RIFF"}), "a.wav: not readable"),
        (archive({f"{i}.txt": b"" for i in range(300)}), "more than 256 files"),
        (archive({"a.wav": wav(220)})[:200], "cannot be unpacked"),
    ],
)
def test_archives_that_are_none_are_refused(home: Path, content: bytes, said: str) -> None:
    refused = send(content)
    assert refused.status == 400
    assert said in json.loads(refused.body)["error"]
    assert not [path for path in home.rglob("*") if path.is_file() and "uploads" in path.parts]


@pytest.mark.usefixtures("checkpoints")
def test_soft_and_loud_takes_are_layers(checkpoints: Path) -> None:
    shutil.copytree(ROOT / "checkpoints" / "note-shift", checkpoints / "note-shift")
    made = told(send(archive({"soft.wav": wav(220, 0.05, 1), "loud.wav": wav(220, 0.3, 12)})))
    assert made["layers"] == 2
    soft, loud, again = (
        heard(
            get(
                "/api/play/sound",
                urlencode(
                    {"checkpoint": "alpha", "z": MIDDLE, "key": "57", "carrier": made["carrier"], "velocity": velocity}
                ),
            )
        )
        for velocity in ("30", "100", "127")
    )
    assert np.array_equal(loud, again)
    bends = [np.abs(np.diff(audio)).mean() / np.abs(audio).mean() for audio in (soft, loud)]
    assert bends[1] > 1.5 * bends[0], "the loud take has more partials"


@pytest.mark.usefixtures("checkpoints")
def test_keys_are_tuned_by_scala_files() -> None:
    read = told(post("/api/play/tuning", "", json.dumps({"scl": SLENDRO, "kbm": ""}).encode()))
    assert read["name"] == "slendro"
    pitches = read["pitches"]
    assert pitches[69] == pytest.approx(69)
    assert pitches[70] - pitches[69] == pytest.approx(2.4)
    query = {"checkpoint": "alpha", "z": MIDDLE, "key": "70", "pitch": str(pitches[70])}
    assert estimate_f0(heard(get("/api/play/sound", urlencode(query))), 16_000).midi % 12 == pytest.approx(
        71.4 % 12, abs=0.1
    )
    tuning = ",".join("x" if pitch is None else str(pitch) for pitch in pitches)
    asked = {"checkpoint": "alpha", "z": MIDDLE, "low": "60", "high": "62", "step": "1", "name": "t", "format": "wav"}
    files = zipfile.ZipFile(io.BytesIO(get("/api/play/export", urlencode({**asked, "tuning": tuning})).body))
    audio, rate = soundfile.read(io.BytesIO(files.read(next(n for n in files.namelist() if "061" in n))))
    assert estimate_f0(audio.astype(np.float32), rate).midi % 12 == pytest.approx(pitches[61] % 12, abs=0.1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "the texts of a scale"),
        (json.dumps({"scl": "x", "kbm": ""}).encode(), "scale.scl: no Scala scale"),
        (json.dumps({"scl": SLENDRO, "kbm": "nonsense"}).encode(), "mapping.kbm"),
        (json.dumps({"scl": "a\n1\n119999.0\n", "kbm": ""}).encode(), ""),
    ],
)
def test_what_is_no_tuning_is_told(body: bytes, said: str) -> None:
    answer = post("/api/play/tuning", "", body)
    assert answer.status in (200, 400)
    if said:
        assert answer.status == 400
        error = json.loads(answer.body)["error"]
        assert said in error
        assert "/tmp" not in error
    refused = get("/api/play/export", urlencode({"checkpoint": "alpha", "z": MIDDLE, "tuning": "1,2"}))
    assert refused.status >= 400
