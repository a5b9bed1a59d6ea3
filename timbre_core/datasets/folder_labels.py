"""What the folders that a sound lies in say of it: instrument, family, split, and a pitch or dynamic where folders are so named.

`Strings/Cello Section/susvib/x.wav` is of a cello section among the strings, played in some way. Folders that say how
something was played, recorded or counted are no instruments; folders of one name below different parents are different ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from timbre_core.datasets.dynamics import is_dynamic, layer_of
from timbre_core.datasets.folds import fold_number
from timbre_core.datasets.instrument_words import family_of, is_family, is_playing, is_technical, plain_words
from timbre_core.datasets.label_values import Labels
from timbre_core.datasets.notes import UNKNOWN
from timbre_core.datasets.pitch_names import is_note_name
from timbre_core.datasets.split_names import WORDS

Path_ = tuple[str, ...]
_PLAYERS = ("solo", "ensemble", "tutti", "section", "single", "singles")


@dataclass
class FolderLabels:
    """Labels by file; files whose folders name no instrument (`weak`), or that lie in none (`unplaced`); and what folders were
    taken for, by what it is."""

    labels: dict[str, Labels] = field(default_factory=dict)
    weak: set[str] = field(default_factory=set)
    unplaced: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    splits: set[str] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)


def read_folders(root: Path, files: Sequence[str]) -> FolderLabels:
    """What the folders of `files` (posix paths below `root`) say."""
    found = FolderLabels()
    paths = {file: tuple(_composed(part) for part in file.split("/")[:-1]) for file in files}
    first = {path[0] for path in paths.values() if path}
    with_splits = len(first) > 1 and all(path for path in paths.values()) and all(_split(name) for name in first)
    below = {file: path[1:] if with_splits else path for file, path in paths.items()}
    details = _details(set(below.values()))
    kept = _one_player({path: _without_details(path, details) for path in set(below.values())})
    names = _unique_names(set(kept.values()))
    for file, path in below.items():
        place = kept[path]
        given: Labels = {"split": _split(paths[file][0])} if with_splits else {}
        found.splits |= {paths[file][0]} if with_splits else set()
        around = [part for part in path if part not in place]
        found.ignored |= set(around)
        for part in around:
            if is_note_name(part):
                given["pitch"] = part
            elif _is_dynamic(part):
                given["velocity"] = part
            elif fold_number(part, named=True) is not None:
                given["split"] = part
        if not place or (is_family(place[-1]) and not family_of(place[-1])):
            found.weak.add(file)
        if not place:
            found.unplaced.add(file)
        given["instrument"] = names[place] if place else root.resolve().name
        given["family"] = _family(place, given["instrument"] if not place else "")
        found.levels.add(" / ".join(_roles(place)) if place else "")
        found.labels[file] = given
    return found


def _family(place: Path_, root: str) -> str:
    """The outermost family or section; else that of the instrument, where it is a known one; else the folder around it."""
    sections = [part for part in place[:-1] if is_family(part)]
    if sections:
        return sections[0]
    if not place:
        return family_of(root) or UNKNOWN
    return family_of(place[-1]) or family_of(place[-2:][0]) or place[-2:][0]


def _roles(place: Path_) -> list[str]:
    sections = [part for part in place[:-1] if is_family(part)]
    return ["family" if sections and part == sections[0] else "..." for part in place[:-1]] + ["instrument"]


def _details(paths: set[Path_]) -> set[Path_]:
    """Folders that are no instruments although their names are unknown: those of one name below several instruments, and those
    beside ways of playing one."""
    folders = {path[:depth] for path in paths for depth in range(1, len(path) + 1)}
    parents: dict[str, set[Path_]] = {}
    for folder in folders:
        parents.setdefault(folder[-1].casefold(), set()).add(folder[:-1])
    unknown = [folder for folder in folders if len(folder) > 1 and not (family_of(folder[-1]) or is_family(folder[-1]))]
    recurring = {
        folder
        for folder in unknown
        if len(parents[folder[-1].casefold()]) > 1
        and (family_of(folder[-2]) or (len(folder) > 2 and is_family(folder[-3]) and not is_family(folder[-2])))
    }
    played = {folder[:-1] for folder in folders if folder in recurring or is_playing(folder[-1])}
    return recurring | {folder for folder in unknown if folder[:-1] in played and family_of(folder[-2])}


def _without_details(path: Path_, details: set[Path_]) -> Path_:
    """The path down to the instrument: what says how it was played ends it, whatever lies deeper.

    Such folders around an instrument (`Staccato/Horn`) are no part of it either: however played, the horn is one.
    """
    instrument = 0
    for depth in range(1, len(path)):
        instrument = depth if family_of(path[depth - 1]) else instrument
        if instrument and (path[: depth + 1] in details or _is_detail(path[: depth + 1])):
            path = path[:instrument]
            break
    while path and (path in details or _is_detail(path)):
        path = path[:-1]
    return (*(part for part in path[:-1] if not _is_way((part,))), *path[-1:])


def _one_player(places: dict[Path_, Path_]) -> dict[Path_, Path_]:
    """Places with one name for a known instrument that has a folder for each way of playing it: `Horn Stac`, `Horn Sus`."""
    alike: dict[Path_, set[Path_]] = {}
    base = {place: (*place[:-1], _unplayed(place[-1])) for place in places.values() if place}
    for place, played in base.items():
        alike.setdefault(tuple(part.casefold() for part in played), set()).add(place)
    several = {place for group in alike.values() if len(group) > 1 for place in group if family_of(base[place][-1])}
    return {path: base[place] if place in several else place for path, place in places.items()}


def _unplayed(name: str) -> str:
    """A folder's name without the words in it that say how something was played."""
    words = re.split(r"[\s_.-]+", name)
    kept = [word for word in words if plain_words(word) in _PLAYERS or not is_playing(word)]
    return " ".join(kept) if 0 < len(kept) < len(words) else name


