"""What commands say of the file that they are to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbre_core.cli.shell import check_wav_file
from timbre_core.errors import TimbreError


def test_a_wav_file_that_will_be_replaced_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "note.wav"
    check_wav_file(path, "--out")
    assert capsys.readouterr().err == ""
    path.write_bytes(b"old")
    check_wav_file(path, "--out")
    assert str(path) in capsys.readouterr().err
    assert path.read_bytes() == b"old"


def test_only_wav_files_are_written(tmp_path: Path) -> None:
    with pytest.raises(TimbreError, match=r"--out .*\.wav"):
        check_wav_file(tmp_path / "note.mp3", "--out")
