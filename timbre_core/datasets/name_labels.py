"""What the names of sounds say, without a pattern: pitch, dynamic and instrument, as the usual libraries write them.

Philharmonia `violin_As4_1_mezzo-forte_arco-normal`, Iowa `Violin.arco.ff.sulE.A4.stereo`, TinySOL `Vn-ord-A#3-ff-4c-N`, NSynth
`bass_synthetic_033-022-050`, VCSL and VSCO `Oboe_sus_C4_v1_1`, Salamander `A0v1`. Names are cut at the separator that leaves
names of pitches standing alone; what each part is, the parts at one place of all names tell together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from timbre_core.datasets.dynamics import (
    SPECIFIC,
    are_spans,
    dynamic_word,
    is_dynamic,
    is_loudness,
    layer_of,
    spans_in_names,
)
from timbre_core.datasets.helmholtz import with_scientific_names
from timbre_core.datasets.instrument_words import (
    family_of,
    is_family,
    is_playing,
    is_stop_word,
    is_technical,
    source_and_number,
)
from timbre_core.datasets.label_values import Labels
from timbre_core.datasets.name_spelling import plain_stem
from timbre_core.datasets.pitch_names import is_note_name, pitch_language, pitch_with_unit, read_pitch
from timbre_core.datasets.several_notes import are_chords, joined, several_in
from timbre_core.errors import TimbreError

_SIGN = re.compile(r"(?<![A-Za-z0-9])([A-Ga-g][#♯b♭]?)-(\d)(?![0-9A-Za-z])")  # the hyphen of C-1
_MINUS = "\N{MINUS SIGN}"
_SEPARATORS = {"_": "_", "-": "-", ".": r"\.", " ": " +", "": r"[\s_.,;:()\[\]{}+~@=|!%·•-]+"}
_AROUND = "()[]{} ,;:~@=|!'\""
_BEFORE_INSTRUMENTS = re.compile(
    r"\d(?:st|nd|rd|th)|first|second|solo|bass|alto|tenor|soprano|baritone|contra|double|french|english|grand|upright|electric|"
    r"acoustic|nylon|steel|muted|church|pipe|pan|string|slap|piccolo|toy|pump|tubular",
    re.IGNORECASE,
)
_FUSED = re.compile(r"(?P<before>.*?)(?P<note>[A-H](?:[#♯b♭]|is|es|s)?-?\d)(?!\d)(?P<after>.*)")
_KEY = re.compile(r"(?:midi|note|key|pitch|nn|n|k|p|m)?[-_ ]?(\d{1,3})", re.IGNORECASE)
_COUNTER = re.compile(r"(?:rr|r|take|tk|t|round|var|alt|x)?\d+", re.IGNORECASE)
_MOST, _MOST_KEYS = 0.6, 0.9  # shares of names that agree on what a place is, and that it has numbers of keys
_LOOKED_AT = 500  # names that tell where all are cut
_LOWEST, _HIGHEST = 9, 120  # MIDI; what numbers in names must be to be pitches: NSynth has notes from A-1 on

Hears = Callable[[Sequence[str], Sequence[float]], bool]
"""Whether what sounds in files agrees with the pitches that their names may say."""


@dataclass
class NameLabels:
    """Labels by file; files of several notes with their lowest and highest; how each was read, as a pattern; and whether
    pitches were named as Helmholtz did."""

    labels: dict[str, Labels] = field(default_factory=dict)
    ranges: dict[str, tuple[str, str]] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    helmholtz: bool = False


def read_names(files: Sequence[str], hears: Hears) -> NameLabels:
    """What the names of `files` (posix paths) say; numbers alone are pitches where `hears` says so."""
    found = NameLabels()
    stems = {file: plain_stem(file) for file in files}
    rewritten = with_scientific_names(stems, lambda some, pitches: _sound_so(some, pitches, hears))
    found.helmholtz = bool(rewritten)
    stems |= rewritten
    keep_spans = spans_in_names(stems.values())
    stems = {file: keep_spans(stem) for file, stem in stems.items()}
    rest = dict(stems)
    separator = _separator(list(stems.values())[:: max(1, len(stems) // _LOOKED_AT)])
    for cut in dict.fromkeys((separator, "", "fused")):
        groups: dict[int, dict[str, list[str]]] = {}
        for file, stem in rest.items():
            parts = _parts(stem, cut)
            groups.setdefault(len(parts), {})[file] = parts
        for group in groups.values():
            _read_group(group, cut, hears, found)
        rest = {file: stem for file, stem in rest.items() if not _is_read(found, file)}
    return found


def _sound_so(files: Sequence[str], names: Sequence[str], hears: Hears) -> bool:
    language = pitch_language(names)
    try:
        return hears(files, [read_pitch(name, language) for name in names])
    except TimbreError:
        return False


def _is_read(found: NameLabels, file: str) -> bool:
    return file in found.ranges or "pitch" in found.labels.get(file, {})


def _separator(stems: Sequence[str]) -> str:
    """What most names are best cut at: so that one part is a note's name, else a number."""
    for fits in (is_note_name, joined, str.isdecimal):
        shares = {
            name: sum(any(map(fits, _parts(stem, name))) for stem in stems) / max(1, len(stems)) for name in _SEPARATORS
        }
        best = max(shares, key=lambda name: shares[name])
        if shares[best] >= _MOST / 2:
            return best
    return "_"


