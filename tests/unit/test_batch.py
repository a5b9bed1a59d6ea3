"""Many files by one command, and one's own sounds as instruments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from timbre_core.__main__ import main
from timbre_core.checkpoint import open_checkpoint
from timbre_core.cli.batch import SOUNDS, files_in, run_batch
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0
from timbre_core.generation.own_sounds import own_instrument, own_note
from timbre_core.space import TimbreSpace

RATE = 44_100


def tone(*pitches: float, seconds: float = 2.0, silence: float = 0.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    phases = [2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time for pitch in pitches]
    sound = sum(np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase) for phase in phases)
    return np.concatenate([np.zeros(round(silence * RATE)), 0.15 * np.asarray(sound)]).astype(np.float32)


def drums() -> np.ndarray:
    """A loop of two seconds: a drum that falls in pitch, and a rattle."""
    time = np.arange(RATE // 4) / RATE
    drum = np.sin(2 * np.pi * (45 * time - 4 * np.exp(-30 * time))) * np.exp(-12 * time)
    rattle = np.random.default_rng(0).standard_normal(len(time)) * np.exp(-25 * time)
    return np.tile(np.concatenate([0.5 * drum, 0.2 * rattle]), 4).astype(np.float32)


@pytest.fixture
def space(tiny_checkpoint: Path) -> TimbreSpace:
    return TimbreSpace(open_checkpoint(tiny_checkpoint))


class TestBatch:
    def test_one_bad_file_stops_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        def task(name: str) -> Callable[[], list[str]]:
            def work() -> list[str]:
                if name == "bad.wav":
                    raise TimbreError("no sound in it")
                if name == "odd.wav":
                    raise ValueError("a library's fault")
                return [f"out/{name}", "note: the same for all"]

            return work

        with pytest.raises(TimbreError, match="2 of 5 sounds could not be used, the others are written"):
            run_batch({name: task(name) for name in ("a.wav", "bad.wav", "odd.wav", "c.wav", "d.wav")}, "sounds", 2)
        out, err = capsys.readouterr()
        assert {line for line in out.splitlines() if line.startswith("out/")} == {"out/a.wav", "out/c.wav", "out/d.wav"}
        assert out.count("the same for all") == 1
        assert "error: bad.wav: no sound in it" in err
        assert "error: odd.wav: a fault of this program (ValueError: a library's fault)" in err

    def test_files_are_worked_on_side_by_side(self) -> None:
        both = threading.Barrier(2, timeout=20)
        met: list[int] = []

        def work() -> list[str]:
            met.append(both.wait())  # only passed when two are at it at once
            return []

        run_batch({"a": work, "b": work}, "sounds", 2)
        assert sorted(met) == [0, 1]

    def test_a_single_error_is_told_as_it_is(self) -> None:
        def work() -> list[str]:
            raise TimbreError("a.wav: silent")

        with pytest.raises(TimbreError, match=r"^a\.wav: silent$"):
            run_batch({"a.wav": work}, "sounds")
        with pytest.raises(TimbreError, match="choose from 1 to 64"):
            run_batch({"a.wav": work}, "sounds", 0)

    def test_folders_give_their_files(self, tmp_path: Path) -> None:
        for name in ("b.wav", "a.FLAC", "notes.txt"):
            (tmp_path / name).touch()
        assert [path.name for path in files_in([str(tmp_path), "x.wav"], SOUNDS)] == ["a.FLAC", "b.wav", "x.wav"]
        (tmp_path / "empty").mkdir()
        with pytest.raises(TimbreError, match=r"empty: nothing in this folder ends in \.wav"):
            files_in([str(tmp_path / "empty")], SOUNDS)

    def test_pieces_of_a_folder_are_performed(
        self, tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("one", "two"):
            file = mido.MidiFile()
            file.add_track().extend([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=240)])
            file.save(tmp_path / f"{name}.mid")
        (tmp_path / "torn.mid").write_bytes((tmp_path / "one.mid").read_bytes()[:20])
        assert main(["perform", str(tiny_checkpoint), str(tmp_path), "--out", str(tmp_path / "out")]) == 1
        assert "1 of 3 pieces could not be used" in capsys.readouterr().err
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.wav", "two.wav"]


class TestOwnSounds:
    def test_the_pitch_is_heard_and_silence_ahead_left_out(self, space: TimbreSpace, tmp_path: Path) -> None:
        soundfile.write(tmp_path / "a.wav", tone(57.3, silence=0.5), RATE)
        note = own_note(tmp_path / "a.wav", space)
        assert note.pitch == pytest.approx(57.3, abs=0.05)
        assert len(note.audio) == pytest.approx(2 * space.sample_rate, rel=0.01)
        assert own_note(tmp_path / "a.wav", space, pitch=45).pitch == 45

    @pytest.mark.parametrize(
        ("audio", "said"),
        [
            (tone(60, seconds=0.02), "too short"),
            (np.zeros(RATE, np.float32), "silent"),
            (np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32), "no pitch is heard"),
            (tone(60, 64, 67), "chord"),
            (np.concatenate([tone(60), tone(67), tone(64)]), "several notes"),
            (np.tile(tone(60), 31), "not one note"),
            (drums(), "8 strikes and no one pitch"),
        ],
    )
    def test_what_is_no_note_is_told(self, space: TimbreSpace, tmp_path: Path, audio: np.ndarray, said: str) -> None:
        soundfile.write(tmp_path / "a.wav", audio, RATE)
        with pytest.raises(TimbreError, match=said) as error:
            own_note(tmp_path / "a.wav", space)
        assert str(error.value).startswith("a.wav: ")

    def test_a_note_that_is_struck_again_and_again_has_a_pitch(self, space: TimbreSpace, tmp_path: Path) -> None:
        again = np.tile(tone(57, seconds=0.25) * np.exp(-15 * np.arange(RATE // 4) / RATE), 8)
        soundfile.write(tmp_path / "a.wav", again, RATE)
        assert own_note(tmp_path / "a.wav", space).pitch == pytest.approx(57, abs=0.1)

    def test_several_notes_make_one_instrument(self, space: TimbreSpace, tmp_path: Path) -> None:
        for pitch in (48, 60):
            soundfile.write(tmp_path / f"{pitch}.wav", tone(pitch), RATE)
        instrument = own_instrument(space, [own_note(path, space) for path in sorted(tmp_path.glob("*.wav"))])
        assert [instrument.carrier(key)[0] for key in (40, 52, 56, 70)] == [
            "0 48.wav",
            "0 48.wav",
            "1 60.wav",
            "1 60.wav",
        ]
        assert instrument.recordings_used == ("48.wav", "60.wav")
        assert estimate_f0(instrument.whole(51), space.sample_rate).midi == pytest.approx(51, abs=0.1)
        with pytest.raises(TimbreError, match="at least one sound"):
            own_instrument(space, [])

    def test_a_sound_is_exported_as_an_instrument(
        self, tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "in").mkdir()
        soundfile.write(tmp_path / "in" / "mine.wav", tone(60), RATE)
        soundfile.write(tmp_path / "in" / "hush.wav", np.zeros(RATE, np.float32), RATE)
        keys = ["--low", "64", "--high", "64", "--format", "wav"]
        command = ["export", str(tiny_checkpoint), *keys, "--out", str(tmp_path / "out")]
        assert main([*command, "--from", str(tmp_path / "in"), "--each"]) == 1
        assert "1 of 2 instruments could not be used" in capsys.readouterr().err
        audio, rate = soundfile.read(tmp_path / "out" / "mine" / "mine_064.wav")
        assert estimate_f0(audio.astype(np.float32), rate).midi == pytest.approx(64, abs=0.05)
        note = (tmp_path / "out" / "mine" / "LICENCE.txt").read_text()
        assert "mine.wav" in note
        assert "from recordings" in note
        assert main([*command, "--from", str(tmp_path / "in"), "--pitch", "60"]) == 1
        assert "--pitch is that of one sound" in capsys.readouterr().err
        assert main([*command, "--from", str(tmp_path / "in")]) == 0, "of several for one instrument, too"
        assert "left out: hush.wav: " in capsys.readouterr().err
        (tmp_path / "in" / "mine.wav").write_bytes(b"RIFF")
        assert main([*command, "--from", str(tmp_path / "in")]) == 1
        assert "none of the 2 sounds is a note" in capsys.readouterr().err
