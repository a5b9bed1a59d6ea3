"""Names of pitches as people write them in file names and tables, in one language for a whole folder.

`As4` is A sharp where sharps are written with an s (Cs, Fs), and A flat in German; `B4` is B in English and B flat in
German, where B is called H. One name alone does not tell; the names of a folder together mostly do.
"""

from __future__ import annotations

import contextlib
import math
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from timbre_core.datasets.helmholtz import is_marked, scientific, speaks_helmholtz
from timbre_core.errors import TimbreError

ENGLISH, GERMAN, DUTCH = "english", "German", "Dutch"
UNCLEAR = "unclear"
"""English or German: Es and As are refused."""
GERMAN_OR_DUTCH = "German or Dutch"
"""With Cis and Des, but without H or Bes: B is refused."""
HELMHOLTZ = " with Helmholtz's octaves"
"""What follows the language of names such as C, c and c', see datasets.helmholtz."""

_LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_SYLLABLES = {
    name: semitone
    for names, semitone in (
        ("do ut dó до ド", 0),
        ("re ré ре レ", 2),
        ("mi ми ミ", 4),
        ("fa fá фа ファ", 5),
        ("sol so соль ソ", 7),
        ("la lá ля ラ", 9),
        ("si ti си シ", 11),
    )
    for name in names.split()
}
_SHARP = r"[#♯]|[-_ ]?(?:sharp|dièse|diese|diesis|sostenido|sustenido)[-_ ]?"
_FLAT = r"[b♭]|[-_ ]?(?:flat|bémol|bemol|bemolle)[-_ ]?"
_ACCIDENTAL = rf"(?:{_SHARP}|{_FLAT}){{0,2}}|iss?|ess?|ss?"
_OCTAVE = r"-?\d{1,2}"
_BASES = "|".join(sorted(_SYLLABLES, key=len, reverse=True))

NAME = (
    rf"(?:{_BASES}|[a-h])(?:{_ACCIDENTAL}){_OCTAVE}(?!\d)"  # C4, C#4, Bb3, Csharp4, Cis4, Sol4
    rf"|(?:{_BASES}|[a-h])-?\d(?:[#♯♭]|sharp|flat)"  # C4#
)
"""A regular expression (to be matched without case) for whatever may be the name of a pitch."""

_PARTS = re.compile(
    rf"(?P<base>{_BASES}|[a-h])(?P<sign>{_ACCIDENTAL})(?P<octave>{_OCTAVE})(?P<late>[#♯♭]|sharp|flat)?", re.IGNORECASE
)
_SHARPS, _FLATS = re.compile(_SHARP, re.IGNORECASE), re.compile(_FLAT, re.IGNORECASE)
_NOT_GERMAN = re.compile(r"[cdfg]s-?\d{1,2}", re.IGNORECASE)
_SURELY_GERMAN = re.compile(r"([cdefgah]iss?|[cdgfh]ess?)-?\d{1,2}", re.IGNORECASE)
_CLASS = re.compile(rf"(?:{_BASES}|[a-h])(?:{_ACCIDENTAL})", re.IGNORECASE)
HZ = r"\d+(?:[.,]\d+)?[ _]?hz"
"""A regular expression (to be matched without case) for a frequency with its unit."""
_HZ = re.compile(HZ, re.IGNORECASE)
_TWICE = re.compile(r"(?P<one>[^()/]+?) *(?:/ *(?P<other>[^()/]+)|\((?P<inner>[^()/]+)\))")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d*)?")
_TUNED = re.compile(r"(?P<name>.+?) *(?P<cents>[+-]\d{1,3}(?:[.,]\d+)?) *(?:c|ct|cents?|¢)", re.IGNORECASE)
_CALLED = re.compile(r"(?:midi|note|key|pitch)(?![a-z])[ _:#-]*", re.IGNORECASE)
_APART = re.compile(r"(?<=[A-Ga-g#b♯♭]) +(?=-?\d)")
_HOW = "write 60, C4, C#4 or Bb3"


