"""Tables of labels as people keep them."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbre_core.datasets.table import find_tables, read_table

ROWS = "file,instrument,pitch\na.wav,oboe,60\nb.wav,tuba,C#4\n"


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        "\n\r\n" + ROWS,
        "# made by hand, in spring\n#\n" + ROWS,
        "#" + ROWS,
        ",,\n" + ROWS,
        "sep=,\n" + ROWS,
        ROWS.replace("oboe", "'oboe'").replace("a.wav", "'a.wav'"),
        ROWS.replace(",", "     "),
        ROWS.replace(",60", ",MIDI 60").replace("C#4", "61 (C#4)"),
    ],
)
def test_lines_before_the_header_quotes_and_blanks(tmp_path: Path, text: str) -> None:
    (tmp_path / "metadata.csv").write_text(text, encoding="utf-8", newline="")
    table = read_table(tmp_path, "metadata.csv", ["a.wav", "b.wav"])
    assert [given["instrument"] for given in table.labels.values()] == ["oboe", "tuba"]
    assert not table.skipped


def test_lines_are_counted_as_editors_count_them(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("# by hand\n\n" + ROWS + "c.wav,horn,62\n", encoding="utf-8")
    [(where, _)] = read_table(tmp_path, "metadata.csv", ["a.wav", "b.wav"]).skipped
    assert where.endswith("metadata.csv, line 6")


def test_a_second_ending_that_windows_hides() -> None:
    assert find_tables(["x/Metadata.csv.txt", "notes.csv.txt", "y/metadata.tsv"])[0] == [
        "x/Metadata.csv.txt",
        "y/metadata.tsv",
    ]


@pytest.mark.parametrize("fold", ["a", "4.5", "first", "C4", "-"])
def test_a_column_of_folds_that_are_none_is_told(tmp_path: Path, fold: str) -> None:
    (tmp_path / "metadata.csv").write_text(f"file,fold\na.wav,{fold}\nb.wav,{fold}\n", encoding="utf-8")
    table = read_table(tmp_path, "metadata.csv", ["a.wav", "b.wav"])
    assert list(table.labels.values()) == [{}, {}]
    assert table.said == [f"{tmp_path / 'metadata.csv'}: not used: column 'fold'"]
