"""What notes are called, and what tells those of the same labels apart."""

from __future__ import annotations

import pandas as pd
import pytest

from timbre_core.datasets.vocabulary import Vocabulary, id_part, vocabulary_of


def table(source: str | list[str], ids: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"note_id": ids, "source": source})


def test_spoken_digits_have_words_of_their_own() -> None:
    words = vocabulary_of(table("speech", ["7_jackson_32", "0_theo_1"]))
    assert (words.note, words.title("family"), words.title("instrument")) == ("recording", "Digit", "Speaker")
    assert words.fetch == "python -m timbre_core prepare digits"
    assert words.title("pitch") == ""
    assert vocabulary_of(table("speech", ["fsdd+7_jackson_32"])) == words, "from one of several libraries"


@pytest.mark.parametrize(
    "notes",
    [
        table("acoustic", ["7_jackson_32"]),
        table("speech", ["hello", "7_jackson_32"]),
        table(["speech", "acoustic"], ["7_jackson_32", "x"]),
        table("speech", []),
        pd.DataFrame({"note_id": ["7_jackson_32"]}),
    ],
)
def test_others_are_notes_of_instruments(notes: pd.DataFrame) -> None:
    assert vocabulary_of(notes) == Vocabulary()


@pytest.mark.parametrize(
    ("note_id", "told", "part"),
    [
        ("7_jackson_32", ("7", "jackson"), "32"),
        ("7_jackson_7", ("7", "jackson"), "7"),
        ("17_jackson_32", ("7", "jackson"), "17__32"),
        ("kick", ("kick",), "kick"),
        ("a.b", ("",), "a.b"),
    ],
)
def test_the_part_of_an_id_that_labels_do_not_say(note_id: str, told: tuple[str, ...], part: str) -> None:
    assert id_part(note_id, *told) == part