def pitch_of_hz(text: str) -> float:
    """MIDI pitch, to the cent, of a frequency in Hz; the semitone where its frequency, rounded as the text is, is that.

    Raises TimbreError for what is no frequency of a MIDI pitch.
    """
    number = text.strip().replace(",", ".")
    hz = float(number) if re.fullmatch(r"\d+(?:\.\d+)?", number) else 0.0
    pitch = 69 + 12 * math.log2(hz / 440) if hz > 0 else math.inf
    if not -0.5 < pitch < 127.5:
        raise TimbreError(f"pitch {text!r} is no frequency of a MIDI pitch, 8.2 to 12,543 Hz: correct it.")
    near = round(pitch)
    exact = 440 * 2 ** ((near - 69) / 12)
    rounded = abs(hz - exact) <= 0.501 * 10.0 ** -len(number.partition(".")[2]) and abs(pitch - near) < 0.3
    return float(near) if rounded else min(max(round(pitch, 2), 0.0), 127.0)


def pitch_with_unit(text: str) -> float | None:
    """MIDI pitch of `440Hz`, None where `text` is no such thing."""
    clean = _clean(text)
    with contextlib.suppress(TimbreError):
        if _HZ.fullmatch(clean):
            return pitch_of_hz(clean[:-2].rstrip(" _"))
    return None


def is_pitch_class(text: str) -> bool:
    """Whether `text` is the name of a pitch without its octave: `C`, `C#`, `Bb`, `Cis`, `sol`."""
    return _CLASS.fullmatch(_clean(text)) is not None


@lru_cache(maxsize=65536)
def is_note_name(text: str) -> bool:
    """Whether `text` is written as the name of a pitch is, in any language."""
    parts = _PARTS.fullmatch(_clean(text))
    return is_marked(text) if parts is None else -1 <= int(parts["octave"]) <= 9


def pitch_language(texts: Iterable[str]) -> str:
    """The language that the names of a folder's pitches are in as a whole.

    German and Dutch need names that are nothing else (Cis, Des), or H where there is no B.
    """
    given = list(texts)
    if speaks_helmholtz(given):
        names = [scientific(text) or text for text in given]
        return (GERMAN if any(name.startswith("H") for name in names) else _language_of(names)) + HELMHOLTZ
    return _language_of(given)


def _language_of(texts: Iterable[str]) -> str:
    names = {_clean(text).lower() for text in texts}
    letters = {name for name in names if not _syllable(name) and _PARTS.fullmatch(name)}
    bases = {name[0] for name in letters}
    if any(_NOT_GERMAN.fullmatch(name) for name in letters):
        return ENGLISH
    if any(name.startswith("bes") for name in letters):
        return DUTCH
    if any(_SURELY_GERMAN.fullmatch(name) for name in letters):
        return GERMAN if "h" in bases else GERMAN_OR_DUTCH
    if "h" in bases and "b" not in bases:
        return GERMAN
    return UNCLEAR if any(re.match("es+-?[0-9]", name) for name in letters) else ENGLISH


@lru_cache(maxsize=65536)
def read_pitch(text: str, language: str = ENGLISH) -> float:
    """MIDI pitch of `60`, `60.5`, `440 Hz` or a name such as `C4` (60), `C#4`, `Bb3`, `As3`, `Csharp4`, `Sol4`, `c'`.

    language: how letters are meant, see `pitch_language`. Raises TimbreError for what is no pitch, and for names that mean
    one thing or another.
    """
    clean = _clean(text)
    with contextlib.suppress(ValueError):
        number = float(clean.replace(",", "."))
        if not math.isnan(number):
            return number
    if _HZ.fullmatch(clean):
        return pitch_of_hz(clean[:-2].rstrip(" _"))
    if language.endswith(HELMHOLTZ) or is_marked(text):
        clean, language = scientific(text) or clean, language.removesuffix(HELMHOLTZ)
    parts = _PARTS.fullmatch(clean)
    if parts is None and (said := _in_words(clean, language)) is not None:
        return said
    if parts is None:
        raise TimbreError(f"pitch {text!r} is neither a MIDI number nor a note name: {_HOW}.")
    base, octave = parts["base"].lower(), int(parts["octave"])
    sign = (parts["sign"] or parts["late"] or "").lower()
    if base in _SYLLABLES:
        return _midi(text, _SYLLABLES[base], _signs(sign), octave)
    return _midi(text, *_letter(text, base, sign, language), octave)


