"""Names of instruments and families that mean one thing and are written in several ways."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from timbre_core.datasets.label_values import Labels

_SHOWN = 4  # spellings that are told
_MOST_COMPARED = 300  # names, each with each
_LETTERS = 5  # of a word in which one letter may be a slip
_BETWEEN = re.compile(r"(?<!\d)[\s_.-]+|[\s_.-]+(?!\d)")  # 1-2 is not 12


def one_spelling(name: str, labels: Sequence[Labels], known: Sequence[str] = ()) -> str:
    """Give labels `name` that differ in capitals, blanks and hyphens alone the most frequent spelling, or that of the `known`
    word that they are; returns a sentence on those that differed among each other, empty where none did."""
    counts = Counter(given[name] for given in labels if len(given.get(name, "")) > 1)
    others = {text: first for first, *rest in _alike(counts) for text in rest}
    spelt = {_plain(word): word for word in known}
    for given in labels:
        if given.get(name):
            given[name] = spelt.get(_plain(given[name])) or others.get(given[name], given[name])
    return f"{name} in another spelling is the same: {_shown(others)}" if others else ""


def near_names(name: str, labels: Sequence[Labels]) -> str:
    """A sentence on labels `name` that are two and may be meant for one; empty where there are none."""
    counts = Counter(given[name] for given in labels if given.get(name))
    pairs = {text: first for first, *rest in _alike(counts) for text in rest}
    if len(counts) <= _MOST_COMPARED:
        pairs |= {two: one for one, two in itertools.combinations(sorted(counts), 2) if _is_a_slip(one, two)}
    if not pairs:
        return ""
    shown = ", ".join(f"{first!r} and {text!r}" for text, first in list(pairs.items())[:_SHOWN])
    return f"{name} of near names, taken for two: {shown}: rename one where they are the same"


def _alike(counts: Counter[str]) -> list[list[str]]:
    """Names of one key, the most frequent first."""
    alike: dict[str, list[str]] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], not text.istitle(), text)):
        alike.setdefault(_plain(text) or text, []).append(text)
    return list(alike.values())


def _plain(text: str) -> str:
    return _BETWEEN.sub("", unicodedata.normalize("NFC", text)).casefold()


def _is_a_slip(one: str, two: str) -> bool:
    """Whether names differ in one letter of one long word, as `Clarinet` and `Clarinett` do."""
    pairs = list(zip(one.casefold().split(), two.casefold().split(), strict=False))
    differ = [(a, b) for a, b in pairs if a != b]
    if len(one.split()) != len(two.split()) or len(differ) != 1:
        return False
    short, long = sorted(differ[0], key=len)
    if len(short) < _LETTERS or not (short.isalpha() and long.isalpha()) or len(long) - len(short) > 1:
        return False
    same = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[same + (len(short) == len(long)) :] == long[same + 1 :]


def _shown(spellings: dict[str, str]) -> str:
    return ", ".join(f"{text!r} is {first!r}" for text, first in list(spellings.items())[:_SHOWN])
