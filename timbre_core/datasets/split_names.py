"""What the three splits are called by others."""

from __future__ import annotations

import re

WORDS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "valid": "valid",
    "validation": "valid",
    "validate": "valid",
    "val": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
    "tst": "test",
    "eval": "test",
    "evaluation": "test",
}
_LAST_WORD = re.compile(r"(?:.*[-_. ])?([a-z]+)(?:[-_ ]?(?:data|set|split))?")


def split_of(name: str) -> str:
    """The split that a name means, as a whole or with its last word (`nsynth-test`); empty for others."""
    found = _LAST_WORD.fullmatch(name.strip().lower())
    return WORDS.get(found[1], "") if found else ""