def _parts(stem: str, cut: str) -> list[str]:
    signed = _SIGN.sub(rf"\1{_MINUS}\2", stem)
    cuts = re.split(_SEPARATORS["" if cut == "fused" else cut], signed)
    parts = [part for part in (part.replace(_MINUS, "-").strip(_AROUND) for part in cuts) if part]
    if cut != "fused":
        return parts
    pieces: list[str] = []
    for part in parts:
        note = _FUSED.fullmatch(part)
        whole = note is None or is_note_name(part) or note["before"][-1:].isupper()
        pieces += [part] if whole or note is None else [note["before"], note["note"], note["after"]]
    return [piece for piece in pieces if piece]


def _read_group(group: dict[str, list[str]], cut: str, hears: Hears, found: NameLabels) -> None:
    """Read names of equally many parts."""
    files, columns = list(group), [list(column) for column in zip(*group.values(), strict=True)]
    roles: dict[int, str] = {}
    pitch = _pitch_column(columns)
    chords = are_chords(group.values())
    found.ranges |= {file: several for file, parts in group.items() if (several := several_in(parts, chords))}
    values: list[str] = []
    if pitch is None:
        for place in _number_columns(columns):
            numbers = list(map(_key_of, columns[place]))
            told = [(file, float(number)) for file, number in zip(files, numbers, strict=True) if number]
            if hears([file for file, _ in told], [number for _, number in told]):
                pitch, values = place, numbers
                break
    else:
        values = columns[pitch]
        key = _same_in_numbers(columns, pitch)
        if key is not None:
            pitch, values = key, columns[key]
    if pitch is not None:
        roles[pitch] = "pitch"
    loudness = _velocity_column(columns, pitch)
    if loudness is not None:
        roles[loudness] = "velocity"
    instrument = _instrument_column(columns, roles)
    if instrument is not None:
        roles[instrument] = "instrument"
    counted = [] if instrument is None or not _SEPARATORS.get(cut) else source_and_number(columns, instrument)
    if cut != "fused" or pitch is not None:
        for index, file in enumerate(files):
            given = found.labels.setdefault(file, {})
            given |= {role: columns[place][index] for place, role in roles.items() if role != "pitch"}
            if instrument is not None and cut != "_":
                given["instrument"] = _with_words_before(columns, instrument, index)
            if counted:
                given["instrument"] = cut.join([given["instrument"], *(columns[place][index] for place in counted)])
            if pitch is not None and (is_note_name(values[index]) or values[index].replace(".", "").isdecimal()):
                given["pitch"] = values[index]
            if not is_loudness(given.get("velocity", "0")):
                del given["velocity"]
        if roles:
            found.patterns |= dict.fromkeys(files, _pattern(roles, cut, columns, counted))
    if pitch is None:
        _single_names(group, found)


def _single_names(group: dict[str, list[str]], found: NameLabels) -> None:
    """Names that differ in how they are made: of each the one part that is a note's name."""
    for file, parts in group.items():
        notes = [part for part in parts if is_note_name(part)]
        if len(notes) == 1 and file not in found.ranges:
            found.labels.setdefault(file, {}).setdefault("pitch", notes[0])


def _pitch_column(columns: Sequence[Sequence[str]]) -> int | None:
    """The place where most names have a note's name; of several the one that varies most, then one in capitals (`C3` beside
    the `a2` of two players)."""
    fits = [place for place, column in enumerate(columns) if _share(is_note_name, column) >= _MOST]
    return max(fits, key=lambda place: (len(set(columns[place])), columns[place][0][0].isupper(), -place), default=None)


def _same_in_numbers(columns: Sequence[Sequence[str]], pitch: int) -> int | None:
    """The place of MIDI numbers beside names of the same pitches: they are in no doubt of the octave."""
    language = pitch_language(columns[pitch])
    for place, column in enumerate(columns):
        if place == pitch or not all(part.isdecimal() for part in column) or len(set(column)) < 2:
            continue
        try:
            named = [read_pitch(name, language) for name in columns[pitch]]
        except TimbreError:
            return None
        shifts = {int(number) - name for number, name in zip(column, named, strict=True)}
        if len(shifts) == 1 and not shifts.pop() % 12:
            return place
    return None


