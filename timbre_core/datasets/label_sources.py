"""The labels of a folder's sounds, decided field by field between all that say something of them.

For each field the first source that names it counts: the table, the pattern, SFZ files, the files' names, the folders, keys
that samplers keep in the files. Where the instrument is in doubt, folders count before names if they tell instruments apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from timbre_core.datasets.folder_labels import FolderLabels, read_folders
from timbre_core.datasets.general_midi import FAMILIES
from timbre_core.datasets.instrument_words import family_like, family_of, is_family, plain_words, source_in
from timbre_core.datasets.label_values import Labels
from timbre_core.datasets.name_labels import NameLabels
from timbre_core.datasets.notes import UNKNOWN
from timbre_core.datasets.pitch_names import HELMHOLTZ, is_note_name, pitch_language, read_pitch
from timbre_core.datasets.spelling import near_names, one_spelling
from timbre_core.errors import TimbreError

_ORDER = ("table", "pattern", "SFZ file", "file names", "folders", "sampler keys")
_SPELLED: dict[str, Sequence[str]] = {"instrument": (), "family": FAMILIES}
"""Labels that are given one spelling, and the words that it is then, where one of these is meant."""
_FIELDS = ("instrument", "family", "source", "pitch", "velocity", "split", "transpose")


@dataclass
class Sources:
    """What each source says of a folder's files, by file.

    columns: fields that the table has, which no other source but the pattern fills where a cell is empty.
    """

    table: dict[str, Labels] = field(default_factory=dict)
    pattern: dict[str, Labels] = field(default_factory=dict)
    mapping: dict[str, Labels] = field(default_factory=dict)
    names: NameLabels = field(default_factory=NameLabels)
    keys: dict[str, float] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()


def decide(root: Path, files: Sequence[str], sources: Sources) -> tuple[dict[str, Labels], list[str]]:
    """The labels of `files` (posix paths below `root`), and sentences on where they are from."""
    folders = read_folders(root, files)
    by_names = _told_by_names(files, folders, sources.names)
    labels: dict[str, Labels] = {}
    guessed: dict[str, list[str]] = {}
    origins: dict[str, Counter[str]] = {name: Counter() for name in _FIELDS}
    for file in files:
        said = _said_of(file, folders, sources, file in by_names)
        labels[file] = {}
        for name in _FIELDS:
            origin = next((source for source in _allowed(name, sources.columns) if said[source].get(name)), None)
            if origin is not None:
                labels[file][name] = said[origin][name]
                origins[name][origin] += labels[file][name] != UNKNOWN
            if origin in ("file names", "folders"):
                guessed.setdefault(name, []).append(file)
        origins["family"]["instrument"] += _complete_family(labels[file])
        if "source" not in labels[file] and (source := source_in(labels[file].get("instrument", ""))):
            labels[file]["source"] = source
    spelled = [
        one_spelling(name, [labels[file] for file in guessed.get(name, [])], known) for name, known in _SPELLED.items()
    ]
    spelled.append(near_names("instrument", list(labels.values())))
    told = [f"{root}: {sentence}" for sentence in filter(None, spelled)]
    told = [_sentence(root, origins, folders, sources), *told, *_disagreements(root, sources)]
    return labels, told


def _allowed(name: str, columns: frozenset[str]) -> Sequence[str]:
    """The sources of a field; where the table has a column for it, guesses do not fill its empty cells."""
    if name not in columns:
        return _ORDER
    return ("table", "pattern") if name == "pitch" else ("table", "pattern", "folders")


def _said_of(file: str, folders: FolderLabels, sources: Sources, by_names: bool) -> dict[str, Labels]:
    """What each source says of a file, in which one alone names an instrument that the others only guess."""
    named, around = dict(sources.names.labels.get(file, {})), dict(folders.labels[file])
    mapped = dict(sources.mapping.get(file, {}))
    weak = file in folders.weak or by_names
    if weak and named.get("instrument") and _is_better(named["instrument"], around["instrument"]):
        if file in folders.unplaced or not is_family(around.get("family", "")):
            del around["family"]  # the instrument tells it
        del around["instrument"]
        mapped.pop("instrument", None)
    elif weak and mapped.get("instrument") and not family_of(around["instrument"]):
        around.pop("instrument")
        around["family"] = family_of(mapped["instrument"]) or around["family"]
    else:
        named.pop("instrument", None)
        mapped.pop("instrument", None)
    key = sources.keys.get(file)
    return {
        "table": sources.table.get(file, {}),
        "pattern": sources.pattern.get(file, {}),
        "SFZ file": mapped,
        "file names": named,
        "folders": around,
        "sampler keys": {} if key is None else {"pitch": f"{key:g}"},
    }


def _is_better(name: str, folder: str) -> bool:
    """Whether a word in files' names says more of the instrument than a folder that may not be about it."""
    return bool(family_of(name)) or not family_of(folder)


