"""What commands say of the file that they are to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbre_core.cli.shell import check_result_folder, check_wav_file, default_output, guarded
from timbre_core.errors import TimbreError
from timbre_core.files import atomic_write


def _commanded(path: Path, *, writes: bool = True, fails: bool = False) -> None:
    def run() -> int:
        (check_wav_file if path.suffix else check_result_folder)(path, "--out")
        for file in [path] if path.suffix else [path / "step-1.wav", path / "deep" / "step-2.wav"]:
            if writes:
                with atomic_write(file) as temporary:
                    temporary.write_bytes(b"new")
        if fails:
            raise TimbreError("no such note.")
        return 0

    assert guarded(run) == fails


def test_a_file_that_is_replaced_is_told_when_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "note.wav"
    _commanded(path)
    assert capsys.readouterr().err == "", "nothing was there"
    _commanded(path)
    assert capsys.readouterr().err == f"note: {path} was there already, and is replaced.\n"
    _commanded(path, writes=False, fails=True)
    assert capsys.readouterr().err == "error: no such note.\n"
    _commanded(path, fails=True)
    assert "is replaced" in capsys.readouterr().err, "of many files some may be written before one cannot be"


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


def test_files_of_a_folder_that_are_replaced_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.txt").write_bytes(b"mine")
    _commanded(tmp_path)
    assert capsys.readouterr().err == "", "what is not replaced is nobody's concern"
    _commanded(tmp_path)
    assert "2 files were there already, and are replaced" in capsys.readouterr().err
    _commanded(tmp_path, writes=False, fails=True)
    assert capsys.readouterr().err == "error: no such note.\n"
