"""Spoken digits out of their archive: whole or not at all, names alone, and mistakes told in a sentence."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from timbre_core.__main__ import main
from timbre_core.datasets.fsdd_archive import fetch_digits
from timbre_core.errors import TimbreError


def archive(path: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            packed.writestr(name, name.encode())
    return path


NAMES = ["set-1.0/recordings/7_jackson_32.wav", "set-1.0/recordings/0_theo_0.wav"]
OTHERS = ["set-1.0/README.md", "../../1_evil_2.wav.py", "set-1.0/recordings/x_theo_0.wav"]


def test_recordings_alone_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = archive(tmp_path / "set.zip", [*NAMES, *OTHERS, "../../../3_theo_1.wav"])
    out = tmp_path / "new" / "digits"
    assert main(["prepare", "digits", str(out), "--archive", str(file)]) == 0
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.wav")) == [
        "recordings/0_theo_0.wav",
        "recordings/3_theo_1.wav",
        "recordings/7_jackson_32.wav",
    ]
    assert "3 recordings" in capsys.readouterr().out
    with pytest.raises(TimbreError, match="exists already"):
        fetch_digits(out, file)


def test_what_is_fetched_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = archive(tmp_path / "set.zip", NAMES).read_bytes()
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: io.BytesIO(content))
    seen: list[int] = []
    assert fetch_digits(tmp_path / "digits", watch=seen.append) == 2
    assert sum(seen) == len(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"PK\x03\x04 and then nothing", "no zip archive, or damaged"), (None, "holds no recordings")],
)
def test_a_damaged_or_other_archive_leaves_nothing(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = archive(tmp_path / "set.zip", OTHERS)
    if content:
        file.write_bytes(content)
    with pytest.raises(TimbreError, match=message):
        fetch_digits(tmp_path / "digits", file)
    assert list(tmp_path.iterdir()) == [file]


def test_without_a_network_the_cure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: str, timeout: float) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(TimbreError, match=r"Name or service not known.*--archive"):
        fetch_digits(tmp_path / "digits")
    assert not list(tmp_path.iterdir())
