"""Data in which single files are bad, through the commands: a line for each, once, and the rest goes on."""

from __future__ import annotations

import contextlib
import io
import shutil
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import train_cli
from tests.synthetic import harmonic_note
from timbre_core.__main__ import main

SMALL = [
    "training.epochs=1",
    "training.batch_size=8",
    "data.only={}",
    "features.sample_rate=16000",
    "data.split={by: stratified}",
]

# What is said of each bad file of `notes`.
BAD = {
    "short_64": "fewer than a window of 1024",
    "noise_64": "no harmonics of its pitch (MIDI 64",
    "low_5": "too low for a window",
    "high_120": "fewer than two harmonics",
    "silent_64": "silent",
    "broken_64": "not readable as audio",
}
CUT = "cut_64.wav: truncated, the last 50% are missing: what is there is used"


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten notes, one of each kind that cannot be used, and one of which a half is there."""
    folder = tmp_path_factory.mktemp("notes")

    def write(name: str, audio: np.ndarray) -> None:
        soundfile.write(folder / f"{name}.wav", audio, 16_000)

    for instrument, brightness in (("viola", 0.2), ("flute", 0.6)):
        for pitch in range(60, 65):
            write(f"{instrument}_{pitch}", harmonic_note(pitch, brightness, 0.5))
    write("unnamed", harmonic_note(64, 0.5, 0.5))
    write("short_64", harmonic_note(64, 0.5, 0.02))
    write("noise_64", np.random.default_rng(0).uniform(-0.3, 0.3, 8000))
    write("low_5", harmonic_note(5, 0.5, 0.5))
    write("high_120", harmonic_note(120, 0.5, 0.5))
    write("silent_64", np.zeros(8000))
    (folder / "broken_64.wav").write_bytes(b"RIFFnothing")
    whole = (folder / "viola_64.wav").read_bytes()
    (folder / "cut_64.wav").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture(scope="module")
def trained(notes: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A checkpoint that was trained on them, and what was said meanwhile."""
    out = tmp_path_factory.mktemp("out") / "checkpoint"
    options = ["--pattern", "{instrument}_{pitch}", "--out", str(out), "--maps", "pca", "--device", "cpu"]
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = train_cli.main(["vapar-cvae", "--data", str(notes), *options, "--set", *SMALL])
    assert code == 0, said.getvalue()
    return out, said.getvalue()


def test_training_names_each_bad_file_once(trained: tuple[Path, str]) -> None:
    checkpoint, said = trained
    for name, reason in BAD.items():
        [line] = [line for line in said.splitlines() if f"skipped {name}" in line]
        assert reason in line
    assert "unnamed.wav: its name does not fit the pattern" in said
    assert CUT in said
    assert len(pd.read_parquet(checkpoint / "latents.parquet")) == 11


@pytest.mark.parametrize("verb", ["evaluate", "project"])
def test_other_commands_name_them_too(
    trained: tuple[Path, str], verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = shutil.copytree(trained[0], tmp_path / "copy")
    options = {
        "evaluate": ["--control-notes", "0", "--split", "all", "--pairs", "1", "--sound-notes", "1"],
        "project": ["--methods", "pca"],
    }[verb]
    assert main([verb, str(checkpoint), "--device", "cpu", *options]) == 0
    said = capsys.readouterr().err
    for name, reason in BAD.items():
        [line] = [line for line in said.splitlines() if f"skipped {name}" in line]
        assert reason in line


def test_prepare_folder_leaves_out_what_cannot_be_read(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "labels.csv"
    assert main(["prepare", "folder", str(notes), str(table), "--pattern", "{instrument}_{pitch}"]) == 0
    unreadable = {"silent_64", "broken_64"}
    left_out = unreadable | {"unnamed"}
    listed = {Path(file).stem for file in pd.read_csv(table)["file"]}
    assert listed == {path.stem for path in notes.iterdir()} - left_out
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("skipped")]
    assert {Path(line.split(": ")[0]).stem for line in said} == left_out
    assert all(BAD[name] in "".join(said) for name in unreadable)


def test_a_strange_digit_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pitch, name in enumerate(("0_ann_0", "0_ann_1", "1_bob_0", "1_bob_1", "seven_ann_0"), 60):
        soundfile.write(tmp_path / f"{name}.wav", harmonic_note(pitch, 0.5, 0.3), 8000)
    assert main(["prepare", "store", str(tmp_path), "--recipe", "fsdd-stft-vae", "--out", str(tmp_path / "store")]) == 0
    said = capsys.readouterr()
    assert "seven_ann_0.wav: its name does not say DIGIT_SPEAKER_INDEX" in said.err
    assert said.out.startswith("4 notes")


def test_a_truncated_file_of_pictures_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (40, 8, 8), dtype=np.uint8).tobytes()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, 40, 8, 8) + pictures[: 30 * 64 + 7])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, 40) + bytes(range(10)) * 4)
    assert main(["prepare", "store", str(tmp_path), "--recipe", "mnist-vae", "--out", str(tmp_path / "store")]) == 0
    said = capsys.readouterr()
    assert "train-images-idx3-ubyte: truncated, 30 of 40 pictures are there" in said.err
    assert said.out.startswith("30 notes")


def test_notes_without_a_pitch_say_how_to_give_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    soundfile.write(data / "hiss.wav", np.random.default_rng(0).uniform(-0.3, 0.3, 16_000), 16_000)
    arguments = ["vapar-cvae", "--data", str(data), "--out", str(tmp_path / "out"), "--device", "cpu"]
    assert train_cli.main(arguments) == 1
    assert "(1 without a pitch: label them in metadata.csv or with --pattern)" in capsys.readouterr().err
    assert train_cli.main([*arguments, "--set", "data.only={}"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: None of 1 note could be used; the first one, hiss: it has no pitch")
    assert "give it one, in metadata.csv" in said
