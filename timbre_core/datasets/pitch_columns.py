"""Pitches that tables tell in other ways than as MIDI numbers or names: in Hz, or as a letter and an octave in columns of
their own."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from timbre_core.datasets.columns import PARTS, plain_name
from timbre_core.datasets.helmholtz import speaks_helmholtz
from timbre_core.datasets.label_values import Labels
from timbre_core.datasets.pitch_names import is_pitch_class, pitch_of_hz, read_pitch
from timbre_core.errors import TimbreError

_VAGUE_NAMES = (
    "hz freq freq_hz frequency frequency_hz frequenz frequenz_hz fréquence fréquence_hz frecuencia frecuencia_hz frequenza "
    "frequenza_hz frequência frequência_hz frequentie frekvens taajuus częstotliwość"
)
_VAGUE = frozenset(_VAGUE_NAMES.split())
"""Names of columns that may be of other frequencies than the note's: those of a filter, a formant, the samples."""
_SIGNS = {
    sign: plain
    for plain, signs in (("#", "# ♯ sharp s is 1 +1 1.0"), ("b", "b ♭ flat f es -1 -1.0"), ("", "♮ natural n 0 0.0"))
    for sign in signs.split()
}
_MOST = 0.9  # share of a column's numbers that are what it is taken for
_CENTS = 10  # of a semitone within which a note of equal temperament lies

Agrees = Callable[[Sequence[int], Sequence[float]], bool]
"""Whether what is heard in notes, by their places, agrees with MIDI pitches."""


def settle_pitches(rows: Sequence[Labels], columns: Mapping[str, str], agrees: Agrees) -> tuple[list[str], list[str]]:
    """Make pitches of what `rows` say in Hz, or as pitch class and octave; takes the PARTS out of them.

    columns: the column's name of each field. agrees: is asked where a column's name leaves open which frequency it is.
    Returns sentences on what was made of what, and the columns that turned out to be of no use.
    """
    said: list[str] = []
    unused = {columns[field] for field in PARTS if field in columns}

    def take_hz(field: str) -> None:
        if field in columns and (made := _from_hz(rows, field, columns[field], agrees)):
            unused.discard(columns[field])
            where = "" if made == len(rows) else f" in {made} of {len(rows)} lines"
            said.append(f"pitch from {columns[field]!r}, which is in Hz{where}: 440 is 69")

    take_hz("pitch")
    classes = "pitch_class" if "pitch_class" in columns else "pitch"
    if "octave" in columns and classes in columns:
        joined = _join_octaves(rows, classes)
        if joined is not None:
            used = [columns[field] for field in (classes, "accidental", "octave") if field in columns]
            parts = " and ".join(map(repr, used))
            if joined.made:
                unused -= set(used)
                where = "" if joined.made == len(rows) else f" in {joined.made} of {len(rows)} lines"
                said.append(f"pitch from {parts}{where}")
            if joined.differ:
                first = f"{joined.differ[0].spelled} is {joined.differ[0].told:g}"
                how = ": their octaves are counted from another number" if joined.octaves else ""
                said.append(
                    f"{columns['pitch']!r} counts where {parts} say another pitch, in {len(joined.differ)} of {len(rows)} lines "
                    f"({first}{how})"
                )
        elif _are_letters_alone([row[classes] for row in rows if row.get(classes)]):
            unused.add(columns[classes])
            for row in rows:
                row.pop(classes, None)
    take_hz("frequency")
    for row in rows:
        for field in PARTS:
            row.pop(field, None)
    return said, [name for name in columns.values() if name in unused]


def are_pitch_classes(texts: Sequence[str]) -> bool:
    """Whether texts name pitches without their octaves, or count them from 0 to 11."""
    names = [text.partition("/")[0] for text in texts if text]
    return bool(names) and (_are_numbers(names) or sum(map(is_pitch_class, names)) >= _MOST * len(names))


def _are_letters_alone(texts: Sequence[str]) -> bool:
    """Whether texts are letters that say nothing of their octaves, as Helmholtz's do."""
    return are_pitch_classes(texts) and not _are_numbers(texts) and not speaks_helmholtz(texts)


def _are_numbers(names: Sequence[str]) -> bool:
    return all(name.isdecimal() and int(name) < 12 for name in names)


class _Differs(NamedTuple):
    """A row whose letter and octave are `spelled` and whose column of pitches told another MIDI pitch."""

    spelled: str
    told: float


class _Joined(NamedTuple):
    """How many rows have their pitch of a letter and an octave, those in which these differ from the column of pitches, and by
    how many octaves, where that is the same for nearly all (in which 60 is C3 or C5, not C4)."""

    made: int
    differ: list[_Differs]
    octaves: int


