"""Where the notes of a library's table are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from timbre_core.datasets.roots import root_path


class Places(NamedTuple):
    """Read from a table's columns once: to ask the table for one value takes as long as to open a file.

    paths: of the roots. roots and audio: a note's root, as number, and where below it the note is, for each row.
    """

    notes: pd.DataFrame
    paths: list[Path]
    roots: list[int]
    audio: list[str]

    @classmethod
    def of(cls, notes: pd.DataFrame, roots: Sequence[str]) -> Places:
        return cls(
            notes, [root_path(root) for root in roots], notes["root"].tolist(), notes["audio"].astype(str).tolist()
        )
