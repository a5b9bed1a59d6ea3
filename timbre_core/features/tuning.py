"""Tunings from Scala files: `.scl` says the steps of a scale, `.kbm` which keys they are and where it is tuned.

Formats: https://www.huygens-fokker.org/scala/scl_format.html and https://www.huygens-fokker.org/scala/help.htm#mappings
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.pitch import hz_to_midi
from timbre_core.wording import counted

_LARGEST = 256 * 1024  # bytes of a file
_MOST_NOTES = 1024  # of a scale or a mapping
_HIGHEST_CENTS = 120_000.0


@dataclass(frozen=True)
class Scale:
    """The steps of a scale above its first note in cents; the last is where it repeats."""

    name: str
    cents: tuple[float, ...]


@dataclass(frozen=True)
class Mapping:
    """Which steps keys play: `steps` of the scale for the keys from `middle` on, None for keys that play nothing.

    Empty steps: every key is the next step. `reference_hz` is what `reference_key` sounds at. `repeat` is the step that a
    turn of the mapping goes up by. Keys outside `first` to `last` play nothing.
    """

    first: int = 0
    last: int = 127
    middle: int = 60
    reference_key: int = 69
    reference_hz: float = 440.0
    repeat: int = 0
    steps: tuple[int | None, ...] = ()


def read_scale(path: Path | str) -> Scale:
    """A Scala scale file. Raises TimbreError, naming the file and line, for what is none."""
    lines = _lines(path)
    if len(lines) < 2:
        raise TimbreError(f"{path}: no Scala scale: a name, a count of notes and the notes are expected.")
    count = _whole(lines[1][1], path, lines[1][0], 1, _MOST_NOTES)
    if len(lines) < 2 + count:
        raise TimbreError(f"{path}: {counted(count, 'note')} announced, {len(lines) - 2} there: get the file again.")
    return Scale(lines[0][1].strip(), tuple(_step(text, path, number) for number, text in lines[2 : 2 + count]))


def read_mapping(path: Path | str) -> Mapping:
    """A Scala keyboard mapping file. Raises TimbreError, naming the file and line, for what is none."""
    lines = [(number, text) for number, text in _lines(path) if text.strip()]
    if len(lines) < 7:
        raise TimbreError(f"{path}: no Scala keyboard mapping: seven numbers and the keys' steps are expected.")
    size = _whole(lines[0][1], path, lines[0][0], 0, 128)
    first, last, middle, key = (_whole(text, path, number, 0, 127) for number, text in lines[1:5])
    hz = _number(lines[5][1], path, lines[5][0])
    if not 1e-3 <= hz <= 1e6:
        raise TimbreError(f"{path}, line {lines[5][0]}: {hz:g} Hz is no pitch to tune to.")
    repeat = _whole(lines[6][1], path, lines[6][0], 0, _MOST_NOTES)
    told = [None if t.split()[0] in "xX" else _whole(t, path, n, 0, _MOST_NOTES) for n, t in lines[7 : 7 + size]]
    return Mapping(first, last, middle, key, hz, repeat, (*told, *[None] * (size - len(told))))


def key_pitches(scale: Scale, mapping: Mapping | None = None) -> list[float | None]:
    """The MIDI pitch, with fractions, of each key 0-127; None for keys that play nothing.

    Raises TimbreError where the key that the mapping is tuned by plays nothing.
    """
    mapping = mapping or Mapping()
    reference = _cents(mapping.reference_key, scale, mapping)
    if reference is None:
        raise TimbreError(
            f"the mapping is tuned by key {mapping.reference_key}, which plays nothing: choose another one."
        )
    base = float(hz_to_midi(mapping.reference_hz))
    pitches: list[float | None] = []
    for key in range(128):
        cents = _cents(key, scale, mapping) if mapping.first <= key <= mapping.last else None
        pitches.append(None if cents is None else base + (cents - reference) / 100)
    return pitches


def _cents(key: int, scale: Scale, mapping: Mapping) -> float | None:
    """Cents of a key above the scale's first note at the middle key."""
    away = key - mapping.middle
    if not mapping.steps:
        return _at(scale, away)
    turns, place = divmod(away, len(mapping.steps))
    step = mapping.steps[place]
    return None if step is None else _at(scale, step) + turns * _at(scale, mapping.repeat or len(scale.cents))


def _at(scale: Scale, step: int) -> float:
    turns, place = divmod(step, len(scale.cents))
    return turns * scale.cents[-1] + (scale.cents[place - 1] if place else 0.0)


def _lines(path: Path | str) -> list[tuple[int, str]]:
    """The lines that are no comments, with their numbers."""
    with os_errors(path):
        size = Path(path).stat().st_size
        if size > _LARGEST:
            raise TimbreError(f"{path}: {size // 1024} KB are more than any Scala file has: choose another file.")
        text = Path(path).read_bytes().decode("latin-1")
    return [(n, line) for n, line in enumerate(text.splitlines(), 1) if not line.lstrip().startswith("!")]


def _step(text: str, path: Path | str, line: int) -> float:
    """A note of a scale in cents: cents with a point, or a ratio."""
    word = (text.split() or [""])[0]
    if "." in word:
        cents = _number(word, path, line)
    else:
        above, _, below = word.partition("/")
        over, under = _number(above, path, line), _number(below or "1", path, line)
        if over <= 0 or under <= 0:
            raise TimbreError(f"{path}, line {line}: {word[:40]!r} is no ratio of positive numbers.")
        cents = 1200 * math.log2(over / under)
    if abs(cents) > _HIGHEST_CENTS:
        raise TimbreError(f"{path}, line {line}: {word[:40]!r} is farther than anybody hears.")
    return cents


def _number(text: str, path: Path | str, line: int) -> float:
    try:
        value = float((text.split() or [""])[0][:40])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise TimbreError(f"{path}, line {line}: {text.strip()[:40]!r} is not a number.")
    return value


def _whole(text: str, path: Path | str, line: int, low: int, high: int) -> int:
    value = _number(text, path, line)
    if value != int(value) or not low <= value <= high:
        raise TimbreError(f"{path}, line {line}: {text.strip()[:40]!r} is not a whole number from {low} to {high}.")
    return int(value)
