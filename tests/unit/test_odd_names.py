"""Checkpoint folders as people call them: links, letters beyond ASCII, bytes that are no text."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from timbre_core.__main__ import main
from timbre_core.checkpoint import list_checkpoints, open_checkpoint
from timbre_core.cli.shell import guarded
from timbre_core.errors import TimbreError
from timbre_core.files import readable
from timbre_core.generation.formats.packing import file_name
from timbre_core.generation.formats.registry import instrument_files
from timbre_core.generation.instrument import Instrument
from timbre_core.generation.presets import FORMAT
from timbre_core.generation.sampler import sampled
from timbre_core.space import TimbreSpace

NO_TEXT = os.fsdecode(b"Fl\xf6te")


@pytest.mark.parametrize("target", ["tiny", "../checkpoints/tiny", "first"])
def test_a_link_is_a_checkpoint_of_its_own_name(tiny_checkpoint: Path, target: str) -> None:
    folder = tiny_checkpoint.parent
    (folder / "first").symlink_to("tiny")
    (folder / "best").symlink_to(target)
    (folder / "nowhere").symlink_to("gone")
    assert [path.name for path in list_checkpoints(folder)] == ["best", "first", "tiny"]
    linked = open_checkpoint("best", folder)
    assert (linked.name, linked.path) == ("best", folder / "best")
    assert len(linked.latents) == len(open_checkpoint(tiny_checkpoint).latents)


def test_a_checkpoint_is_opened_from_inside(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_checkpoint)
    assert open_checkpoint(".").name == "tiny"
    (tiny_checkpoint / "below").mkdir()
    monkeypatch.chdir(tiny_checkpoint / "below")
    assert open_checkpoint("..").name == "tiny"


@pytest.mark.parametrize("name", ["Flöte", "笛", "a b & c", "Flûte à bec", "line\nbreak"])
def test_any_name_can_be_exported(tiny_checkpoint: Path, name: str) -> None:
    folder = tiny_checkpoint.with_name(name)
    tiny_checkpoint.rename(folder)
    space = TimbreSpace(open_checkpoint(folder))
    made = sampled(Instrument(space, np.zeros(32, np.float32)), f"{name}-flute", [60])
    files = instrument_files(made, "sfz")
    (sfz,) = (content.decode("utf-8") for path, content in files.items() if path.endswith(".sfz"))
    assert all(path.isascii() for path in files)
    comments = [line for line in sfz.splitlines() if line.startswith("// ")]
    assert any(name.replace("\n", "") in comment for comment in comments)
    _, group, region = sfz.splitlines()[len(comments) :]
    assert group.startswith("<group>")
    assert region.split("sample=")[1].split(" lokey")[0] in files


def test_exported_keys_fade_as_they_are_played(tiny_checkpoint: Path, tmp_path: Path) -> None:
    preset = tmp_path / "soft.json"
    told = {"format": FORMAT, "version": 1, "checkpoint": "tiny", "z": [0.0] * 32, "attack": 0.75, "release": 1.5}
    preset.write_text(json.dumps(told))
    command = ["export", str(tiny_checkpoint), "--preset", str(preset), "--low", "60", "--high", "60"]
    # A release lasts until a key has faded by 43.4 dB, an `ampeg_release` until it has by 78.
    for more, wanted in (
        ([], "ampeg_attack=0.75 ampeg_release=2.696 "),
        (["--attack", "0", "--release", "4"], "ampeg_attack=0.001 ampeg_release=7.189 "),
    ):
        assert main([*command, *more, "--out", str(tmp_path / "out")]) == 0
        (sfz,) = (tmp_path / "out").glob("*.sfz")
        assert wanted in sfz.read_text()
    assert main([*command, "--release", "nan", "--out", str(tmp_path / "out")]) == 1


def test_file_names_keep_the_letters_under_accents() -> None:
    assert file_name("Flöte, ñ") == "Flote-n"
    assert file_name("笛") == "instrument"
    assert [file_name(name) for name in ("oboe_G#1_25", "choir C♯4", "B♭-1", "take #2")] == [
        "oboe_Gs1_25",
        "choir-Cs4",
        "Bb-1",
        "take-2",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_refused_and_can_be_shown(tiny_checkpoint: Path) -> None:
    folder = tiny_checkpoint.with_name(NO_TEXT)
    tiny_checkpoint.rename(folder)
    with pytest.raises(TimbreError, match="rename the folder") as caught:
        open_checkpoint(folder)
    assert "Fl\ufffdte" in str(caught.value)
    str(caught.value).encode("utf-8")
    assert readable(folder.name) == "Fl\ufffdte"
    with pytest.raises(TimbreError, match="Fl\ufffdte"):
        open_checkpoint("never-made", folder.parent)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_commands_print_what_their_terminal_has_no_letter_for(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding=encoding))

    def run() -> int:
        print(f"笛 {NO_TEXT}.wav")
        raise TimbreError(f"{NO_TEXT}\nand 笛: rename it.")

    assert guarded(run) == 1
    sys.stdout.flush()
    sys.stderr.flush()
    assert out.getvalue().endswith(b".wav\n")
    assert err.getvalue().startswith(b"error: Fl")
    assert err.getvalue().count(b"\n") == 1
