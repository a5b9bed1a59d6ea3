"""What lies in a folder and is no file that could be read: told, and passed over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.synthetic import harmonic_note
from timbre_core.__main__ import main
from timbre_core.datasets.audio_files import list_folder
from timbre_core.features.audio import write_wav


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "notes"
    root.mkdir()
    write_wav(root / "oboe_60.wav", harmonic_note(60, 0.5, 0.8), 16_000)
    return root


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_are_told_and_not_waited_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("oboe_62.wav", "metadata.csv", "map.sfz"):
        os.mkfifo(folder / name)
    os.symlink("oboe_62.wav", folder / "oboe_64.wav")
    assert main(["prepare", "folder", str(folder), str(folder.with_suffix(".csv"))]) == 0
    said = capsys.readouterr()
    assert said.err.count("it is no ordinary file: leave it out") == 4
    assert "1 note of 1 instrument" in said.out


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_names_that_are_no_text_are_told(folder: Path) -> None:
    for name in (b"f\xf6_62.wav", b"tab\xff.csv"):
        (folder / os.fsdecode(name)).write_bytes((folder / "oboe_60.wav").read_bytes())
    (folder / os.fsdecode(b"h\xf6rner")).mkdir()
    listing = list_folder(folder)
    assert listing.files == ["oboe_60.wav"]
    assert listing.tables == []
    assert len(listing.skipped) == 3
    assert {why for _, why in listing.skipped} == {"its name is no UTF-8: rename it"}
    for path, _ in listing.skipped:
        path.encode("utf-8")
