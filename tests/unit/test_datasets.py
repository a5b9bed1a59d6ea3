"""Libraries: NSynth folders (whole and damaged), official and made splits, several roots, Parquet, the starter."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from timbre_core.datasets.general_midi import FAMILIES
from timbre_core.datasets.library import Library, open_library
from timbre_core.datasets.notes import NOTE_COLUMNS, parse_pitch
from timbre_core.datasets.settings import SplitSettings
from timbre_core.datasets.splits import assign_splits
from timbre_core.datasets.starter import starter_path
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


# -- Splits ----------------------------------------------------------------------------------------------------------


def notes_of(families: dict[str, int], notes_each: int = 3) -> pd.DataFrame:
    rows = [
        (f"{family}_{i}-{k}", f"{family}_{i}", family)
        for family, count in families.items()
        for i in range(count)
        for k in range(notes_each)
    ]
    return pd.DataFrame(rows, columns=["note_id", "instrument", "family"])


@pytest.mark.parametrize("seed", range(20))
def test_splits_are_disjoint_by_instrument(seed: int) -> None:
    rng = np.random.default_rng(seed)
    notes = notes_of({f"family{i}": int(rng.integers(1, 12)) for i in range(int(rng.integers(1, 9)))})
    settings = SplitSettings(seed=seed)
    split = assign_splits(notes, settings)
    by_split = {name: set(group) for name, group in notes["instrument"].groupby(split)}
    names = list(by_split)
    assert all(not by_split[a] & by_split[b] for a in names for b in names if a != b)
    instruments = notes.drop_duplicates("instrument")
    sizes = instruments["family"].value_counts()
    if len(instruments) >= 10 and sizes.max() > 1:
        test, valid = len(by_split.get("test", ())), len(by_split.get("valid", ()))
        spare = int((sizes - 1).sum())
        assert test == min(spare, max(1, round(0.2 * len(instruments))))
        assert valid == min(spare - test, max(1, round(0.1 * len(instruments))))
    if sizes.max() > 1:
        # Every family keeps an instrument to train on.
        assert set(instruments["family"]) == set(notes.loc[split == "train", "family"])


def test_test_split_covers_families_before_repeating_one() -> None:
    notes = notes_of({"a": 20, "b": 4, "c": 4, "d": 2, "e": 1})
    test = notes[assign_splits(notes) == "test"].drop_duplicates("instrument")
    assert len(test) == 6
    assert set(test["family"]) == {"a", "b", "c", "d"}
    assert test["family"].value_counts().max() == 3


def test_splits_depend_on_names_and_seed_alone() -> None:
    notes = notes_of({"a": 9, "b": 5, "c": 1})
    split = assign_splits(notes)
    shuffled = notes.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(assign_splits(shuffled).sort_index(), split)
    more = pd.concat([notes, notes.assign(note_id=notes["note_id"] + "x")], ignore_index=True)
    pd.testing.assert_series_equal(assign_splits(more)[: len(notes)], split)
    seeds = {tuple(assign_splits(notes, SplitSettings(seed=seed))) for seed in range(8)}
    assert len(seeds) > 4
    # Known answer: the same on every machine and in every version to come, or published splits would change.
    held_out = notes[split != "train"].drop_duplicates("instrument")["instrument"]
    assert dict(zip(held_out, split[held_out.index], strict=True)) == KNOWN_SPLIT


KNOWN_SPLIT = {"a_2": "valid", "a_4": "test", "a_5": "test", "b_0": "test", "b_3": "valid"}


@pytest.mark.parametrize(
    ("families", "expected"), [({"a": 1}, {"train", "valid"}), ({"a": 2}, {"train", "test", "valid"})]
)
def test_splits_of_very_few_instruments(families: dict[str, int], expected: set[str]) -> None:
    assert set(assign_splits(notes_of(families))) == expected


def test_splits_where_every_family_is_one_instrument() -> None:
    split = assign_splits(notes_of({f"f{i}": 1 for i in range(10)}, notes_each=1))
    assert dict(split.value_counts()) == {"train": 7, "test": 2, "valid": 1}


def test_no_held_out_shares() -> None:
    assert set(assign_splits(notes_of({"a": 9}), SplitSettings(valid=0, test=0))) == {"train"}


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


# -- Parquet and the starter library ---------------------------------------------------------------------------------


def test_starter_contents() -> None:
    library = open_library(["starter"])
    notes = library.notes
    assert len(notes) >= 2400
    assert notes["instrument"].nunique() >= 120
    assert set(notes["family"]) == set(FAMILIES)
    assert (notes.groupby("instrument").size() >= 6).all()
    assert not notes.duplicated(["instrument", "pitch", "velocity"]).any()
    assert notes["pitch"].nunique() > 70
    assert set(notes["split"]) == {"train", "valid", "test"}
    assert starter_path().stat().st_size <= 36e6
    measured = pq.read_table(starter_path(), columns=["brightness", "attack", "noisiness", "f0"]).to_pandas()
    assert measured[["brightness", "attack", "f0"]].gt(0).all(axis=None)
    assert measured["noisiness"].dropna().between(0, 1).all()
    octaves = 12 * np.log2(measured["f0"] / 440) + 69 - notes["pitch"]
    assert (np.abs((octaves + 6) % 12 - 6) < 1).all()
    origin = json.loads(pq.read_schema(starter_path()).metadata[b"timbre_library"])
    assert "Frank Wen" in origin["license"]
    assert "S. Christian Collins" in origin["license"]
    assert "Permission is hereby granted" in origin["license"]
    assert (starter_path().parent / "starter-NOTICE.txt").read_text(encoding="utf-8") == origin["license"]


def test_starter_audio_has_the_pitch_it_says() -> None:
    from timbre_core.features.pitch import estimate_f0

    library = open_library(["starter"])
    rows = np.random.default_rng(0).permutation(len(library))[:60]
    errors = []
    for i in map(int, rows):
        audio = library.load(i, 16_000)
        assert 16_000 <= len(audio) <= 4 * 16_000
        assert 0.1 < np.abs(audio).max() < 1.1
        errors.append(estimate_f0(audio, 16_000, 20, 7000).midi - library.notes["pitch"].iat[i])
    octaves = np.abs(np.asarray(errors) - 12 * np.round(np.asarray(errors) / 12))
    assert np.mean(octaves < 0.5) > 0.93


def test_labels_and_single_notes_are_read_without_the_other_audio(tmp_path: Path) -> None:
    """Everything but the first and last row group is overwritten: reading it would fail."""
    path = tmp_path / "damaged.parquet"
    content = bytearray(starter_path().read_bytes())
    metadata = pq.read_metadata(starter_path())
    audio = metadata.schema.names.index("audio")
    chunks = [metadata.row_group(i).column(audio) for i in range(metadata.num_row_groups)]
    assert max(chunk.total_compressed_size for chunk in chunks) < 1.5e6
    for chunk in chunks[1:-1]:
        start = chunk.data_page_offset
        content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(content)
    library, whole = open_library([path]), open_library(["starter"])
    pd.testing.assert_frame_equal(library.notes, whole.notes)
    for i in (0, len(library) - 1):
        np.testing.assert_array_equal(library.load(i, 16_000), whole.load(i, 16_000))
    with pytest.raises(TimbreError, match="damaged"):
        library.load(len(library) // 2, 16_000)


@pytest.mark.parametrize("damage", ["truncated", "not_parquet", "other_table"])
def test_damaged_parquet_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "library.parquet"
    if damage == "truncated":
        path.write_bytes(starter_path().read_bytes()[:1_000_000])
    elif damage == "not_parquet":
        path.write_text("hello")
    else:
        pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(TimbreError, match=r"library\.parquet") as caught:
        open_library([path])
    assert "\n" not in str(caught.value)


def test_parquet_rows_with_bad_labels_or_audio(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    good = pq.read_table(starter_path()).slice(0, 3).to_pylist()
    pd.DataFrame(
        {
            "note_id": ["a", "b", "c"],
            "instrument": "x",
            "pitch": [60.0, 300.0, 62.0],
            "audio": [good[0]["audio"], good[1]["audio"], None],
        }
    ).to_parquet(path)
    library = open_library([path])
    assert list(library.notes["note_id"]) == ["a", "c"]
    assert "pitch 300" in library.skipped[0][1]
    assert len(library.load(0, 16_000)) >= 16_000
    with pytest.raises(AudioError, match=r"own\.parquet, note c"):
        library.load(1, 16_000)


def test_opening_data_imports_no_heavy_library() -> None:
    code = (
        "import sys; from timbre_core.datasets.library import open_library; open_library(['starter']).load(0, 16000); "
        "print([m for m in ('torch', 'librosa', 'numba', 'umap', 'sklearn', 'streamlit') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=120
    )
    assert result.stdout.strip() == "[]"


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


def test_a_single_instrument_is_divided_by_note() -> None:
    notes = notes_of({"vocal": 1}, notes_each=40)
    split = assign_splits(notes, SplitSettings())
    assert dict(split.value_counts()) == {"train": 36, "valid": 4}
    shuffled = notes.sample(frac=1, random_state=1)
    assert assign_splits(shuffled, SplitSettings()).sort_index().equals(split)
    assert set(assign_splits(notes, SplitSettings(valid=0))) == {"train"}


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