def _number_columns(columns: Sequence[Sequence[str]]) -> list[int]:
    """The places whose numbers may be MIDI pitches, those that vary most first."""
    fits = (place for place, column in enumerate(columns) if _share(_key_of, column) >= _MOST_KEYS)
    return sorted(fits, key=lambda place: -len(set(columns[place])))


def _key_of(part: str) -> str:
    """The number of what may be a MIDI pitch or a frequency with its unit, empty where it is none."""
    key = _KEY.fullmatch(part)
    if key is None:
        pitch = pitch_with_unit(part)
        return "" if pitch is None else f"{pitch:g}"
    return key[1] if _LOWEST <= int(key[1]) <= _HIGHEST else ""


def _velocity_column(columns: Sequence[Sequence[str]], pitch: int | None) -> int | None:
    for place, column in enumerate(columns):
        words = {dynamic_word(part) for part in column if is_dynamic(part)}
        if place != pitch and _share(is_dynamic, column) >= _MOST and (len(words) > 1 or words & SPECIFIC):
            return place
    for place, column in enumerate(columns):
        if place != pitch and _share(lambda part: layer_of(part) is not None, column) >= _MOST:
            return place
        if place != pitch and are_spans(column):
            return place
    for place, column in enumerate(columns):
        numbers = {int(part) for part in column if part.isdecimal()}
        if pitch is None or place <= pitch or _share(str.isdecimal, column) < 1:
            continue
        three_digits = all(len(part) == 3 for part in column)
        if max(numbers) <= 127 and min(numbers) >= 10 and (three_digits or len(numbers) > 1):
            return place
    return None


def _instrument_column(columns: Sequence[Sequence[str]], roles: dict[int, str]) -> int | None:
    """The place of the instrument: where known ones are named, else the first word that many names share."""
    words = []
    for place, column in enumerate(columns):
        said = _share(lambda part: not (_COUNTER.fullmatch(part) or is_playing(part) or is_stop_word(part)), column)
        if place not in roles and said >= _MOST:
            words.append(place)
    known = [place for place in words if _share(lambda part: bool(family_of(part)), columns[place]) >= _MOST / 2]
    if known:
        return max(known, key=lambda place: (not _share(is_family, columns[place]) >= _MOST, -place))
    count = len(columns[0]) if columns else 0
    shared = [place for place in words if len(set(columns[place])) <= count // 2]
    first = next((place for place in shared if not _share(is_technical, columns[place]) >= _MOST), None)
    return _words_of_one_pitch(columns, roles) if first is None else first


def _words_of_one_pitch(columns: Sequence[Sequence[str]], roles: dict[int, str]) -> int | None:
    """The place of words that tell sounds of one pitch and velocity apart, of which some alone say how something is played:
    `pluck C4` beside `brassy C4` is another instrument."""
    alike = list(zip(*(columns[place] for place in roles), strict=True))
    for place, column in enumerate(columns) if alike else ():
        fit = all(len(part) > 1 and not (_COUNTER.fullmatch(part) or is_stop_word(part)) for part in column)
        if place in roles or not fit or all(map(is_playing, column)):
            continue
        told = set(zip(alike, column, strict=True))
        if len(set(column)) > 1 and len(told) > len(set(alike)):
            return place
    return None


def _with_words_before(columns: Sequence[Sequence[str]], place: int, index: int) -> str:
    """An instrument's name of several words: `French Horn`, `1st violins`."""
    first = place
    while first and _BEFORE_INSTRUMENTS.fullmatch(columns[first - 1][index]):
        first -= 1
    return " ".join(columns[part][index] for part in range(first, place + 1))


def _pattern(roles: dict[int, str], cut: str, columns: Sequence[Sequence[str]], counted: Sequence[int]) -> str:
    """How names were read, written as a pattern is; `counted`: the places that are part of the instrument's name before them."""
    names = []
    for place in (place for place in range(len(columns)) if place not in counted):
        if place in roles:
            names.append(f"{{{roles[place]}}}")
        elif len(set(columns[place])) == 1:
            names.append(columns[place][0])
        elif _share(is_playing, columns[place]) >= _MOST:
            names.append("{playing}")
        else:
            names.append(
                "{take}" if _share(lambda part: bool(_COUNTER.fullmatch(part)), columns[place]) >= _MOST else "{...}"
            )
    return (cut if cut in _SEPARATORS and cut else " ").join(names)


def _share(fits: Callable[[str], object], column: Sequence[str]) -> float:
    counts = Counter(column)
    return sum(count for part, count in counts.items() if fits(part)) / max(1, len(column))