def _told_by_names(files: Sequence[str], folders: FolderLabels, names: NameLabels) -> set[str]:
    """The files of folders that look like one instrument's while the names in them are of several, known ones mostly."""
    groups: dict[str, list[str]] = {}
    for file in files:
        groups.setdefault(folders.labels[file]["instrument"], []).append(file)
    found: set[str] = set()
    for folder, group in groups.items():
        inside = {names.labels.get(file, {}).get("instrument", "") for file in group}
        known = {name for name in inside if family_of(name)}
        alone = len(groups) == 1 and 2 * len(known) > len(inside)
        if len(inside) > 1 and (alone or (len(known) == len(inside) and not family_of(folder))):
            found |= set(group)
    return found


def _complete_family(given: Labels) -> bool:
    """Take the family of an instrument where nothing says it; returns whether that is a known one."""
    if given.get("family", UNKNOWN) == UNKNOWN:
        instrument = given.get("instrument", "")
        given["family"] = family_of(instrument) or _family_in(instrument) or UNKNOWN
        return given["family"] != UNKNOWN
    return False


def _family_in(instrument: str) -> str:
    """The family that one word of an instrument's name is: `brass_acoustic_006` is brass; empty where none or several are."""
    found = {like for word in plain_words(instrument).split() if (like := family_like(word, FAMILIES))}
    return found.pop() if len(found) == 1 else ""


def _sentence(root: Path, origins: dict[str, Counter[str]], folders: FolderLabels, sources: Sources) -> str:
    """One line on where the labels are from."""
    parts = []
    for name in ("instrument", "family", "pitch", "velocity", "split"):
        found = [(origin, count) for origin, count in origins[name].most_common() if count]
        if found:
            places = [f"{origin} ({count})" if len(found) > 1 else origin for origin, count in found]
            parts.append(f"{name} from {', '.join(places)}" + (_named_so(sources) if name == "pitch" else ""))
    patterns = Counter(sources.names.patterns.values())
    if patterns and any(found["file names"] for found in origins.values()):
        shown = ", ".join(repr(pattern) for pattern, _ in patterns.most_common(3))
        more = f" and {len(patterns) - 3} more" if len(patterns) > 3 else ""
        others = [name for name in ("{take}", "{...}") if any(name in pattern for pattern in patterns)]
        unused = f"{' and '.join(others)} {'are' if len(others) > 1 else 'is'} not used; " if others else ""
        parts.append(f"file names read by the pattern {shown}{more} ({unused}give another where that is wrong)")
    if folders.ignored:
        shown = ", ".join(sorted(folders.ignored)[:6])
        parts.append(f"folders that are no instruments: {shown}" + (", ..." if len(folders.ignored) > 6 else ""))
    return f"{root}: {'; '.join(parts)}"


def _named_so(sources: Sources) -> str:
    """Which octaves the names of pitches have, empty where there are none."""
    said = [*sources.names.labels.values(), *sources.pattern.values(), *sources.table.values()]
    names = [given["pitch"] for given in said if given.get("pitch")]
    if sources.names.helmholtz or pitch_language(names).endswith(HELMHOLTZ):
        return " (named as Helmholtz did: c' = 60)"
    return " (C4 = 60)" if any(map(is_note_name, names)) else ""


def _disagreements(root: Path, sources: Sources) -> list[str]:
    """Where names, SFZ files and the keys inside files differ: by how much, and in how many files."""
    if not (sources.mapping or sources.keys):
        return []
    named = {**_pitches(sources.names.labels), **_pitches(sources.pattern), **_pitches(sources.table)}
    mapped = _pitches(sources.mapping)
    pairs = (
        ("the names or table", named, "the SFZ file", mapped),
        ("the names or table", named, "the sampler keys in the files", sources.keys),
        ("the SFZ file", mapped, "the sampler keys in the files", sources.keys),
    )
    sentences = []
    for one, first, other, second in pairs:
        both = first.keys() & second.keys()
        shifts = Counter(round(second[file] - first[file]) for file in both)
        shifts.pop(0, None)
        if shifts:
            (shift, count), *_ = shifts.most_common(1)
            more = f" ({sum(shifts.values())} differ in all)" if len(shifts) > 1 else ""
            sentences.append(
                f"{root}: {other} says {shift:+d} semitones against {one} for {count} of {len(both)} files{more}"
            )
    return sentences


def _pitches(labels: dict[str, Labels]) -> dict[str, float]:
    language = pitch_language(given["pitch"] for given in labels.values() if given.get("pitch"))
    pitches = {}
    for file, given in labels.items():
        if given.get("pitch"):
            try:
                pitches[file] = read_pitch(given["pitch"], language)
            except TimbreError:
                continue
    return pitches
