"""The command `export`: a checkpoint's instrument as files of a sampler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from timbre_core.checkpoint import open_checkpoint
from timbre_core.generation.formats.registry import LICENCE
from timbre_core.generation.presets import read_preset


def test_export_command(tiny_checkpoint: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "timbre_core", "export", str(tiny_checkpoint), "--family", "flute"]
    done = subprocess.run(
        [*command, "--low", "48", "--high", "60", "--step", "12", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "out" / "tiny-flute.sfz")
    assert "--zone 1 has a sample for every key" in done.stderr
    names = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert names == [
        LICENCE,
        "samples/tiny-flute_048_C3.wav",
        "samples/tiny-flute_060_C4.wav",
        "tiny-flute.json",
        "tiny-flute.sfz",
    ]
    preset = read_preset((tmp_path / "out" / "tiny-flute.json").read_bytes(), open_checkpoint(tiny_checkpoint))
    assert len(preset.z) == 32


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--family", "tuba"], "no family 'tuba'"),
        (["--like", "nobody"], "no note 'nobody'"),
        (["--low", "90", "--high", "40"], "low before high"),
        (["--preset", "missing.json"], "missing.json"),
    ],
)
def test_export_says_what_is_wrong(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    from timbre_core.__main__ import main

    assert main(["export", str(tiny_checkpoint), *options, "--out", str(tmp_path / "out")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
