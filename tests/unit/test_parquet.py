"""Parquet libraries and the starter library: what they hold, read note by note, damaged ones named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.test_datasets import REPOSITORY
from timbre_core.datasets.general_midi import FAMILIES
from timbre_core.datasets.library import open_library
from timbre_core.datasets.starter import starter_path
from timbre_core.errors import TimbreError
from timbre_core.features.audio import AudioError


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


_CUT_SHORT = """
import os, sys
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
library = open_library([sys.argv[1]], progress=False)
library.load(0, 16000)
os.truncate(sys.argv[1], os.path.getsize(sys.argv[1]) // 2)
try:
    library.load(len(library) - 1, 16000)
except TimbreError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let anybody cut a file that is open")
def test_a_library_that_is_cut_short_while_it_is_open_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.parquet"
    path.write_bytes(starter_path().read_bytes())
    command = [sys.executable, "-c", _CUT_SHORT, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=REPOSITORY)
    assert done.returncode == 0
    assert done.stdout.startswith(str(path)), done.stderr
    assert "get the file again" in done.stdout


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


def test_why_no_row_can_be_used_is_told_and_decimals_are_numbers(tmp_path: Path) -> None:
    sound = pq.read_table(starter_path()).slice(0, 1).to_pylist()[0]["audio"]
    path = tmp_path / "a.parquet"
    audio = pa.array([{"bytes": sound, "path": "a.wav"}])
    pq.write_table(pa.table({"audio": audio, "pitch": ["high"]}), path)
    with pytest.raises(TimbreError, match=r"no usable note: pitch 'high' is neither .*\(1 such\)"):
        open_library([path])
    pq.write_table(pa.table({"audio": audio, "pitch": pa.array([61], pa.decimal128(5, 1))}), path)
    assert open_library([path]).notes["pitch"].tolist() == [61]


@pytest.mark.parametrize("kind", [pa.list_(pa.uint8()), pa.large_list(pa.uint8()), pa.list_(pa.int8())])
@pytest.mark.parametrize("inside", [False, True])
def test_bytes_may_be_in_lists_and_pitches_in_hz(tmp_path: Path, kind: pa.DataType, inside: bool) -> None:
    starter = pq.read_table(starter_path(), columns=["audio"]).slice(0, 2).column(0).to_pylist()
    numbers = [np.frombuffer(sound, np.int8 if kind.value_type == pa.int8() else np.uint8) for sound in starter]
    audio = pa.array(numbers, kind)
    if inside:
        audio = pa.StructArray.from_arrays([audio, pa.array(["x.flac", "y.flac"])], ["bytes", "path"])
    path = tmp_path / "train.parquet"
    pq.write_table(pa.table({"audio": audio, "Frequency (Hz)": [261.6256, 440.0], "instrument": ["a", "b"]}), path)
    library = open_library([path])
    assert library.notes["pitch"].tolist() == [60, 69]
    assert any("pitch from 'Frequency (Hz)', which is in Hz" in sentence for sentence in library.said)
    for row in range(2):
        np.testing.assert_array_equal(library.load(row, 16_000), open_library(["starter"]).load(row, 16_000))


def test_samples_and_their_rate_may_be_in_two_columns_and_whole_numbers(tmp_path: Path) -> None:
    note = open_library(["starter"]).load(0, 16_000)
    whole = np.round(note * 32767).astype(np.int16)
    rate = pa.array([16_000])
    struct = pa.StructArray.from_arrays([pa.array([whole]), rate], ["array", "sampling_rate"])
    floats = pa.array([note], pa.list_(pa.float32()))
    for table in (
        {"audio": floats, "sr": rate},
        {"audio": pa.array([whole]), "sampling_rate": rate},
        {"audio": struct},
        {"waveform": pa.array([whole], pa.large_list(pa.int16())), "sample_rate": pa.array([16e3])},
    ):
        pq.write_table(pa.table({**table, "midi": [60]}), tmp_path / "a.parquet")
        library = open_library([tmp_path / "a.parquet"])
        assert library.notes["pitch"].tolist() == [60]
        assert not any("not used" in sentence for sentence in library.said)
        np.testing.assert_allclose(library.load(0, 16_000), note, atol=1e-4)


@pytest.mark.parametrize("scale", [2**15 - 1, 2**31 - 128])
def test_numbers_of_32_bits_may_hold_samples_of_16(tmp_path: Path, scale: int) -> None:
    note = open_library(["starter"]).load(0, 16_000)
    whole = np.round(note.astype(np.float64) / np.abs(note).max() * scale).astype(np.int32)
    audio = pa.StructArray.from_arrays([pa.array([whole]), pa.array([16_000])], ["array", "sampling_rate"])
    pq.write_table(pa.table({"audio": audio, "midi": [60]}), tmp_path / "a.parquet")
    loaded = open_library([tmp_path / "a.parquet"]).load(0, 16_000)
    np.testing.assert_allclose(loaded, note / np.abs(note).max(), atol=1e-4)


def test_folders_above_the_root_are_no_labels(tmp_path: Path) -> None:
    sound = pq.read_table(starter_path(), columns=["audio"]).slice(0, 1).to_pylist()[0]["audio"]
    path = tmp_path / "family=reed" / "instrument=oboe" / "part-0.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"audio": pa.array([{"bytes": sound}]), "key": [60]}), path)
    for root, labels in (
        (tmp_path, ("oboe", "reed")),
        (path.parent.parent, ("oboe", "unknown")),
        (path.parent, ("unknown", "unknown")),
        (path, ("unknown", "unknown")),
    ):
        notes = open_library([root]).notes
        assert (notes["instrument"].item(), notes["family"].item()) == labels


def test_folders_of_partitions_are_labels_and_remarks_are_none(tmp_path: Path) -> None:
    sound = pq.read_table(starter_path(), columns=["audio"]).slice(0, 1).to_pylist()[0]["audio"]
    for name in ("cor%20anglais", "__HIVE_DEFAULT_PARTITION__"):
        path = tmp_path / f"instrument={name}" / "family=reed" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({"audio": pa.array([{"bytes": sound}]), "note": ["a fine one"], "key": [60]}), path)
    library = open_library([tmp_path])
    assert sorted(library.notes["instrument"]) == ["cor anglais", "unknown"]
    assert library.notes["family"].tolist() == ["reed"] * 2
    assert library.notes["pitch"].tolist() == [60] * 2
    assert any("not used: 'note'" in sentence for sentence in library.said)


def test_opening_data_imports_no_heavy_library() -> None:
    code = (
        "import sys; from timbre_core.datasets.library import open_library; open_library(['starter']).load(0, 16000); "
        "print([m for m in ('torch', 'librosa', 'numba', 'umap', 'sklearn', 'streamlit') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=120
    )
    assert result.stdout.strip() == "[]"
