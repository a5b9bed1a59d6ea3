"""Libraries: NSynth folders (whole and damaged), official splits, several roots, labels."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from timbre_core.datasets.library import Library, open_library
from timbre_core.datasets.notes import NOTE_COLUMNS, parse_pitch
from timbre_core.errors import TimbreError
from timbre_core.features.audio import AudioError

REPOSITORY = Path(__file__).resolve().parents[2]
TEST_DATA = Path(os.environ.get("TIMBRE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
NSYNTH = TEST_DATA / "nsynth-subset"


needs_nsynth = pytest.mark.skipif(
    not NSYNTH.is_dir(), reason=f"no NSynth notes in {NSYNTH} (TIMBRE_TEST_DATA names another folder)"
)


@pytest.fixture
def nsynth(tiny_nsynth: Path, tmp_path: Path) -> Path:
    """A copy of the small NSynth folder that a test may damage."""
    return Path(shutil.copytree(tiny_nsynth, tmp_path / "notes"))


def edit_examples(folder: Path, **changes: dict[str, object]) -> list[str]:
    """Change entries by their number ("n3"); a value of None deletes the key. Returns the names of all notes."""
    examples = json.loads((folder / "examples.json").read_text())
    names = list(examples)
    for number, fields in changes.items():
        entry = examples[names[int(number[1:])]]
        entry.update(fields)
        for key in [key for key, value in fields.items() if value is None]:
            del entry[key]
    (folder / "examples.json").write_text(json.dumps(examples))
    return names


# -- NSynth ----------------------------------------------------------------------------------------------------------


def test_nsynth_folder(tiny_nsynth: Path) -> None:
    library = open_library([tiny_nsynth])
    assert len(library) == 48
    assert list(library.notes.columns) == list(NOTE_COLUMNS)
    assert {name: str(kind) for name, kind in library.notes.dtypes.items()} == NOTE_COLUMNS
    assert library.skipped == []
    note = library.notes.iloc[library.find("guitar_synthetic_003-051-100")]
    assert (note["instrument"], note["family"], note["source"]) == ("guitar_synthetic_003", "guitar", "synthetic")
    assert (note["pitch"], note["velocity"], note["pitch_estimated"]) == (51, 100, False)
    assert library.load(0, 8_000).shape == (8_000,)
    with pytest.raises(TimbreError, match="no note 'nothing'"):
        library.find("nothing")


def test_truncated_examples_keep_what_is_whole(nsynth: Path) -> None:
    text = (nsynth / "examples.json").read_text()
    (nsynth / "examples.json").write_text(text[: len(text) * 2 // 3])
    library = open_library([nsynth])
    assert 28 <= len(library) <= 32
    [(file, reason)] = library.skipped
    assert file.endswith("examples.json")
    assert "truncated or damaged at line" in reason


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"{}", "is empty"),
        (b"[1, 2]", "it holds a list where NSynth has an object"),
        (b"null", "it holds something else"),
        (b"\x00\x01", "it is no text file"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "it is no text file"),
        (b"{", "truncated or damaged at line 1"),
        (b'{"a"', "truncated or damaged at line 1"),
    ],
)
def test_useless_examples_are_one_clear_error(nsynth: Path, content: bytes, what: str) -> None:
    (nsynth / "examples.json").write_bytes(content)
    with pytest.raises(TimbreError, match=r"no usable note: .*examples\.json") as caught:
        open_library([nsynth])
    told = str(caught.value)
    assert what in told
    assert "\n" not in told
    assert "such" not in told


def test_paths_and_nan_among_the_entries_are_named(nsynth: Path) -> None:
    names = edit_examples(nsynth, n0={"pitch": float("nan")}, n1={"velocity": float("nan")})
    path = nsynth / "examples.json"
    examples = json.loads(path.read_text())
    entry = examples[names[2]]
    path.write_text(json.dumps(examples | {"../../outside": entry, "/etc/passwd": entry, "a\\b": entry}))
    library = open_library([nsynth])
    assert len(library) == len(examples) - 2
    reasons = [reason for _, reason in library.skipped]
    assert sum("is NaN: write a number" in reason for reason in reasons) == 2
    assert sum("no note's name but a path" in reason for reason in reasons) == 3
    assert all(str(nsynth) in file for file, _ in library.skipped)


def test_bad_entries_are_named_and_the_rest_goes_on(nsynth: Path) -> None:
    names = edit_examples(
        nsynth,
        n0={"pitch": 300},
        n1={"pitch": None},
        n2={"instrument_family_str": 7},
        n3={"pitch": "60"},
        n4={"velocity": -1},
        n5={"pitch": True},
    )
    (nsynth / "audio" / f"{names[6]}.wav").unlink()
    library = open_library([nsynth])
    assert len(library) == 41
    reasons = {Path(file).stem: reason for file, reason in library.skipped}
    assert set(reasons) == set(names[:7])
    assert "pitch 300 is outside 0-127" in reasons[names[0]]
    assert "no 'pitch'" in reasons[names[1]]
    assert "'instrument_family_str'" in reasons[names[2]]
    assert "'pitch' in examples.json is '60'" in reasons[names[3]]
    assert "velocity -1 is outside 0-127" in reasons[names[4]]
    assert "True" in reasons[names[5]]
    assert "missing" in reasons[names[6]]


def test_entries_cannot_name_files_elsewhere(nsynth: Path, tmp_path: Path) -> None:
    examples = json.loads((nsynth / "examples.json").read_text())
    first = next(iter(examples))
    shutil.copy(nsynth / "audio" / f"{first}.wav", tmp_path / "secret.wav")
    examples["../../secret"] = examples[first]
    (nsynth / "examples.json").write_text(json.dumps(examples))
    library = open_library([nsynth])
    assert "../../secret" not in set(library.notes["note_id"])
    assert len(library.skipped) == 1


def test_bad_audio_is_an_error_of_that_note_alone(nsynth: Path) -> None:
    library = open_library([nsynth])
    path = nsynth / library.notes["audio"].iat[5]
    path.write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=path.name):
        library.load(5, 16_000)
    assert len(library.load(6, 16_000)) == 16_000


def test_official_splits_are_kept(tiny_nsynth: Path, tmp_path: Path) -> None:
    for name in ("nsynth-train", "nsynth-test"):
        shutil.copytree(tiny_nsynth, tmp_path / name)
    names = edit_examples(tmp_path / "nsynth-train")
    for split, keep in (("nsynth-train", names[:30]), ("nsynth-test", names[29:])):
        examples = json.loads((tmp_path / split / "examples.json").read_text())
        (tmp_path / split / "examples.json").write_text(json.dumps({name: examples[name] for name in keep}))
    edit_examples(tmp_path / "nsynth-test", n1={"pitch": 200})
    both = open_library([tmp_path])
    assert dict(both.notes["split"].value_counts()) == {"train": 30, "test": 17}
    assert both.notes["note_id"].is_unique
    assert both.notes["audio"].iat[40].startswith("nsynth-test/audio/")
    assert both.load(40, 16_000).shape == (16_000,)
    assert [reason.split(":")[0] for _, reason in both.skipped] == [
        "pitch 200 is outside 0-127",
        "its name occurs twice",
    ]
    alone = open_library([tmp_path / "nsynth-test"])
    assert len(alone) == 18
    assert set(alone.notes["split"]) == {"test"}


@needs_nsynth
def test_real_nsynth_notes() -> None:
    library = open_library([NSYNTH])
    notes = library.notes
    assert (len(notes), notes["instrument"].nunique(), notes["family"].nunique()) == (3360, 42, 10)
    assert library.skipped == []
    held_out = notes.drop_duplicates("instrument").groupby("split")
    assert {name: len(group) for name, group in held_out} == {"test": 8, "train": 30, "valid": 4}
    assert held_out.get_group("test")["family"].nunique() == 8
    assert held_out.get_group("train")["family"].nunique() == 10
    for i in (0, 1700, 3359):
        audio = library.load(i, 16_000)
        assert audio.shape == (64_000,)
        assert 0.1 < np.abs(audio).max() <= 1


# -- Libraries of several roots --------------------------------------------------------------------------------------


def test_roots_are_split_on_their_own_and_told_apart(tiny_nsynth: Path, nsynth: Path) -> None:
    alone = open_library([tiny_nsynth])
    both = open_library([tiny_nsynth, nsynth])
    assert len(both) == 96
    assert both.notes["note_id"].is_unique
    assert both.notes["instrument"].nunique() == 16
    first = both.notes[both.notes["root"] == 0]
    assert list(first["split"]) == list(alone.notes["split"])
    assert first["note_id"].iat[0] == "tiny+" + alone.notes["note_id"].iat[0]
    np.testing.assert_array_equal(both.load(0, 16_000), both.load(48, 16_000))
    with pytest.raises(TimbreError, match="given twice"):
        open_library([tiny_nsynth, str(tiny_nsynth) + "/../tiny"])


def test_fingerprint_follows_the_data(nsynth: Path) -> None:
    library = open_library([nsynth])
    before = library.fingerprint()
    assert open_library([nsynth]).fingerprint() == before
    moved = nsynth.rename(nsynth.with_name("moved"))
    assert open_library([moved]).fingerprint() == before
    edit_examples(moved, n0={"pitch": 61})
    relabelled = open_library([moved]).fingerprint()
    assert relabelled != before
    library = open_library([moved])
    path = moved / library.notes["audio"].iat[7]
    shutil.copy(moved / library.notes["audio"].iat[8], path)
    os.utime(path, (1, 1))
    assert library.fingerprint() != relabelled


def test_library_travels_to_workers(tiny_nsynth: Path) -> None:
    library = open_library([tiny_nsynth, "starter"])
    audio = library.load(60, 16_000)
    copy: Library = pickle.loads(pickle.dumps(library))  # noqa: S301 - what multiprocessing does
    np.testing.assert_array_equal(copy.load(60, 16_000), audio)


@pytest.mark.parametrize("make", ["missing", "empty", "file", "nothing"])
def test_roots_that_hold_nothing(tmp_path: Path, make: str) -> None:
    root = tmp_path / "root"
    if make == "empty":
        root.mkdir()
    if make == "file":
        root.write_text("hello")
    with pytest.raises(TimbreError) as caught:
        open_library([root] if make != "nothing" else [])
    assert "\n" not in str(caught.value)
    assert make == "nothing" or str(root) in str(caught.value)


# -- Labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "midi"),
    [("60", 60), ("C4", 60), ("A4", 69), ("C#4", 61), ("Cs4", 61), ("Bb3", 58), ("b3", 59), ("C-1", 0), ("60.5", 60.5)],
)
def test_pitch_names(text: str, midi: float) -> None:
    assert parse_pitch(text) == midi


@pytest.mark.parametrize("text", ["", "H4", "C", "four", "C44", "nan", "NaN"])
def test_what_is_no_pitch(text: str) -> None:
    with pytest.raises(TimbreError, match="neither a MIDI number nor a note name"):
        parse_pitch(text)


def test_a_link_that_leads_nowhere_is_skipped_like_any_bad_file(tiny_nsynth: Path, tmp_path: Path) -> None:
    folder = tmp_path / "linked"
    shutil.copytree(tiny_nsynth, folder)
    lost = sorted((folder / "audio").iterdir())[0]
    lost.unlink()
    lost.symlink_to(tmp_path / "nowhere.wav")
    library = open_library([folder])
    assert len(library.fingerprint()) == 64
    with pytest.raises(AudioError, match="no such file"):
        library.load(library.find(lost.stem), 16_000)
