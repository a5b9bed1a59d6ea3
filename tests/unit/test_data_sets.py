"""Data sets that others made: NSynth's layout, Parquet shards, spoken digits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.synthetic import encoded, harmonic_note, record
from timbre_core.catalogue.labels import propose_labels
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError

NOTE = harmonic_note(60, 0.5, 0.5)


def write_nsynth(folder: Path, pitch: int = 60, ending: str = "wav") -> None:
    name = f"flute_acoustic_000-{pitch:03d}-100"
    record(folder / "audio" / f"{name}.{ending}", pitch)
    entry = {"instrument_str": "flute_acoustic_000", "instrument_family_str": "flute", "pitch": pitch, "velocity": 100}
    (folder / "examples.json").write_text(json.dumps({name: entry | {"instrument_source_str": "acoustic"}}))


@pytest.mark.parametrize("places", [["a/b/nsynth-test"], ["test"], ["train", "test"], ["."]])
def test_nsynth_wherever_it_lies(tmp_path: Path, places: list[str]) -> None:
    for number, place in enumerate(places):
        write_nsynth(tmp_path / place, 60 + number, "mp3" if place == "." else "wav")
    library = open_library([tmp_path])
    assert library.notes["source"].tolist() == ["acoustic"] * len(places)
    if len(places) == 2:
        assert library.notes["split"].tolist() == ["train", "test"]
    assert len(library.load(0, 16_000)) > 0


def test_nsynth_with_its_parts_moved_and_more_beside(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "test")):
        write_nsynth(tmp_path / split / "nsynth", 60 + number)
    (tmp_path / "train/nsynth/examples.json").rename(tmp_path / "train/nsynth/Examples.JSON")
    (tmp_path / "test/nsynth/audio").rename(tmp_path / "sounds")
    record(tmp_path / "mine" / "oboe_60.wav")
    library = open_library([tmp_path])
    assert library.notes["split"].tolist() == ["train", "test"]
    assert library.notes["audio"].str.rpartition("/")[0].tolist() == ["train/nsynth/audio", "sounds"]
    assert any("1 sound without an entry" in line and "oboe_60.wav" in line for line in library.said)


def test_a_pattern_that_is_not_used_is_told(tmp_path: Path) -> None:
    write_nsynth(tmp_path)
    said = open_library([tmp_path], pattern="{instrument}_{pitch}").said
    assert any("the pattern '{instrument}_{pitch}' is not used" in line for line in said)
    with pytest.raises(TimbreError, match="no label in it"):
        open_library([tmp_path], pattern="{take}")


def test_samples_and_their_rate_in_a_data_set(tmp_path: Path) -> None:
    audio = [{"array": NOTE.tolist(), "sampling_rate": 16_000, "path": "a.wav"}, {"array": None, "sampling_rate": 1}]
    pq.write_table(pa.table({"audio": pa.array(audio), "pitch": [60, 61]}), tmp_path / "data.parquet")
    library = open_library([tmp_path])
    np.testing.assert_allclose(library.load(0, 16_000), NOTE, atol=1e-6)
    with pytest.raises(TimbreError, match="column 'audio' of row 1 holds no samples"):
        library.load(1, 16_000)
    with pytest.raises(TimbreError, match="inside Parquet files"):
        propose_labels(tmp_path, {})


def test_shards_of_a_data_set(tmp_path: Path) -> None:
    about = {"info": {"features": {"label": {"_type": "ClassLabel", "names": ["viola", "oboe"]}}}}
    for shard, split in enumerate(("train", "train", "validation")):
        table = pa.table(
            {
                "audio": pa.array([{"bytes": encoded(), "path": f"n{shard}{row}.wav"} for row in range(2)]),
                "label": [0, 1],
                "midi": [60 + shard, 61 + shard],
                "text": ["a", "b"],
            }
        ).replace_schema_metadata({"huggingface": json.dumps(about)})
        name = f"{split}-{shard % 2:05d}-of-00002.parquet"
        (tmp_path / "data").mkdir(exist_ok=True)
        pq.write_table(table, tmp_path / "data" / name)
    library = open_library([tmp_path])
    assert library.notes["instrument"].tolist() == ["viola", "oboe"] * 3
    assert sorted(library.notes["pitch"]) == [60, 61, 61, 62, 62, 63]
    assert set(library.notes["split"]) == {"train", "valid"}
    assert any("pitch from 'midi'" in line and "'text'" in line for line in library.said)
    np.testing.assert_allclose(library.load(5, 16_000), NOTE, atol=1e-3)
    one = open_library([tmp_path / "data" / "train-00000-of-00002.parquet"])
    assert one.notes["note_id"].tolist() == ["n00", "n01"]


def test_bytes_are_never_told(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"audio": pa.array([{"bytes": b"\1\2" * 5000, "path": "n.wav"}]), "pitch": [60]}), path)
    library = open_library([path])
    with pytest.raises(TimbreError) as caught:
        library.load(0, 16_000)
    assert len(str(caught.value)) < 300


def test_takes_of_an_instrument_are_no_spoken_digits(tmp_path: Path) -> None:
    for take in range(10):
        record(tmp_path / "notes" / f"{take}_velvet_{60 + take}.wav", 60 + take)
        record(tmp_path / "spoken" / "07" / f"{take}_07_0.wav", 45)
        record(tmp_path / "spoken" / "12" / f"{take}_12_0.wav", 57)
    notes = open_library([tmp_path / "notes"]).notes
    assert sorted(notes["pitch"]) == list(range(60, 70))
    assert not notes["pitch_estimated"].any()
    spoken = open_library([tmp_path / "spoken"])
    assert set(spoken.notes["instrument"]) == {"07", "12"}
    assert set(spoken.notes["source"]) == {"speech"}
    assert any("spoken digits" in line for line in spoken.said)