def _join_octaves(rows: Sequence[Labels], classes: str) -> _Joined | None:
    """Pitches of a letter (or 0 to 11) and an octave, for rows that have no pitch of another column; None where these are not
    what most rows have in their columns."""
    texts = [row[classes].partition("/")[0].strip() for row in rows if row.get(classes)]  # C#/Db is one key
    numbered = _are_numbers(texts)
    octaves = [_octave(row["octave"]) for row in rows if row.get("octave")]
    has_octave = sum(octave is not None for octave in octaves)
    if not are_pitch_classes(texts) or not octaves or has_octave < _MOST * len(octaves):
        return None
    spelled = [_spelled(row, classes, numbered) for row in rows]
    given = [row.pop("pitch", "") if classes != "pitch" else "" for row in rows]
    told = [_told(text) for text in given]
    if _are_numbers([f"{pitch:g}" for pitch in told if pitch is not None]):
        told = [None] * len(rows)  # numbers of pitch classes, too
    both = [(text, pitch, _told(text)) for text, pitch in zip(spelled, told, strict=True) if text and pitch is not None]
    steps = [round(pitch - read) for _, pitch, read in both if read is not None]
    usual = max(set(steps), key=steps.count, default=0)
    octave = usual // 12 if usual % 12 == 0 and steps.count(usual) >= _MOST * len(steps) else 0
    for row, text, pitch, number in zip(rows, spelled, told, given, strict=True):
        read = _told(text) if octave else None
        made = text if read is None else f"{read + 12 * octave:g}"
        row.pop(classes, None)
        if pitch is not None or made:
            row["pitch"] = made if pitch is None else number
    differ = [_Differs(text, pitch) for text, pitch, read in both if read is not None and round(pitch - read)]
    count = sum(bool(text) and pitch is None for text, pitch in zip(spelled, told, strict=True))
    return _Joined(count, differ, octave)


def _spelled(row: Labels, classes: str, numbered: bool) -> str:
    """`C#4` or `61` of a row with a letter, or its number, and an octave; empty without one of them."""
    name, octave = row.get(classes, "").partition("/")[0].strip(), _octave(row.get("octave", ""))
    if not name or octave is None:
        return ""
    sign = row.get("accidental", "")
    return str(12 * (octave + 1) + int(name)) if numbered else f"{name}{_SIGNS.get(sign.casefold(), sign)}{octave}"


def _told(text: str) -> float | None:
    """The MIDI pitch that a text tells, None for what tells none."""
    with contextlib.suppress(TimbreError):
        return read_pitch(text)
    return None


def _octave(text: str) -> int | None:
    with contextlib.suppress(ValueError):
        number = float(text.replace(",", "."))
        if number.is_integer() and -2 <= number <= 10:
            return int(number)
    return None


def _from_hz(rows: Sequence[Labels], field: str, column: str, agrees: Agrees) -> int:
    """Pitches of frequencies where a column has them; returns of how many rows."""
    if field == "frequency":
        places = [place for place, row in enumerate(rows) if row.get(field) and not row.get("pitch")]
    else:
        places = [place for place, row in enumerate(rows) if row.get(field)]
    read = {place: pitch for place in places if (pitch := _in_hz(rows[place][field])) is not None}
    if len(read) <= len(places) / 2:
        return 0
    if field == "pitch" and not _is_no_midi([_number(rows[place][field]) for place in read]):
        return 0
    pitches = list(read.values())
    whole = sum(abs(pitch - round(pitch)) * 100 <= _CENTS for pitch in pitches)
    tempered = len(set(pitches)) > 1 and whole >= _MOST * len(pitches)
    vague = field == "pitch" or plain_name(column) in _VAGUE
    if vague and not tempered and not agrees(list(read), pitches):
        return 0
    for place, pitch in read.items():
        rows[place]["pitch"] = f"{pitch:g}"
    return len(read)


def _is_no_midi(numbers: Sequence[float]) -> bool:
    """Whether numbers that are called pitches are none of MIDI: beyond its range, or most of them between its keys."""
    between = sum(abs(number - round(number)) > 0.02 and number % 0.5 > 0 for number in numbers)
    return max(numbers) > 127 or (len(numbers) > 2 and between >= _MOST / 2 * len(numbers))


def _in_hz(text: str) -> float | None:
    """The MIDI pitch of a frequency, None for what is none."""
    with contextlib.suppress(TimbreError):
        return pitch_of_hz(re.sub(r"\s*hz$", "", text.strip(), flags=re.IGNORECASE))
    return None


def _number(text: str) -> float:
    return float(re.sub(r"\s*hz$", "", text.strip(), flags=re.IGNORECASE).replace(",", "."))
