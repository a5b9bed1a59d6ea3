"""Labels that are octaves off what sounds are told with their size and cure, and corrected where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import soundfile
import yaml

from tests.synthetic import harmonic_note
from timbre_core.__main__ import main
from timbre_core.datasets.library import open_library
from timbre_core.datasets.settings import DataSettings

WHITE = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7}


def library_of(folder: Path, octaves: dict[str, int], sounding: int = 60) -> Path:
    """Notes of some instruments whose names count octaves otherwise."""
    for instrument, octave in octaves.items():
        for name, step in WHITE.items():
            path = folder / f"{instrument}_{name}{octave}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, harmonic_note(sounding + step, 0.5, 0.5), 16_000)
    return folder


@pytest.mark.parametrize(
    ("octave", "shift"), [(3, "12 semitones (1 octave) above"), (6, "24 semitones (2 octaves) below")]
)
def test_a_consistent_shift_is_told_and_corrected(tmp_path: Path, octave: int, shift: str) -> None:
    folder = library_of(tmp_path / "notes", {"sax": octave})
    checked = open_library([folder], octave="check")
    [told] = [line for line in checked.said if "semitones" in line]
    assert f"sax sounds {shift} its labels, in 5 of 5 clear notes: --octave auto" in told
    corrected = open_library([folder], octave="auto")
    assert sorted(corrected.notes["pitch"]) == [60, 62, 64, 65, 67]
    moved = open_library([folder], transpose=60 - 12 * (octave + 1), octave="check")
    assert sorted(moved.notes["pitch"]) == [60, 62, 64, 65, 67]
    assert not [line for line in moved.said if "semitones" in line]


def test_instruments_are_corrected_one_by_one(tmp_path: Path) -> None:
    folder = library_of(tmp_path / "notes", {"sax": 3, "oboe": 4})
    library = open_library([folder], "{instrument}_{pitch}", octave="auto")
    assert library.notes.groupby("instrument")["pitch"].min().to_dict() == {"sax": 60, "oboe": 60}
    [told] = [line for line in library.said if "semitones" in line]
    assert "sax" in told
    assert "oboe" not in told


def test_an_octave_off_in_a_part_of_an_instrument_is_told(tmp_path: Path) -> None:
    folder = library_of(tmp_path / "organ", {"organ": 4})
    library_of(tmp_path / "high", {"organ": 5})
    for path in (tmp_path / "high").iterdir():
        path.rename(folder / path.name)
    library = open_library([folder], octave="auto")
    assert sorted(library.notes["pitch"]) == [60, 62, 64, 65, 67, 72, 74, 76, 77, 79], "it is not known which"
    [told] = [line for line in library.said if "semitones" in line]
    assert "organ sounds 12 semitones (1 octave) below its labels, in 5 of 10 clear notes, and the others as" in told


def test_names_that_are_no_pitches_are_told(tmp_path: Path) -> None:
    for place, name in enumerate(("a1", "b1", "c1", "d1", "a2", "b2")):
        (tmp_path / "plate").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "plate" / f"{name}.wav", harmonic_note(60 + 5 * place, 0.5, 0.5), 16_000)
    [told] = [line for line in open_library([tmp_path / "plate"], octave="check").said if "heard" in line]
    assert "by no one interval, in 6 of 6 clear notes" in told
    assert "--pattern without {pitch}" in told


def test_right_labels_and_single_outliers_are_let_be(tmp_path: Path) -> None:
    folder = library_of(tmp_path / "notes", {"sax": 4})
    soundfile.write(folder / "sax_A4.wav", harmonic_note(81, 0.5, 0.5), 16_000)
    library = open_library([folder], octave="auto")
    assert library.notes["pitch"].max() == 69
    assert not [line for line in library.said if "semitones" in line]


def test_other_shifts_are_told_and_not_corrected(tmp_path: Path) -> None:
    folder = library_of(tmp_path / "notes", {"clarinet": 4}, sounding=58)
    library = open_library([folder], octave="auto")
    assert library.notes["pitch"].min() == 60
    [told] = [line for line in library.said if "semitones" in line]
    assert "2 semitones below" in told
    assert "--transpose -2" in told


def test_a_shift_of_one_is_told_as_one(tmp_path: Path) -> None:
    folder = library_of(tmp_path / "notes", {"clarinet": 4}, sounding=61)
    [told] = [line for line in open_library([folder], octave="check").said if "semitone" in line]
    assert "clarinet sounds 1 semitone above its labels" in told


def test_a_column_transposes(tmp_path: Path) -> None:
    folder = library_of(tmp_path / "notes", {"sax": 3})
    lines = [f"sax_{name}3.wav,{48 + step},{12 if name != 'C' else ''}" for name, step in WHITE.items()]
    (folder / "metadata.csv").write_text("\n".join(["file,pitch,transpose", *lines]) + "\n")
    assert sorted(open_library([folder]).notes["pitch"]) == [48, 62, 64, 65, 67]


def test_the_command_says_and_mends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = library_of(tmp_path / "notes", {"sax": 3}), tmp_path / "labels.csv"
    assert main(["prepare", "folder", str(folder), str(out)]) == 0
    assert "--transpose 12" in capsys.readouterr().err
    assert main(["prepare", "folder", str(folder), str(out), "--transpose", "12"]) == 0
    assert sorted(pd.read_csv(out)["pitch"]) == [60, 62, 64, 65, 67]
    assert main(["prepare", "folder", str(folder), str(out), "--transpose", "99"]) == 1
    assert "--transpose 99: give semitones from -60 to 60" in capsys.readouterr().err


@pytest.mark.parametrize("said", ["off", "false"])
def test_off_is_a_word_in_yaml_too(said: str) -> None:
    assert DataSettings.model_validate(yaml.safe_load(f"octave: {said}")).octave == "off"
