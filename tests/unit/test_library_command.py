"""`python -m timbre_core library`, with processes that read."""

from __future__ import annotations

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