def _in_words(clean: str, language: str) -> float | None:
    """MIDI pitch of what tables say in more words: `MIDI 60`, `C# 4`, `60 (C4)`, `C#4/Db4`, `A4 +12 cents`; None where it is
    none of these, or its two halves differ."""
    if twice := _TWICE.fullmatch(clean):
        halves = (twice["one"], twice["other"] or twice["inner"])
        if all(_NUMBER.fullmatch(half.strip()) for half in halves):
            return None  # a time signature
        both = [read_pitch(half, language) for half in halves]
        return both[0] if abs(both[0] - both[1]) < 0.5 else None
    if tuned := _TUNED.fullmatch(clean):
        return read_pitch(tuned["name"], language) + float(tuned["cents"].replace(",", ".")) / 100
    plain = _APART.sub("", _CALLED.sub("", clean))
    return read_pitch(plain, language) if plain and plain != clean else None


def _letter(text: str, base: str, sign: str, language: str) -> tuple[int, int]:
    """Semitone of a letter, and what its accidental adds."""
    if language in (ENGLISH, UNCLEAR):
        if base + sign in ("es", "ess") or (language == UNCLEAR and base + sign in ("as", "ass")):
            raise TimbreError(
                f"pitch {text!r} is {base.upper()} flat in German and {base.upper()} sharp where an s is a sharp, and the "
                "folder's other names do not tell which: write Eb4 or F4, say."
            )
        if base == "h" or sign in ("is", "iss", "es", "ess", "ss"):
            raise TimbreError(
                f"pitch {text!r} is neither a MIDI number nor a note name in English, and the folder's other names are not "
                f"German: {_HOW}."
            )
        return _LETTERS[base], _signs(sign)
    if sign in ("s", "ss"):
        if base not in "ea":
            raise TimbreError(f"pitch {text!r} is no note name in {language}: {_HOW}.")
        return _LETTERS[base], -1
    if base == "b" and not sign:
        if language == GERMAN_OR_DUTCH:
            raise TimbreError(f"pitch {text!r} is B flat in German and B in Dutch: write Bb4 or B4 with English names.")
        return (10 if language == GERMAN else 11), 0
    return _LETTERS[base], _signs(sign)


def _signs(sign: str) -> int:
    """Semitones that an accidental adds."""
    if sign in ("is", "iss", "s"):
        return 1
    if sign in ("es", "ess"):
        return -1
    rest = _SHARPS.sub("", sign)
    return len(_SHARPS.findall(sign)) - len(_FLATS.findall(rest))


def _midi(text: str, semitone: int, signs: int, octave: int) -> float:
    midi = 12 * (octave + 1) + semitone + signs
    if not 0 <= midi <= 127:
        raise TimbreError(f"pitch {text!r} is neither a MIDI number nor a note name from C-1 (0) to G9 (127): {_HOW}.")
    return float(midi)


def _syllable(name: str) -> bool:
    return any(name.startswith(syllable) for syllable in _SYLLABLES if len(syllable) > 1)


@lru_cache(maxsize=4096)
def _clean(text: str) -> str:
    """Without blanks around it, signs composed, `%23` of web addresses as `#`."""
    return unicodedata.normalize("NFKC", unquote(text)).strip()
