"""Any folder of recordings: labels from names, from metadata.csv, from folders; pitches measured and remembered."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.synthetic import harmonic_note, record
from timbre_core.__main__ import main
from timbre_core.datasets import measured_pitch
from timbre_core.datasets.folder import read_folder
from timbre_core.datasets.library import open_library
from timbre_core.datasets.measured_pitch import Heard
from timbre_core.datasets.pattern import parse_pattern
from timbre_core.errors import TimbreError
from timbre_core.features.audio import AudioError

TEST_DATA = Path(os.environ.get("TIMBRE_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FSDD = TEST_DATA / "fsdd"


# -- Patterns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "labels"),
    [
        (
            "{instrument}_{pitch}_{velocity}",
            "a/violin_C#4_90.wav",
            {"instrument": "violin", "pitch": "C#4", "velocity": "90"},
        ),
        ("{instrument}_{pitch}", "two_words_60.flac", {"instrument": "two_words", "pitch": "60"}),
        ("{instrument}{pitch}", "violinBb3.wav", {"instrument": "violin", "pitch": "Bb3"}),
        ("{family}_{instrument}_{take}", "7_george_12.wav", {"family": "7", "instrument": "george"}),
        (
            "{family}/{instrument}/{pitch}",
            "root/strings/viola/A3.wav",
            {"family": "strings", "instrument": "viola", "pitch": "A3"},
        ),
        ("{instrument} ({take}).{pitch}", "oboe (x).61.wav", {"instrument": "oboe", "pitch": "61"}),
    ],
)
def test_patterns(pattern: str, path: str, labels: dict[str, str]) -> None:
    assert parse_pattern(pattern).match(path) == labels


@pytest.mark.parametrize("path", ["violin_X4.wav", "violin.wav", "violin_.wav", "violin_C4_.wav"])
def test_names_that_do_not_fit(path: str) -> None:
    assert parse_pattern("{instrument}_{pitch}").match(path) is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{instrument_{pitch}", "one word each"),
        ("{}_{pitch}", "one word each"),
        ("{pitch}_{pitch}", "twice"),
        ("{pich}_{instrument}", r"did you mean \{pitch\}"),
        ("{take}", "no label in it"),
        ("violin", "no label in it"),
        ("{a}" * 2000, r"^pattern .{,90}: \{a\} occurs twice: give each field once\.$"),
    ],
)
def test_patterns_that_mean_nothing(pattern: str, reason: str) -> None:
    with pytest.raises(TimbreError, match=reason):
        parse_pattern(pattern)


# -- Folders ---------------------------------------------------------------------------------------------------------


def test_labels_from_folders_and_measured_pitch(tmp_path: Path) -> None:
    record(tmp_path / "strings" / "viola" / "one.wav", 57)
    record(tmp_path / "oboe" / "one.flac", 70)
    record(tmp_path / "loose.ogg", 62)
    record(tmp_path / ".hidden" / "one.wav")
    (tmp_path / "oboe" / "notes.txt").write_text("no audio")
    notes, skipped = read_folder(tmp_path)
    assert skipped == []
    found = notes.set_index("note_id")
    assert sorted(found.index) == ["loose", "oboe.one", "strings.viola.one"]
    assert found.loc["strings.viola.one", ["family", "instrument", "pitch"]].tolist() == ["strings", "viola", 57]
    assert found.loc["oboe.one", ["family", "instrument", "pitch"]].tolist() == ["reed", "oboe", 70]
    assert found.loc["loose", ["family", "instrument", "pitch"]].tolist() == ["unknown", tmp_path.name, 62]
    assert found["pitch_estimated"].all()


def test_measured_pitches_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pitch in (50, 60):
        record(tmp_path / f"a{pitch}.wav", pitch)
    first, _ = read_folder(tmp_path)
    measured = []

    def spy(path: Path) -> Heard | AudioError:
        measured.append(path.name)
        return Heard(99.0, 1.0)

    monkeypatch.setattr(measured_pitch, "_measure", spy)
    again, _ = read_folder(tmp_path)
    assert measured == []
    assert list(again["pitch"]) == list(first["pitch"]) == [50, 60]
    record(tmp_path / "a60.wav", 72)
    changed, _ = read_folder(tmp_path)
    assert measured == ["a60.wav"]
    assert list(changed["pitch"]) == [50, 99]


def test_a_damaged_or_unwritable_cache_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path / "notes" / "a.wav", 64)
    monkeypatch.setenv("TIMBRE_CACHE", str(tmp_path / "cache"))
    read_folder(tmp_path / "notes")
    [cache] = (tmp_path / "cache" / "pitch").iterdir()
    cache.write_text('{"a.wav": [[1')
    assert read_folder(tmp_path / "notes")[0]["pitch"].tolist() == [64]
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TIMBRE_CACHE", str(tmp_path / "file"))
    assert read_folder(tmp_path / "notes")[0]["pitch"].tolist() == [64]


def test_noise_has_no_pitch(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hiss.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 16_000), 16_000)
    notes, _ = read_folder(tmp_path)
    assert np.isnan(notes["pitch"].iat[0])
    assert not notes["pitch_estimated"].iat[0]


def test_bad_files_are_skipped_by_name(tmp_path: Path) -> None:
    good = record(tmp_path / "good.wav", 60)
    (tmp_path / "corrupt.wav").write_bytes(b"RIFFnothing")
    (tmp_path / "empty.mp3").write_bytes(b"")
    soundfile.write(tmp_path / "silent.flac", np.zeros(8000), 16_000)
    soundfile.write(tmp_path / "one.wav", np.zeros(1), 16_000)
    soundfile.write(tmp_path / "many.wav", np.stack([harmonic_note(65, 0.5)] * 8, axis=1), 16_000)
    soundfile.write(tmp_path / "fast.wav", np.repeat(harmonic_note(53, 0.5), 12), 192_000)
    library = open_library([tmp_path])
    assert sorted(library.notes["note_id"]) == ["fast", "good", "many"]
    assert dict(zip(library.notes["note_id"], library.notes["pitch"], strict=True)) == {
        "fast": 53,
        "good": 60,
        "many": 65,
    }
    assert sorted(Path(file).name for file, _ in library.skipped) == [
        "corrupt.wav",
        "empty.mp3",
        "one.wav",
        "silent.flac",
    ]
    good.write_bytes(b"")
    with pytest.raises(AudioError, match=r"good\.wav"):
        library.load(library.find("good"), 16_000)


def test_labels_from_names(tmp_path: Path) -> None:
    record(tmp_path / "x" / "violin_C#4_90.wav")
    record(tmp_path / "x" / "violin_300_90.wav")
    record(tmp_path / "x" / "violin_61_200.wav")
    record(tmp_path / "x" / "what is this.wav")
    library = open_library([tmp_path], "{instrument}_{pitch}_{velocity}")
    [note] = library.notes.to_dict("records")
    assert (note["instrument"], note["family"], note["pitch"], note["velocity"]) == ("violin", "x", 61, 90)
    assert not note["pitch_estimated"]
    reasons = {Path(file).name: reason for file, reason in library.skipped}
    assert reasons.keys() == {"violin_300_90.wav", "violin_61_200.wav", "what is this.wav"}
    assert "pitch 300" in reasons["violin_300_90.wav"]
    assert "velocity 200" in reasons["violin_61_200.wav"]
    assert "does not fit the pattern" in reasons["what is this.wav"]


def test_a_pattern_that_fits_nothing(tmp_path: Path) -> None:
    record(tmp_path / "violin.wav")
    with pytest.raises(TimbreError, match=r"violin\.wav: its name does not fit the pattern"):
        open_library([tmp_path], "{instrument}_{pitch}")


def test_ids_stay_unique_and_safe(tmp_path: Path) -> None:
    for name in ("a/b.wav", "a.b.wav", "a.b.flac", "Flöte.wav", "_x.wav"):
        record(tmp_path / name)
    notes, _ = read_folder(tmp_path, estimate=False)
    assert set(notes["note_id"]) == {"Flöte", "a.b", "a.b-2", "a.b-3", "n_x"}


# -- metadata.csv ----------------------------------------------------------------------------------------------------


def write_table(folder: Path, text: str, encoding: str = "utf-8") -> None:
    (folder / "metadata.csv").write_text(text, encoding=encoding)


def test_labels_from_a_table(tmp_path: Path) -> None:
    for name in ("a.wav", "sub/b_70.wav", "c.wav", "d.wav", "e.wav", "unlisted.wav"):
        record(tmp_path / name, 66)
    write_table(
        tmp_path,
        "file,instrument,family,pitch,velocity,split,colour\n"
        "a.wav,oboe,reed,C4,100,train,red\n"
        "sub\\b_70.wav,oboe,reed,,,validation,\n"
        "c.wav,viola,string,,50,test,\n"
        "d.wav,viola,string,300,,test,\n"
        "e.wav,viola,string,60,loudish,test,\n"
        "gone.wav,viola,string,60,,test,\n"
        "../a.wav,viola,string,60,,test,\n"
        "a.wav,viola,string,60,,test,\n",
    )
    library = open_library([tmp_path], "{take}_{pitch}")
    notes = library.notes.set_index("audio")
    assert list(notes.index) == ["a.wav", "sub/b_70.wav", "c.wav"]
    assert list(notes["pitch"]) == [60, 70, 66]
    assert list(notes["pitch_estimated"]) == [False, False, True]
    assert list(notes["split"]) == ["train", "valid", "test"]
    assert list(notes["instrument"]) == ["oboe", "oboe", "viola"]
    said = [f"{file}: {reason}" for file, reason in library.skipped]
    for part in ("d.wav: pitch 300", "e.wav: velocity 'loudish'", "line 7", "line 8", "line 9", "1 audio file of"):
        assert sum(part in line for line in said) == 1, (part, said)
    assert len(said) == 6


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_from_spreadsheets(tmp_path: Path, separator: str) -> None:
    record(tmp_path / "a.wav")
    write_table(tmp_path, f"file{separator}pitch\r\na.wav{separator}A4\r\n", "utf-8-sig")
    assert open_library([tmp_path]).notes["pitch"].tolist() == [69]


def test_tables_in_other_languages_and_velocities_as_shares(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        record(tmp_path / name, 60)
    write_table(tmp_path, "Datei;Tonhöhe;Familie;Lautstärke\na.wav;c';Streicher;0,5\nb.wav;d';Streicher;1\n")
    library = open_library([tmp_path])
    assert library.notes["pitch"].tolist() == [60, 62]
    assert library.notes["velocity"].tolist() == [64, 127]
    assert set(library.notes["family"]) == {"Streicher"}
    assert any("velocities from 0 to 1 are shares of 127" in said for said in library.said)


@pytest.mark.parametrize("content", [b"name,pitch\na.wav,60\n", b"", b"\xff\xfe\x00file", b'file,pitch\n"a.wav,60\n'])
def test_tables_that_cannot_be_used(tmp_path: Path, content: bytes) -> None:
    record(tmp_path / "a.wav")
    (tmp_path / "metadata.csv").write_bytes(content)
    with pytest.raises(TimbreError, match=r"metadata\.csv|no usable note") as caught:
        open_library([tmp_path])
    assert "\n" not in str(caught.value)


def test_note_table_command_round_trip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pitch in (55, 60, 67):
        record(tmp_path / "in" / "viola" / f"{pitch}.wav", pitch)
    (tmp_path / "in" / "viola" / "bad.wav").write_bytes(b"")
    assert main(["prepare", "folder", str(tmp_path / "in"), str(tmp_path / "labels.csv")]) == 0
    said = capsys.readouterr()
    assert "3 notes of 1 instrument in 1 family" in said.out
    assert "bad.wav" in said.err
    before = open_library([tmp_path / "in"]).notes
    shutil.move(tmp_path / "labels.csv", tmp_path / "in" / "metadata.csv")
    after = open_library([tmp_path / "in"]).notes
    assert after.drop(columns="pitch_estimated").equals(before.drop(columns="pitch_estimated"))


def test_written_tables_are_harmless_in_spreadsheets_and_read_back(tmp_path: Path) -> None:
    names = ["=1+1_60.wav", "-3dB_55.wav", "@sum_67.wav", "'=x_62.wav"]
    for name in names:
        record(tmp_path / "in" / name, int(name.removesuffix(".wav").rsplit("_", 1)[-1]))
    assert main(["prepare", "folder", str(tmp_path / "in"), str(tmp_path / "labels.csv")]) == 0
    with open(tmp_path / "labels.csv", encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    before = open_library([tmp_path / "in"]).notes
    assert sorted(before["audio"]) == sorted(names)
    shutil.move(tmp_path / "labels.csv", tmp_path / "in" / "metadata.csv")
    after = open_library([tmp_path / "in"]).notes
    assert after.drop(columns="pitch_estimated").equals(before.drop(columns="pitch_estimated"))


def test_command_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "folder", str(tmp_path / "nowhere"), str(tmp_path / "out.csv")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "nowhere" in said


@pytest.mark.skipif(not FSDD.is_dir(), reason=f"no spoken digits in {FSDD} (TIMBRE_TEST_DATA names another folder)")
def test_spoken_digits(tmp_path: Path) -> None:
    for file in sorted((FSDD / "recordings").glob("*_1?.wav")):
        shutil.copy(file, tmp_path)
    library = open_library([tmp_path], "{family}_{instrument}_{take}")
    assert len(library) == 600
    assert sorted(set(library.notes["family"])) == list("0123456789")
    assert library.notes["instrument"].nunique() == 6
    assert library.notes.groupby("instrument")["split"].nunique().max() == 1
    assert set(library.notes["split"]) == {"train", "valid", "test"}
