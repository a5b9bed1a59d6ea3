"""What commands say of the file that they are to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbre_core.cli.shell import check_result_folder, check_wav_file, default_output
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


def test_what_nobody_named_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, expected in (("note.wav", "note.wav"), ("note.wav", "note-2.wav"), ("note.wav", "note-3.wav")):
        assert default_output(name) == expected
        Path(expected).write_bytes(b"sound")
    Path("my.model-onnx").mkdir()
    assert default_output("my.model-onnx") == "my.model-onnx-2"


def test_a_folder_with_files_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_result_folder(tmp_path / "new", "--out")
    check_result_folder(tmp_path, "--out")
    assert capsys.readouterr().err == "", "nothing there that could be replaced"
    (tmp_path / "step-1.wav").write_bytes(b"old")
    check_result_folder(tmp_path, "--out")
    assert "holds files already" in capsys.readouterr().err
