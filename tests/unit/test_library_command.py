"""`python -m timbre_core library`, with processes that read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pages.server.catalog import listing
from timbre_core.__main__ import main
from timbre_core.catalogue.jobs import Job
from timbre_core.catalogue.libraries import find_library, notes_of
from timbre_core.cli.library_wait import JobBar


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


def test_a_folder_without_sounds_takes_no_name(
    tiny_nsynth: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    (tmp_path / "wrong").mkdir()
    name = ["--name", "mine", "--checkpoint", str(tiny_checkpoint), "--octave", "off"]
    assert main(["library", "add", str(tmp_path / "wrong"), *name]) == 1
    assert main(["library", "add", str(tiny_nsynth), *name, "--workers", "1"]) == 0, "the name is free"
    assert len(notes_of(find_library("mine"))) == 48
    assert main(["library", "add", str(tmp_path / "wrong"), *name]) == 1
    assert find_library("mine").root == str(tiny_nsynth), "of one with sounds it is taken"


def test_a_folder_whose_name_is_no_text_is_said(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    os.mkdir(os.fsencode(tmp_path) + b"/bad\xff")
    assert main(["library", "add", f"{tmp_path}/bad\udcff", "--name", "x", "--checkpoint", str(tiny_checkpoint)]) == 1
    assert "no UTF-8" in capsys.readouterr().err


def test_without_a_checkpoint_it_is_the_one_that_the_app_opens_with_or_the_librarys_own(
    tiny_nsynth: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tiny_checkpoint.parent))
    without_map = tiny_checkpoint.with_name("a")
    shutil.copytree(tiny_checkpoint, without_map)
    (without_map / "latents.parquet").unlink()
    add = ["library", "add", str(tiny_nsynth), "--name", "notes", "--octave", "off"]
    assert next(iter(listing().checkpoints)) == "tiny"
    assert main(add) == 0
    assert "48 notes (48 new); on the map of tiny" in capsys.readouterr().out
    shutil.copytree(tiny_checkpoint, tiny_checkpoint.with_name("before"))
    assert next(iter(listing().checkpoints)) == "before"
    assert main(add) == 0, "a library that is there keeps its checkpoint"
    assert "on the map of tiny" in capsys.readouterr().out


def test_each_phase_of_the_work_is_told_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    bar = JobBar()
    for phase, done, total in [
        ("reading names", 0, 0),
        ("looking for doubles", 0, 0),
        ("looking for doubles", 15, 17),
        ("looking for doubles", 17, 17),
    ]:
        bar(Job(1, "update", 1, {}, "running", phase, done, total, None, "", False, 0.0, 0.0))
    bar.close()
    said = capsys.readouterr().err
    assert "reading names ..." in said
    assert "17/17" in said.splitlines()[-1].split("\r")[-1]
