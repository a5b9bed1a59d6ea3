"""Scala tunings: scales and mappings read, laid on the keys, exported and performed."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from timbre_core.__main__ import main
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.tuning import Mapping, Scale, key_pitches, read_mapping, read_scale
from timbre_core.generation.instrument import Instrument, PlayedNote

JUST = "! just.scl\n!\nJust major\n 7\n!\n9/8\n5/4 third\n4/3\n3/2\n5/3\n15/8\n2/1\n"
WHITE = "! white keys\n12\n0\n127\n60\n69\n440.0\n7\n0\nx\n1\nx\n2\n3\nx\n4\nx\n5\nx\n6\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_scale_of_ratios_and_cents(tmp_path: Path) -> None:
    scale = read_scale(written(tmp_path, "a.scl", JUST))
    assert scale.name == "Just major"
    assert scale.cents[1] == pytest.approx(386.31, abs=0.01)
    assert scale.cents[-1] == 1200
    mixed = read_scale(written(tmp_path, "b.scl", "\n3\n100.0 cents\n2\n-5.\n"))
    assert mixed.cents == (100.0, 1200.0, -5.0), "a note without a point is a ratio; names may be empty"


def test_equal_temperament_is_the_keys_themselves() -> None:
    equal = Scale("", tuple(100.0 * step for step in range(1, 13)))
    assert key_pitches(equal) == pytest.approx(list(range(128)))


def test_nineteen_steps_repeat_after_nineteen_keys() -> None:
    pitches = key_pitches(Scale("", tuple(1200 / 19 * step for step in range(1, 20))))
    assert pitches[69] == pytest.approx(69)
    assert pitches[88] - pitches[69] == pytest.approx(12)  # type: ignore[operator]


def test_white_keys_play_the_scale_and_black_ones_nothing(tmp_path: Path) -> None:
    scale = read_scale(written(tmp_path, "a.scl", JUST))
    pitches = key_pitches(scale, read_mapping(written(tmp_path, "a.kbm", WHITE)))
    assert pitches[69] == pytest.approx(69)
    assert pitches[61] is None
    intervals = [100 * (pitches[key] - pitches[60]) for key in (62, 64, 65, 67, 69, 71, 72, 84)]  # type: ignore[operator]
    assert intervals == pytest.approx([*scale.cents[:6], 1200, 2400])
    below = key_pitches(scale, Mapping(first=60, last=72))
    assert (below[59], below[73]) == (None, None)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.scl", "", "no Scala scale"),
        ("a.scl", "name\nmany\n", "line 2: 'many' is not a number"),
        ("a.scl", "name\n0\n", "from 1 to"),
        ("a.scl", "name\n99999999\n", "from 1 to"),
        ("a.scl", "name\n5\n2/1\n", "5 notes announced, 1 there"),
        ("a.scl", "name\n1\n2/0\n", "no ratio"),
        ("a.scl", "name\n1\nnan.\n", "line 3: 'nan.' is not a number"),
        ("a.scl", "name\n1\n1e300\n", "farther than anybody hears"),
        ("a.scl", "x" * 300_000, "more than any Scala file"),
        ("a.kbm", "12\n0\n", "no Scala keyboard mapping"),
        ("a.kbm", "12\n0\n127\n60\n69\n0\n12\n", "0 Hz is no pitch"),
        ("a.kbm", "12\n0\n127\n60\n200\n440\n12\n", "line 5: '200' is not a whole number from 0 to 127"),
    ],
)
def test_other_files_are_refused_with_their_lines(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = written(tmp_path, name, text)
    with pytest.raises(TimbreError, match=said) as error:
        (read_scale if name.endswith("scl") else read_mapping)(path)
    assert str(error.value).startswith(str(path))


def test_a_mapping_tuned_by_a_silent_key_is_refused() -> None:
    with pytest.raises(TimbreError, match="key 61, which plays nothing"):
        key_pitches(Scale("", (1200.0,)), Mapping(reference_key=61, steps=(0, None)))


def sine(self: Instrument, key: float) -> PlayedNote:
    time = np.arange(32_000) / 16_000
    audio = (0.2 * np.sin(2 * np.pi * 440 * 2 ** ((key - 69) / 12) * time)).astype(np.float32)
    return PlayedNote(key, audio, None, audio[None], 16_000)


def test_commands_play_in_the_tuning(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Instrument, "note", sine)
    monkeypatch.setattr(Instrument, "sustained", False)
    tuning = ["--tuning", str(written(tmp_path, "a.scl", JUST)), "--mapping", str(written(tmp_path, "a.kbm", WHITE))]
    keys = ["--low", "60", "--high", "65", "--format", "wav", "--name", "x"]
    command = ["export", str(tiny_checkpoint), "--family", "flute", *keys]
    assert main([*command, *tuning, "--out", str(tmp_path / "out")]) == 0
    files = sorted((tmp_path / "out").glob("*.wav"))
    assert [path.name for path in files] == ["x_060.wav", "x_062.wav", "x_064.wav", "x_065.wav"]
    heard = [estimate_f0(*soundfile.read(path, dtype="float32")).midi for path in files]
    cents = [100 * (pitch - heard[0]) for pitch in heard[1:]]
    assert cents == pytest.approx([203.91, 386.31, 498.04], abs=3)
    file = mido.MidiFile()
    file.add_track().extend([mido.Message("note_on", note=64), mido.Message("note_off", note=64, time=960)])
    file.save(tmp_path / "a.mid")
    piece = ["perform", str(tiny_checkpoint), str(tmp_path / "a.mid"), "--out", str(tmp_path / "a.wav")]
    assert main([*piece, *tuning]) == 0
    played = estimate_f0(*soundfile.read(tmp_path / "a.wav", dtype="float32")).midi
    assert 100 * (played - heard[2]) == pytest.approx(0, abs=3)
