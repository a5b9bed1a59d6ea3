"""How loud a note was played, as people write it: a MIDI velocity, a dynamic in letters or words, or a layer's number."""

from __future__ import annotations

import contextlib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from timbre_core.errors import TimbreError

# Velocities of the letters are those that MuseScore and other notation programs play them with.
_MARKS = {"pppp": 8, "ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 126, "ffff": 127}
_WORDS = {
    "pianississimo": "ppp",
    "piano pianissimo": "ppp",
    "molto pianissimo": "ppp",
    "pianissimo": "pp",
    "piano": "p",
    "mezzo piano": "mp",
    "mezzopiano": "mp",
    "mezzo": "mf",
    "mezzo forte": "mf",
    "mezzoforte": "mf",
    "forte": "f",
    "fortissimo": "ff",
    "fortississimo": "fff",
    "molto fortissimo": "fff",
    "sforzando": "fff",
    "sforzato": "fff",
    "sfz": "fff",
    "fz": "ff",
    "very soft": "pp",
    "very quiet": "pp",
    "softest": "pp",
    "soft": "p",
    "quiet": "p",
    "gentle": "p",
    "medium soft": "mp",
    "medium": "mf",
    "med": "mf",
    "moderate": "mf",
    "medium loud": "f",
    "loud": "ff",
    "strong": "ff",
    "hard": "ff",
    "very loud": "fff",
    "very hard": "fff",
    "loudest": "fff",
    "sehr leise": "pp",
    "leise": "p",
    "mittel": "mf",
    "mittellaut": "mf",
    "laut": "ff",
    "sehr laut": "fff",
    "doux": "p",
    "moyen": "mf",
    "fort": "ff",
    "tres doux": "pp",
    "tres fort": "fff",
    "suave": "p",
    "medio": "mf",
    "fuerte": "ff",
}
VELOCITIES = _MARKS | {word: _MARKS[mark] for word, mark in _WORDS.items()}
"""MIDI velocity of each dynamic, in lower case with blanks between words."""
CHANGING = frozenset(
    (
        "crescendo",
        "decrescendo",
        "diminuendo",
        "cresc",
        "decresc",
        "dim",
        "fp",
        "cresc decresc",
        "crescendo decrescendo",
    )
)
"""Dynamics without one velocity."""
SPECIFIC = frozenset(VELOCITIES) - {
    "piano",
    "p",
    "f",
    "mezzo",
    "med",
    "medium",
    "soft",
    "hard",
    "fort",
    "moyen",
    "medio",
}
"""Dynamics that are hardly anything else: `piano` may be the instrument."""

_WORD = r"(?:v|vl|vel|velo|velocity|layer|lyr|dyn)"
_LAYER = re.compile(_WORD + r"[ _-]?(\d{1,3})", re.IGNORECASE)
_HYPHEN = "\N{NON-BREAKING HYPHEN}"
_SPAN = re.compile(rf"(?:{_WORD}[ _-]?)?(\d{{1,3}})[-–{_HYPHEN}](\d{{1,3}})", re.IGNORECASE)
_IN_NAMES = re.compile(rf"(?<![A-Za-z0-9])({_WORD}[ _]?|)(\d{{1,3}})-(\d{{1,3}})(?![0-9A-Za-z])", re.IGNORECASE)
_SOFTEST, _LOUDEST = 1, 127
_MOST_LAYERS = 24
_SPACES = re.compile(r"[-_. ]+")

_words = sorted({*VELOCITIES, *CHANGING}, key=len, reverse=True)
WRITTEN = (
    "|".join(word.replace(" ", "[-_. ]?") for word in _words)
    + rf"|{_WORD}[ _-]?\d{{1,3}}|(?:{_WORD}[ _-]?)?\d{{1,3}}-\d{{1,3}}"
)
"""A regular expression (to be matched without case) for a dynamic that is no number."""


def dynamic_word(text: str) -> str:
    """A dynamic as it is in VELOCITIES and CHANGING: lower case, without accents, blanks between words."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return _SPACES.sub(" ", plain).strip().lower()


@lru_cache(maxsize=65536)
def is_dynamic(text: str) -> bool:
    """Whether `text` is a dynamic in letters or words."""
    word = dynamic_word(text)
    return word in VELOCITIES or word in CHANGING


@lru_cache(maxsize=65536)
def layer_of(text: str) -> int | None:
    """The number of a velocity layer such as `v3`, else None."""
    found = _LAYER.fullmatch(text.strip())
    return int(found[1]) if found else None


@lru_cache(maxsize=65536)
def span_of(text: str) -> tuple[int, int] | None:
    """The lowest and highest velocity of a range such as `64-127` or `v1-63`, else None."""
    found = _SPAN.fullmatch(text.strip())
    low, high = map(int, found.groups()) if found else (0, 0)
    return (low, high) if low < high <= _LOUDEST else None


def are_spans(texts: Iterable[str]) -> bool:
    """Whether texts are velocity ranges: with a word for it, or numbers alone that reach from the softest to the loudest."""
    given = set(texts)
    spans = [span for text in given if (span := span_of(text))]
    reach = min((low for low, _ in spans), default=1), max((high for _, high in spans), default=0)
    worded = any(text[:1].isalpha() for text in given)
    return len(spans) == len(given) > 0 and (worded or (reach[0] <= _SOFTEST and reach[1] == _LOUDEST))


def spans_in_names(stems: Iterable[str]) -> Callable[[str], str]:
    """What keeps velocity ranges in file names whole, where there are such (see `are_spans`), when these are cut at hyphens."""
    bare = are_spans(f"{low}-{high}" for stem in stems for word, low, high in _IN_NAMES.findall(stem) if not word)

    def keep(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}{_HYPHEN}{found[3]}" if found[1] or bare else found[0]

    return lambda stem: _IN_NAMES.sub(keep, stem)


def count_layers(texts: Iterable[str]) -> int:
    """How many velocity layers `texts` speak of: v1 to v16 are layers, v25 and v100 are velocities (0)."""
    layers = [layer for text in texts if (layer := layer_of(text)) is not None]
    most = max(layers, default=0)
    return most + (0 in layers) if most <= _MOST_LAYERS else 0


def first_layer(texts: Iterable[str]) -> int:
    """What the softest of velocity layers is counted as: 0 or 1."""
    return min([1, *(layer for text in texts if (layer := layer_of(text)) is not None)])


def read_velocity(text: str, layers: int = 0, first: int = 1) -> float:
    """MIDI velocity (1-127) of `90`, `mf`, `mezzo-forte` or `v3`, the middle of `64-127`; NaN for a dynamic that changes.

    layers: of how many velocity layers `v3` is one, spread over 1 to 127, which are counted from `first`; 0 if it is a velocity.
    Raises TimbreError for anything else.
    """
    with contextlib.suppress(ValueError):
        number = float(text.strip().replace(",", "."))
        if not math.isnan(number):
            return number
    span = span_of(text)
    if span is not None:
        return float(round((max(span[0], _SOFTEST) + span[1]) / 2))
    layer = layer_of(text)
    if layer is not None:
        return float(round(127 * (layer - first + 0.5) / layers)) if layers else float(layer)
    word = dynamic_word(text)
    if word in CHANGING:
        return math.nan
    if word not in VELOCITIES:
        raise TimbreError(f"velocity {text!r} is no number and no dynamic: write 1 to 127, or ppp to fff.")
    return float(VELOCITIES[word])


def is_loudness(text: str) -> bool:
    """Whether a velocity can be made of it: of a dynamic, a layer, a span of velocities or a number."""
    return is_dynamic(text) or layer_of(text) is not None or bool(span_of(text)) or text.isdecimal()
