"""The command transfer: files in and out, a batch that goes on, mistakes in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.synthetic import harmonic_note
from tests.unit.test_transfer import NOTE, RATE, played
from timbre_core.__main__ import main


@pytest.fixture
def sounds(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"take{i}.wav" for i in range(3)]
    for i, file in enumerate(files):
        soundfile.write(file, played(np.full(40, 55.0 + 5 * i)), RATE)
    return files


def test_command(tiny_checkpoint: Path, sounds: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "new" / "moved.wav"
    assert (
        main(["transfer", str(tiny_checkpoint), str(sounds[0]), "--toward", "brass", "--at", "C4", "--out", str(out)])
        == 0
    )
    audio, rate = soundfile.read(out)
    assert rate == RATE
    assert len(audio) == len(soundfile.read(sounds[0])[0])
    assert np.abs(audio).max() > 0.01


def test_a_sound_that_goes_nowhere_is_untouched_at_its_own_rate(tiny_checkpoint: Path, tmp_path: Path) -> None:
    both = np.stack([harmonic_note(57, 0.7, 0.6, sample_rate=44_100), np.zeros(26_460, np.float32)], axis=1)
    soundfile.write(tmp_path / "in.wav", both, 44_100, subtype="FLOAT")
    out = tmp_path / "out.wav"
    command = ["transfer", str(tiny_checkpoint), str(tmp_path / "in.wav"), "--toward", "brass", "--out", str(out)]
    assert main([*command, "--amount", "0"]) == 0
    audio, rate = soundfile.read(out)
    assert rate == 44_100
    np.testing.assert_allclose(audio, both.mean(axis=1), atol=1e-4)
    assert main([*command, "--amount", "0.8"]) == 0
    audio, rate = soundfile.read(out)
    assert (len(audio), rate) == (26_460, 44_100)


def test_several_notes_are_told(tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    melody = np.concatenate([harmonic_note(pitch, 0.6, 0.4) for pitch in (55, 60, 64)])
    soundfile.write(tmp_path / "in.wav", melody, 16_000)
    assert main(["reconstruct", str(tiny_checkpoint), str(tmp_path / "in.wav"), "--out", str(tmp_path)]) == 0
    assert "several notes are heard" in capsys.readouterr().err
    soundfile.write(tmp_path / "in.wav", melody[:6_400], 16_000)
    assert main(["reconstruct", str(tiny_checkpoint), str(tmp_path / "in.wav"), "--out", str(tmp_path)]) == 0
    assert "several notes" not in capsys.readouterr().err


def test_a_batch_goes_on(
    tiny_checkpoint: Path, sounds: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sounds[1].write_bytes(b"no sound")
    out = tmp_path / "batch"
    command = [
        "transfer",
        str(tiny_checkpoint),
        *map(str, sounds),
        "--toward",
        NOTE,
        "--pitch",
        "-5",
        "--out",
        str(out),
    ]
    assert main(command) == 1
    assert sorted(file.name for file in out.iterdir()) == ["take0.wav", "take2.wav"]
    said = capsys.readouterr().err.splitlines()
    assert f"{sounds[1]}: not readable as audio" in said[0]
    assert "1 of 3 sounds" in said[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--toward", "kazoo"], "no family or note 'kazoo'"),
        (["--amount", "nan"], "--amount nan: choose from 0"),
        (["--pitch", "inf"], "--pitch inf: choose from -60"),
        (["--at", "H9"], "--at: 'H9' is not a note name"),
        (["--at", "200"], "--at 200: choose a MIDI pitch"),
    ],
)
def test_mistakes_get_one_line(
    tiny_checkpoint: Path,
    sounds: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    out = tmp_path / "out.wav"
    assert main(["transfer", str(tiny_checkpoint), str(sounds[2]), "--out", str(out), *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_out_is_checked_before_the_work(
    sounds: list[Path],
    tiny_checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("timbre_core.checkpoint.open_checkpoint", None)  # the checkpoint is not even opened
    for out, said in (
        (sounds[0], "one of the sounds to be read"),
        (sounds[1] / "x.wav", "is a file, not a folder"),
        (tmp_path / "x.mp3", "ends in .wav"),
    ):
        assert main(["transfer", str(tiny_checkpoint), str(sounds[0]), "--out", str(out)]) == 1
        assert said in capsys.readouterr().err
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / sounds[0].name
    twin.write_bytes(sounds[0].read_bytes())
    assert main(["transfer", str(tiny_checkpoint), str(sounds[0]), str(twin), "--out", str(tmp_path / "both")]) == 1
    assert "would both be written" in capsys.readouterr().err


def test_peaks_beyond_full_scale_are_not_cut_off(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loud = 2 * harmonic_note(57, 0.7, 0.6) / np.abs(harmonic_note(57, 0.7, 0.6)).max()
    soundfile.write(tmp_path / "in.wav", loud, 16_000, subtype="FLOAT")
    out = tmp_path / "out.wav"
    command = ["transfer", str(tiny_checkpoint), str(tmp_path / "in.wav"), "--toward", "brass", "--amount", "0"]
    assert main([*command, "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "written 6.0 dB softer" in said.out + said.err
    np.testing.assert_allclose(soundfile.read(out)[0], loud / 2, atol=1e-4)
