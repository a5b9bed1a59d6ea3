"""Commands: what they write, their exit codes, and one line for every mistake."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import train_cli
from tests.synthetic import apart, harmonic_note
from timbre_core.__main__ import VERBS, main
from timbre_core.checkpoint import open_checkpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.wav"
    soundfile.write(path, harmonic_note(60, 0.6), 16_000)
    return path


def test_every_verb_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        with pytest.raises(SystemExit) as stopped:
            main([verb, "--help"])
        assert stopped.value.code == 0
        assert f"python -m timbre_core {verb}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        train_cli.main(["--help"])
    assert "torchrun" in capsys.readouterr().out


def test_recipes_lists_and_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    assert "nsynth-vae" in capsys.readouterr().out
    assert main(["recipes", "nsynth-ae"]) == 0
    assert "sampling: false" in capsys.readouterr().out


def test_reconstruct_writes_three_sounds(tiny_checkpoint: Path, note: Path, tmp_path: Path) -> None:
    assert main(["reconstruct", str(tiny_checkpoint), str(note), "--pitch", "60", "--out", str(tmp_path / "out")]) == 0
    for name in ("original", "inversion", "reconstruction"):
        audio, rate = soundfile.read(tmp_path / "out" / f"{name}.wav")
        assert rate == 16_000
        assert np.abs(audio).max() > 0.01


def test_reconstruct_estimates_a_missing_pitch(
    tiny_checkpoint: Path, note: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reconstruct", str(tiny_checkpoint), str(note), "--out", str(tmp_path)]) == 0
    assert "estimated as MIDI 60.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("samples", "said"), [(np.tile([0.5, -0.5], 80), "give at least 0.05 s"), (np.zeros(8000), "choose another.")]
)
def test_what_cannot_be_reconstructed(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], samples: np.ndarray, said: str
) -> None:
    soundfile.write(tmp_path / "note.wav", samples, 16_000)
    assert main(["reconstruct", str(tiny_checkpoint), str(tmp_path / "note.wav"), "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path / 'note.wav'}: ")
    assert said in error
    assert [file.name for file in tmp_path.glob("*.wav")] == ["note.wav"]


def test_generate_writes_the_asked_length(tiny_checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "note.wav"
    assert main(["generate", str(tiny_checkpoint), "--pitch", "G3", "--seconds", "1.5", "--out", str(out)]) == 0
    assert soundfile.info(out).frames == 24_000


def test_the_inverter_can_be_chosen(tiny_checkpoint: Path, note: Path, tmp_path: Path) -> None:
    sounds = {}
    for name in ("fast", "best"):
        out = tmp_path / name
        assert main(["generate", str(tiny_checkpoint), "--inverter", name, "--out", str(out / "g.wav")]) == 0
        command = ["reconstruct", str(tiny_checkpoint), str(note), "--pitch", "60", "--out", str(out)]
        assert main([*command, "--inverter", name]) == 0
        files = ("g", "inversion", "reconstruction", "original")
        sounds[name] = [soundfile.read(out / f"{file}.wav")[0] for file in files]
    *made, original = (apart(fast, best) for fast, best in zip(sounds["fast"], sounds["best"], strict=True))
    assert min(made) > 0.02
    assert original < 1e-3


def test_morph_writes_steps_or_one_sound(tmp_path: Path) -> None:
    # A trained model: what an untrained one makes of two notes at one pitch is nearly the same.
    notes = open_checkpoint("nsynth-cvae").latents
    assert notes is not None
    ids = notes["note_id"]
    bass, flute = (next(note for note in ids if note.startswith(name)) for name in ("bass", "flute"))
    command = ["morph", "nsynth-cvae", "--from", bass, "--to", flute, "--seconds", "0.5"]
    assert main([*command, "--steps", "3", "--out", str(tmp_path / "steps")]) == 0
    sounds = [soundfile.read(path)[0] for path in sorted((tmp_path / "steps").glob("step-*.wav"))]
    assert [len(sound) for sound in sounds] == [8000] * 3
    assert apart(sounds[0], sounds[2]) > 0.02
    assert main([*command, "--path", "linear", "--vibrato", "50,5.5", "--out", str(tmp_path / "one.wav")]) == 0
    assert soundfile.info(tmp_path / "one.wav").frames == 8000


def test_generate_follows_contours_and_walks(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("seconds,hz\n0,220\n0.5,440\n", encoding="utf-8")
    written = []
    for options in ([], ["--contour", str(tmp_path / "points.csv")], ["--contour", "0:57,0.5:69"], ["--walk"]):
        out = tmp_path / "note.wav"
        assert main(["generate", str(tiny_checkpoint), "--seconds", "0.5", *options, "--out", str(out)]) == 0
        written.append(soundfile.read(out)[0])
    plain, from_file, from_text, walked = written
    assert apart(from_file, from_text) < 1e-3
    assert min(apart(plain, from_file), apart(plain, walked), apart(walked, from_file)) > 0.02


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["morph", "CKPT", "--from", "kazoo", "--to", "kazoo"], "no note 'kazoo'"),
        (["morph", "CKPT", "--from", "a", "--to", "b", "--path", "cubic"], "no path 'cubic'"),
        (["morph", "CKPT", "--from", "a", "--to", "b", "--steps", "1"], "choose from 2"),
        (["morph", "CKPT", "--from", "a", "--to", "b", "--out", "tests"], "it is a folder: name a file"),
        (
            ["morph", "CKPT", "--from", "a", "--to", "b", "--steps", "3", "--out", "README.md/x"],
            "is a file, not a folder",
        ),
        (["generate", "CKPT", "--out", "x.mp3"], "--out x.mp3: only WAV files are written"),
        (["morph", "CKPT", "--from", "a", "--to", "b", "--out", "x.flac"], "ends in .wav"),
        (["evaluate", "CKPT", "--json", "README.md/x.json"], "--json README.md: README.md is a file"),
        (["generate", "CKPT", "--contour", "0:sixty"], "'sixty' is not a pitch"),
        (["generate", "CKPT", "--contour", "nowhere.csv"], "nowhere.csv"),
        (["generate", "CKPT", "--vibrato", "much"], "write cents and Hz"),
        (["generate", "CKPT", "--vibrato", "50,0"], "choose a rate"),
        (["generate", "CKPT", "--walk", "-1"], "a walk at pace -1"),
        (["generate", "CKPT", "--inverter", "fasst"], "did you mean 'fast'"),
        (["evaluate", "CKPT", "--split", "all", "--inverters", "fasst"], "did you mean 'fast'"),
        (["evaluate", "CKPT", "--split", "all", "--inverters", "librosa"], "did you mean 'librosa-32'"),
        (["evaluate", "CKPT", "--split", "all", "--inverter-notes", "0"], "choose 1 or more"),
        (["generate", "CKPT", "--family", "kazoo"], "no family 'kazoo'"),
        (["generate", "CKPT", "--pitch", "128"], "--pitch 128: choose a MIDI pitch"),
        (["generate", "CKPT", "--seed", "-1"], "choose from 0 to"),
        (["generate", "CKPT", "--seed", "9" * 30], "choose from 0 to"),
        (["generate", "CKPT", "--pitch", "nan"], "choose a MIDI pitch"),
        (["generate", "CKPT", "--pitch", "H4"], "--pitch: 'H4' is not a note name"),
        (["reconstruct", "CKPT", "x.wav", "--pitch", "-1"], "--pitch -1: choose a MIDI pitch"),
        (["generate", "nowhere/at-all"], "no such checkpoint folder"),
        (["reconstruct", "CKPT", "missing.wav"], "missing.wav"),
        (["reconstruct", "CKPT", "README.md"], "README.md"),
        (["recipes", "nsynth-cave"], "did you mean 'nsynth-cvae'"),
        (["evaluate", "CKPT", "--data", "nowhere"], "nowhere"),
        (["project", "CKPT", "--data", "nowhere"], "nowhere"),
    ],
)
def test_mistakes_are_one_line_and_exit_1(
    tiny_checkpoint: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tiny_checkpoint) if word == "CKPT" else word for word in arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ["timbre_core", "generate", "nowhere"],
        ["timbre_core", "compare", "nsynth-cvae", "nowhere"],
        ["timbre_core", "library", "add", "sounds", "--name", "mine", "--checkpoint", "nowhere"],
        ["timbre_core", "export", "nowhere@mine", "--from", "note.wav"],
        ["timbre_core.cli.train", "--from", "nowhere"],
    ],
)
def test_a_checkpoint_that_is_not_there_is_told_before_torch_is_imported(command: list[str]) -> None:
    module, *arguments = command
    where = "timbre_core.__main__" if module == "timbre_core" else module
    code = f"import sys; from {where} import main; print(main({arguments!r}), *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    exit_code, *modules = done.stdout.split()
    assert exit_code == "1"
    assert done.stderr.startswith("error: nowhere: no such checkpoint folder")
    assert not {"torch", "pandas", "scipy"} & set(modules)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nsynth-cvae", "--set", "training.epoch=1"], "did you mean 'epochs'"),
        (["nsynth-cvae", "--data", "nowhere"], "nowhere"),
        (["nsynth-cvae", "--device", "cuda:99"], "cuda:99"),
        (["nsynth-cvae", "--resume", "--set", "name=never-trained"], "no unfinished training of never-trained"),
        (["nsynth-cvae", "--out", "README.md"], "exists already"),
    ],
)
def test_training_mistakes_are_one_line(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tmp_path))
    assert train_cli.main(arguments) == 1
    assert message in capsys.readouterr().err.splitlines()[-1]


def _train_command(data: Path, out: Path, *overrides: str) -> list[str]:
    command = [sys.executable, "train_cli.py", "nsynth-cvae", "--data", str(data), "--out", str(out), "--workers", "1"]
    small = ["features.seconds=1.0", "window.frames=32", "training.batch_size=8"]
    return [*command, "--device", "cpu", "--set", *small, *overrides]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a process's file size")
def test_a_disk_that_takes_no_more_is_one_line_and_keeps_nothing_half_written(
    tiny_nsynth: Path, tmp_path: Path
) -> None:
    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = subprocess.run(
        _train_command(tiny_nsynth, tmp_path / "out", "training.epochs=1"),
        cwd=ROOT,
        preexec_fn=limit_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.rglob("*.safetensors"))


def test_interrupted_training_keeps_its_epochs_and_says_so(tiny_nsynth: Path, tmp_path: Path) -> None:
    command = _train_command(tiny_nsynth, tmp_path / "out", "training.epochs=100000")
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    state = tmp_path / "out.training" / "state.safetensors"
    deadline = time.monotonic() + 120
    while not state.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert "kept" in error.splitlines()[-1]
    assert f"--resume --out {tmp_path / 'out'}" in error
    assert state.exists()


def test_out_is_checked_before_the_work(
    tiny_checkpoint: Path, note: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    below_a_file = str(note / "out")
    for command in (
        ["reconstruct", str(tiny_checkpoint), "no.wav", "--out", below_a_file],
        ["export", str(tiny_checkpoint), "--out", below_a_file],
    ):
        assert main(command) == 1
        assert f"--out {below_a_file}: {note} is a file" in capsys.readouterr().err
    assert train_cli.main(["--data", str(tmp_path / "no-data"), "--out", below_a_file]) == 1
    assert f"{note} is a file" in capsys.readouterr().err


@pytest.mark.parametrize("pitch", ["nan", "128", "-1"])
def test_reconstruct_refuses_what_is_no_pitch(
    tiny_checkpoint: Path, note: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], pitch: str
) -> None:
    assert main(["reconstruct", str(tiny_checkpoint), str(note), "--pitch", pitch, "--out", str(tmp_path)]) == 1
    assert f"--pitch {pitch}: choose a MIDI pitch from 0 to 127" in capsys.readouterr().err


def test_export_names_a_preset_that_is_none(
    tiny_checkpoint: Path, note: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(tiny_checkpoint), "--preset", str(note), "--out", str(tmp_path / "x")]) == 1
    assert f"--preset {note}: " in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_resume_says_where_there_is_nothing_to_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "never"
    assert train_cli.main(["--data", str(tmp_path / "nowhere"), "--out", str(out), "--resume", "--device", "cpu"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"{out}.training: nothing to resume there, so the training starts from the beginning."
    assert said[1].startswith("error: ")
