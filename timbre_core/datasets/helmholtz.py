"""Octaves as Helmholtz wrote them (On the Sensations of Tone, 1863): CC C c c' c'', or C c c1 c2, with c' for middle C.

`c'` and `C,` are nothing else. `C` alone may be any letter, and `c1` the C1 of others: these count where the names of a folder
have letters without an octave beside lower-case ones with a number, or letters in both cases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

_GREAT, _SMALL = 2, 3  # the octaves of C and c in scientific names
_PRIMES = str.maketrans(dict.fromkeys("’‘′´`", "'") | {'"': "''", "”": "''", "“": "''", "°": "0"})
_SIGN = "isis|eses|iss|ess|is|es|s|#|♯|b|♭"
WRITTEN = rf"(?:[A-H]{{1,4}}|[a-h])(?:{_SIGN})?(?:['’‘′´`]{{1,6}}|\"|,{{1,3}})?"
"""A regular expression (its capitals count) for what may be such a name without a number."""
_NAME = re.compile(
    rf"(?P<base>(?P<letter>[A-Ha-h])(?P=letter){{0,3}}?)(?P<sign>{_SIGN})?(?P<mark>'{{1,6}}|,{{1,3}}|[0-6])?"
)
_APART = re.compile(r"([\s_.()\[\]{}+~@=|!%·•-]+)")
_MOST = 0.9  # share of the names at one place that are such names
_FEWEST = 2  # letters without an octave, and with a number


def is_marked(text: str) -> bool:
    """Whether a pitch's name has Helmholtz's primes or commas: it is no other kind of name then."""
    return bool(scientific(text)) and _plain(text)[-1] in "',"


@lru_cache(maxsize=65536)
def scientific(text: str) -> str:
    """A name of Helmholtz's with the number of the octave that begins at middle C = C4: `C4` of `c'` or `c1`, `A1` of `AA`.

    Empty where `text` is none.
    """
    name = _NAME.fullmatch(_plain(text))
    if name is None:
        return ""
    base, sign, mark = name["base"], name["sign"] or "", name["mark"] or ""
    high, low = mark.count("'"), mark.count(",")
    if base.islower():
        octave = _SMALL + high - low + int(mark if mark.isdecimal() else 0)
        wrong = len(base) > 1
    else:
        octave = _GREAT - low - (len(base) - 1) - int(mark if mark.isdecimal() else 0)
        wrong = bool(high or (len(base) > 1 and mark))
    if wrong or octave < -1:
        return ""
    flat = sign == "s" and base[0].lower() in "ea"
    return f"{base[0].upper()}{'b' if flat else sign}{octave}"


def speaks_helmholtz(texts: Iterable[str]) -> bool:
    """Whether names of pitches are Helmholtz's, as they are together."""
    names = {_plain(text) for text in texts} - {""}
    fit = {name for name in names if scientific(name)}
    if not fit or len(fit) < _MOST * len(names):
        return False
    if any(map(is_marked, fit)):
        return True
    bare = {name for name in fit if not name[-1].isdecimal()}
    numbered = {name for name in fit - bare if name[0].islower()}
    both = {name.lower() for name in bare if name[0].isupper()} & bare
    return len(bare) >= _FEWEST and max(len(numbered), len(both)) >= _FEWEST


def with_scientific_names(
    stems: Mapping[str, str], heard: Callable[[Sequence[str], Sequence[str]], bool]
) -> dict[str, str]:
    """Of file names (by file) those that have names of Helmholtz's, which are replaced by scientific ones.

    heard: whether files sound as such names say, which is asked where none has a prime or a comma.
    """
    cut = {file: _APART.split(stem.translate(_PRIMES)) for file, stem in stems.items()}
    groups: dict[int, list[str]] = {}
    for file, pieces in cut.items():
        groups.setdefault(len(pieces), []).append(file)
    written = {}
    for files in groups.values():
        columns = list(zip(*(cut[file] for file in files), strict=True))
        told = [place for place in range(0, len(columns), 2) if speaks_helmholtz(columns[place])]
        place = max(told, key=lambda place: len(set(columns[place])), default=None)
        if place is None:
            continue
        names = {file: name for file in files if (name := scientific(cut[file][place]))}
        if any(name.startswith("H") for name in names.values()):  # German: B is B flat
            names = {file: _from_german(name) for file, name in names.items()}
        if any(map(is_marked, columns[place])) or heard(list(names), list(names.values())):
            for file, name in names.items():
                written[file] = "".join([*cut[file][:place], name, *cut[file][place + 1 :]])
    return written


def _from_german(name: str) -> str:
    """`Bb2` of `B2`, `B2` of `H2`, `C#4` of `Cis4`."""
    letter, sign, octave = name[0], name[1:].rstrip("-0123456789"), name[len(name.rstrip("-0123456789")) :]
    plain = {"is": "#", "iss": "#", "isis": "##", "es": "b", "ess": "b", "eses": "bb"}.get(sign, sign)
    return f"{'B' if letter == 'H' else letter}{'b' if letter == 'B' and not sign else plain}{octave}"


@lru_cache(maxsize=65536)
def _plain(text: str) -> str:
    """Composed, with straight primes: NFKC makes two of the double one, and a plain number of a raised one."""
    return unicodedata.normalize("NFKC", text.translate(_PRIMES)).translate(_PRIMES).strip()
