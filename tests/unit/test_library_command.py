"""`python -m timbre_core library`, with processes that read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from timbre_core.__main__ import main
from timbre_core.catalogue.libraries import find_library, notes_of


def test_add_list_update_remove(
    tiny_nsynth: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    add = ["library", "add", str(tiny_nsynth), "--name", "my notes", "--checkpoint", str(tiny_checkpoint)]
    assert main([*add, "--octave", "off"]) == 0
    assert "my notes: 48 notes (48 new)" in capsys.readouterr().out
    assert set(notes_of(find_library("my notes"))["family"]) == {"bass", "brass", "flute", "guitar"}
    assert main(["library", "list"]) == 0
    assert "my notes: 48 notes" in capsys.readouterr().out
    assert main([*add]) == 0, "adding it again brings it up to date"
    assert main([*add, "--transpose", "12"]) == 1, "other options than it was added with are not ignored"
    assert "other options" in capsys.readouterr().err
    assert main(["library", "remove", "my notes"]) == 0
    assert main(["library", "update", "my notes"]) == 1
    assert "there is no library 'my notes'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "no-such-folder", "--name", "x"], "there is no such folder"),
        (["add", ".", "--name", "x", "--workers", "0"], "--workers 0"),
        (["add", ".", "--name", "x", "--checkpoint", "none-such"], "no such checkpoint"),
        (["add", ".", "--name", "\n"], "cannot be used"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert main(["library", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_a_pattern_that_was_wrong_can_be_mended(
    tiny_nsynth: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    (tmp_path / "sounds").mkdir()
    add = ["library", "add", str(tmp_path / "sounds"), "--name", " my  notes", "--checkpoint", str(tiny_checkpoint)]
    assert main([*add, "--pattern", "("]) == 1
    assert find_library("my notes").settings == {"pattern": "("}
    assert main([*add, "--pattern", "{instrument}_{pitch}"]) == 1
    assert find_library("my notes").settings == {"pattern": "{instrument}_{pitch}"}


def test_a_folder_whose_name_is_no_text_is_said(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    os.mkdir(os.fsencode(tmp_path) + b"/bad\xff")
    assert main(["library", "add", f"{tmp_path}/bad\udcff", "--name", "x", "--checkpoint", str(tiny_checkpoint)]) == 1
    assert "no UTF-8" in capsys.readouterr().err
