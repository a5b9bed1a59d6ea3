"""Columns of labels by their names and by what their cells say: a column `note` of remarks is none of pitches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence

from timbre_core.datasets.columns import Columns, match_columns, plain_name
from timbre_core.datasets.dynamics import read_velocity
from timbre_core.datasets.folds import fold_number
from timbre_core.datasets.helmholtz import speaks_helmholtz
from timbre_core.datasets.pitch_columns import are_pitch_classes
from timbre_core.datasets.pitch_names import GERMAN, read_pitch
from timbre_core.datasets.split_names import WORDS
from timbre_core.errors import TimbreError

_EMPTY = frozenset(["n/a", "#n/a", "na", "nan", "none", "null", "nil", "-", "--", "?"])
"""What spreadsheets and programs write into a cell that has no value."""


def match_checked(names: Sequence[str], fields: Iterable[str], cells: Callable[[str], list[str]]) -> Columns:
    """As `match_columns`; a column of another name than its field counts only where its cells say such things.

    cells: those of a column, empty where they have no value.
    """
    wanted = list(fields)
    columns = match_columns(names, wanted)
    doubtful = [
        name
        for field, name in columns.of.items()
        if plain_name(name) != field
        and not _says(field, name, cells(name))
        and not (field == "pitch" and "octave" in columns.of and are_pitch_classes(cells(name)))
    ]
    if doubtful:
        columns = match_columns([name for name in names if name not in doubtful], wanted)
        columns = Columns(columns.of, [*columns.unused, *doubtful])
    return columns


def cell_text(text: str | None) -> str:
    """What a cell says, empty where it says that it has no value."""
    plain = (text or "").strip()
    if len(plain) > 2 and plain[0] == plain[-1] == "'":
        plain = plain[1:-1].strip()
    return "" if plain.casefold() in _EMPTY else plain


_CHECKS: dict[str, Callable[[str], object]] = {
    "pitch": lambda text: read_pitch(text, GERMAN),
    "velocity": read_velocity,
    "split": lambda text: WORDS[text.lower()],
    "transpose": float,
}


def _says(field: str, column: str, cells: list[str]) -> bool:
    """Whether the cells of a column of another name say what a field holds."""
    return _most(_check(field, column), cells) or (field == "pitch" and speaks_helmholtz(map(cell_text, cells)))


def _check(field: str, column: str) -> Callable[[str], object] | None:
    """What the cells of a column of another name must be to be taken for a field; numbers are folds where it says so."""
    if field == "split" and "fold" in plain_name(column):
        return _fold
    return _CHECKS.get(field)


def _fold(text: str) -> int:
    number = fold_number(text)
    if number is None:
        raise ValueError(text)
    return number


def _most(check: Callable[[str], object] | None, cells: list[str]) -> bool:
    """Whether `check` accepts more than half of the cells that are not empty."""
    filled = list(filter(None, map(cell_text, cells)))
    if check is None or not filled:
        return check is None
    good = 0
    for cell in filled:
        with contextlib.suppress(TimbreError, ValueError, KeyError):
            check(cell)
            good += 1
    return 2 * good > len(filled)