def _is_detail(path: Path_) -> bool:
    name = path[-1]
    if _is_dynamic(name) and name.strip().lower() == "piano":  # a dynamic only where others are beside it
        return False
    fold = fold_number(name, named=True) is not None
    around = plain_words(path[-2]).split() if len(path) > 1 else []
    rest = [word for word in plain_words(name).split() if word not in around]
    if family_of(" ".join(around)) and len(rest) < len(plain_words(name).split()) and not set(rest) & set(_PLAYERS):
        counted = all(word.isdecimal() for word in rest)  # `Horn/Horn 2` is the second horn
        name = name if counted else " ".join(rest)  # `Horn/Horn Staccato` is a horn, played short
    return fold or is_playing(name) or is_technical(name) or _is_dynamic(name) or is_note_name(name)


def _is_way(path: Path_) -> bool:
    """Whether a folder around instruments says how they were played or recorded, and not by how many."""
    return _is_detail(path) and not is_family(path[-1]) and plain_words(path[-1]) not in _PLAYERS and len(path[-1]) > 1


def _is_dynamic(name: str) -> bool:
    return is_dynamic(name) or layer_of(name) is not None


def _unique_names(places: set[Path_]) -> dict[Path_, str]:
    """A name for each instrument: its folder's, with those around it where several have one of that name."""
    names: dict[Path_, str] = {}
    for place in places:
        if not place:
            continue
        alike = [other for other in places if other and other[-1].casefold() == place[-1].casefold()]
        size = 1
        while size < len(place) and sum(_tail(other, size) == _tail(place, size) for other in alike) > 1:
            size += 1
        names[place] = " ".join(place[-size:])
    return names


def _tail(place: Path_, size: int) -> Path_:
    return tuple(part.casefold() for part in place[-size:])


def _split(name: str) -> str:
    return WORDS.get(name.strip().lower(), "")


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()
