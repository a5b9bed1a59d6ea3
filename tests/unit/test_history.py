"""Reading the history of a training that runs, was damaged, or is not there."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from timbre_core.checkpoint import list_trainings
from timbre_core.errors import TimbreError
from timbre_core.training.history import append_epoch, read_epochs


def record(epoch: int, recon: float = 0.5) -> dict:
    return {"epoch": epoch, "beta": 1.0, "train": {"recon": recon}, "val": {"recon": recon / 2}}


def test_columns_by_name(tmp_path: Path) -> None:
    assert len(read_epochs(tmp_path)) == 0
    for epoch in (1, 2, 3):
        append_epoch(tmp_path, record(epoch, 1 / epoch))
    epochs = read_epochs(tmp_path)
    assert len(epochs) == 3
    assert epochs.columns["epoch"] == [1, 2, 3]
    assert epochs.columns["train.recon"] == [1, 1 / 2, 1 / 3]
    assert epochs.columns["val.recon"] == [1 / 2, 1 / 4, 1 / 6]
    assert (epochs.damaged, epochs.gaps) == ([], [])


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", '"text"', "3", '{"epoch": "one"}', '{"step": 4}', "\ufffd\u0000", "[" * 100_000, '{"epoch": NaN}'],
)
def test_damaged_lines_are_left_out_and_named(tmp_path: Path, line: str) -> None:
    lines = [json.dumps(record(1)), line, "", json.dumps(record(2))]
    (tmp_path / "history.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    epochs = read_epochs(tmp_path)
    assert epochs.columns["epoch"] == [1, 2]
    assert epochs.damaged == [2]


def test_a_line_that_is_being_written_waits(tmp_path: Path) -> None:
    whole, half = json.dumps(record(1)), json.dumps(record(2))[:20]
    (tmp_path / "history.jsonl").write_text(f"{whole}\n{half}")
    epochs = read_epochs(tmp_path)
    assert epochs.columns["epoch"] == [1]
    assert epochs.damaged == []


def test_values_that_are_no_numbers_are_gaps(tmp_path: Path) -> None:
    lines = [
        '{"epoch": 1, "val": {"recon": NaN}}',
        '{"epoch": 2, "val": {"recon": 0.5}}',
        '{"epoch": 3, "val": {"recon": "a"}}',
        '{"epoch": 4, "val": {"recon": 1e999}}',
        '{"epoch": 5}',
    ]
    (tmp_path / "history.jsonl").write_text("\n".join(lines) + "\n")
    epochs = read_epochs(tmp_path)
    assert [math.isfinite(value) for value in epochs.columns["val.recon"]] == [False, True, False, False, False]
    assert epochs.gaps == [1, 3, 4], "epoch 5 says nothing about it, which is no damage"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_bytes(b"\xff\xfe\n" + json.dumps(record(2)).encode() + b"\n")
    epochs = read_epochs(tmp_path)
    assert epochs.columns["epoch"] == [2]
    assert epochs.damaged == [1]


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(TimbreError, match="does not exist"):
        read_epochs(tmp_path / "gone")


def test_unfinished_trainings_are_listed(tmp_path: Path) -> None:
    for name in ("b.training", "a.training", "done", ".x.training"):
        (tmp_path / name).mkdir()
    (tmp_path / "file.training").write_text("")
    assert [path.name for path in list_trainings(tmp_path)] == ["a.training", "b.training"]
    assert list_trainings(tmp_path / "nowhere") == []
