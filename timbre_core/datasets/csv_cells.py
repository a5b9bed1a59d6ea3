"""Cells of written tables: spreadsheets run what begins like a formula, so that such a text gets an apostrophe in front.

The way of OWASP ("CSV Injection"). Nothing is lost: what begins with apostrophes and then like a formula gets one more, and a
reader takes one away.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_LIKE_A_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def harmless(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula; numbers, negative ones too, stay as they are."""
    if not _LIKE_A_FORMULA.match(text):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def as_meant(cell: str) -> str:
    """The text of a cell that `harmless` wrote."""
    return cell[1:] if cell.startswith("'") and _LIKE_A_FORMULA.match(cell) else cell


def csv_text(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as CSV, lines ended by a line feed, whose cells are `harmless`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([harmless(cell) for cell in row] for row in (head, *rows))
    return text.getvalue()


def frame_text(table: pd.DataFrame) -> str:
    """A frame as CSV without its index, as `csv_text` writes."""
    told = table.map(lambda cell: harmless(cell) if isinstance(cell, str) else cell)
    return str(told.rename(columns=harmless).to_csv(index=False, lineterminator="\n"))
