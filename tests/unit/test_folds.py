"""Folds of data sets made for cross-validation become splits."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.synthetic import encoded, record
from timbre_core.datasets.folds import fold_number, folds_to_splits
from timbre_core.datasets.library import open_library


@pytest.mark.parametrize(
    ("text", "fold"), [("3", 3), ("3.0", 3), ("fold_3", 3), ("Fold 10", 10), ("train", None), ("-1", None)]
)
def test_numbers_of_folds(text: str, fold: int | None) -> None:
    assert fold_number(text) == fold
    assert fold_number(text, named=True) == (fold if text[0] in "fF" else None)


def test_words_and_numbers_together_are_no_folds() -> None:
    rows = [{"split": "train"}, {"split": "1"}, {}]
    assert folds_to_splits(rows) == ""
    assert rows == [{"split": "train"}, {"split": "1"}, {}]


@pytest.mark.parametrize("column", ["split", "fold", "Fold"])
def test_the_last_fold_is_test_and_the_one_before_it_valid(tmp_path: Path, column: str) -> None:
    lines = [f"file,instrument,pitch,{column}"]
    for fold in range(1, 6):
        record(tmp_path / f"{fold}.wav", 60 + fold)
        lines.append(f"{fold}.wav,i{fold},{60 + fold},{fold}")
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    library = open_library([tmp_path])
    assert library.notes.sort_values("pitch")["split"].tolist() == ["train", "train", "train", "valid", "test"]
    assert any("split from folds: 5 is test, 4 is valid, the others are train" in said for said in library.said)
    assert not library.skipped


def test_two_numbers_divide_nothing_and_are_told(tmp_path: Path) -> None:
    for number in range(10):
        record(tmp_path / f"{number}.wav", 60 + number)
    rows = "\n".join(f"{number}.wav,i{number},{60 + number},{number % 2}" for number in range(10))
    (tmp_path / "metadata.csv").write_text(f"file,instrument,pitch,split\n{rows}")
    library = open_library([tmp_path])
    assert set(library.notes["split"]) == {"train", "valid", "test"}
    assert any("its numbers (0, 1) are too few to be folds" in said for said in library.said)


def test_folders_called_folds_are_no_instruments(tmp_path: Path) -> None:
    for fold in range(1, 4):
        for name in ("Flute", "Oboe"):
            record(tmp_path / "audio" / f"fold{fold}" / name / f"{name}_{60 + fold}.wav", 60 + fold)
    notes = open_library([tmp_path]).notes
    assert set(notes["instrument"]) == {"Flute", "Oboe"}
    assert notes.set_index("pitch")["split"].to_dict() == {61: "train", 62: "valid", 63: "test"}


def test_shards_share_their_folds(tmp_path: Path) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    for shard, folds in enumerate(([1, 2, 3], [4, 5])):
        rows = {"fold": folds, "label": [f"i{fold}" for fold in folds]}
        audio = pa.array([{"bytes": encoded(), "path": f"{fold}.wav"} for fold in folds], kind)
        pq.write_table(pa.table(rows | {"audio": audio}), tmp_path / f"train-0000{shard}-of-00002.parquet")
    library = open_library([tmp_path], octave="off")
    assert library.notes.set_index("instrument")["split"].to_dict() == {
        **dict.fromkeys(("i1", "i2", "i3"), "train"),
        "i4": "valid",
        "i5": "test",
    }


def test_a_table_of_another_name_is_told_wherever_it_lies(tmp_path: Path) -> None:
    record(tmp_path / "audio" / "oboe_60.wav")
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text("filename,fold\noboe_60.wav,1\n")
    said = open_library([tmp_path]).said
    assert any(
        "meta/esc50.csv: not used: tables of labels are called metadata.csv, so rename it" in each for each in said
    )
