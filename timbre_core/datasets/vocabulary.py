"""What a library's notes, families and instruments are called, and how its recordings are to be had.

Every library has the same label columns (see datasets.notes); of some, people call them by other names: a spoken digit is
the family of its recording, and its speaker the instrument.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Vocabulary:
    """Words for a library: singular, in the middle of a sentence.

    take: what a number counts that tells like notes apart, as in `take 7`; may be empty. fetch: the command that brings
    recordings that do not ship; empty where there is none.
    """

    note: str = "note"
    family: str = "family"
    instrument: str = "instrument"
    take: str = ""
    fetch: str = ""

    def title(self, column: str) -> str:
        """The word for a label column, `family` say, as a heading; empty for a column that has none here."""
        return {"family": self.family, "instrument": self.instrument}.get(column, "").capitalize()


@dataclass(frozen=True)
class _Kind:
    """A library that is known by what its notes' source and ids look like."""

    source: str
    ids: re.Pattern[str]
    words: Vocabulary


_KINDS = (
    _Kind(
        "speech",
        re.compile(r"(.*\+)?[0-9]_[A-Za-z0-9][A-Za-z0-9-]*_[0-9]+"),
        Vocabulary(
            note="recording",
            family="digit",
            instrument="speaker",
            take="take",
            fetch="python -m timbre_core prepare digits",
        ),
    ),
    _Kind("picture", re.compile(".*"), Vocabulary(note="picture", family="label")),
)


def vocabulary_of(notes: pd.DataFrame) -> Vocabulary:
    """The words for a table of notes (columns `note_id`, `source`): those of the library all of them are from, else the
    usual ones."""
    if "source" not in notes or notes.empty:
        return Vocabulary()
    sources, first = notes["source"].unique(), str(notes["note_id"].iloc[0])
    known = (kind.words for kind in _KINDS if list(sources) == [kind.source] and kind.ids.fullmatch(first))
    return next(known, Vocabulary())


def shared_vocabulary(each: Iterable[Vocabulary]) -> Vocabulary:
    """The words for notes of several libraries: those that all of them share, else the usual ones."""
    found = set(each)
    return found.pop() if len(found) == 1 else Vocabulary()


def id_part(note_id: str, *told: str) -> str:
    """What a note's id says beyond the labels `told`, each taken out once: `32` of `7_jackson_32` told 7 and jackson.

    The whole id where nothing is left.
    """
    rest = note_id
    for label in filter(None, told):
        rest = re.sub(rf"(?<![^\W_]){re.escape(label)}(?![^\W_])", "", rest, count=1)
    return rest.strip("_-+ .") or note_id
