"""Folds: the numbered parts of a data set made for cross-validation, as splits.

ESC-50 has a column `fold` from 1 to 5, UrbanSound8K folders from `fold1` to `fold10`. One training takes one of the rounds: the
last fold is tested on, the one before it validated on, the others are trained on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from timbre_core.datasets.label_values import Labels

_FOLD = re.compile(r"(?P<word>k?fold[-_ ]?)?(?P<number>[0-9]{1,3})(?:\.0+)?", re.IGNORECASE)
_FEWEST = 3


def fold_number(text: str, named: bool = False) -> int | None:
    """The fold that a text means (`3`, `3.0`, `fold3`), None for others; named: only with the word, as folders have it."""
    found = _FOLD.fullmatch(text.strip())
    return int(found["number"]) if found and (found["word"] or not named) else None


def folds_to_splits(rows: Iterable[Labels], others: Iterable[int] = ()) -> str:
    """Turn splits that are numbers of folds into train, valid and test; returns a sentence on it, empty where they are none.

    Fewer than three folds divide nothing: then the notes are without a split. others: folds that notes elsewhere have.
    """
    given = [row for row in rows if row.get("split")]
    folds = [fold for row in given if (fold := fold_number(row["split"])) is not None]
    if not folds or len(folds) < len(given):
        return ""
    numbers = sorted({*folds, *others})
    if len(numbers) < _FEWEST:
        for row in given:
            del row["split"]
        shown = ", ".join(map(str, numbers))
        return f"split not used: its numbers ({shown}) are too few to be folds: write train, valid and test"
    *_, valid, test = numbers
    names = {valid: "valid", test: "test"}
    for row, fold in zip(given, folds, strict=True):
        row["split"] = names.get(fold, "train")
    return f"split from folds: {test} is test, {valid} is valid, the others are train"
