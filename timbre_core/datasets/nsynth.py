"""Notes in NSynth's layout: `examples.json` beside `audio/` (Engel et al. 2017, arXiv:1704.01279).

Built for the whole of NSynth (300,000 notes): labels are read entry by entry, files are found by one listing of the
audio folder. A damaged entry or missing file costs that note, never the rest.
"""

from __future__ import annotations

import json
import math
import os
import unicodedata
from collections.abc import Iterator, Sequence
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any

import pandas as pd

from timbre_core.datasets.audio_files import audio_files, leads_above, list_folder
from timbre_core.datasets.notes import SPLITS, drop_bad_labels, note_table
from timbre_core.datasets.split_names import split_of
from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.sound_files import is_audio, is_left_behind, other_cure
from timbre_core.files import is_folder
from timbre_core.wording import counted

_EXAMPLES = "examples.json"
_DEEPEST = 4
_KEYS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "instrument_str": ("instrument", str),
    "instrument_family_str": ("family", str),
    "instrument_source_str": ("source", str),
    "pitch": ("pitch", (int, float)),
    "velocity": ("velocity", (int, float)),
}
_FIRST_ENDINGS = (".wav", ".flac", ".ogg")  # of several files with a note's name the first of these is taken
_SEPARATORS = frozenset("/\\\0")
_decoder = json.JSONDecoder()


def nsynth_folders(root: Path) -> list[tuple[str, str]]:
    """The NSynth folders of `root` as (path below root, split or ""); empty if it has no such layout.

    They may lie some folders deep. `nsynth-test` is the test split; so is `test` where other splits are beside it.
    """
    if _examples(root) is not None:
        return [(".", _official(root.resolve().name))]
    found: list[str] = []
    level = [""]
    for _ in range(_DEEPEST):
        below = [name for folder in level for name in _subfolders(root, folder)]
        here = [name for name in below if _is_nsynth(_examples(root / name))]
        found += here
        level = [name for name in below if name not in here]
    # The folder's own name, else the nearest around it: `train/nsynth`.
    splits = {name: next(filter(None, map(split_of, reversed(name.split("/")))), "") for name in found}
    several = len(set(filter(None, splits.values()))) > 1
    chosen = [(name, split if several else _official(name.rpartition("/")[2])) for name, split in splits.items()]
    return sorted(chosen, key=lambda each: ("", *SPLITS).index(each[1]))


def _official(folder: str) -> str:
    return split_of(folder) if folder.lower().startswith("nsynth") else ""


def _subfolders(root: Path, folder: str) -> list[str]:
    try:
        with os.scandir(root / folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if is_folder(entry) and not is_left_behind(entry.name) and not leads_above(entry, root)
            )
    except OSError:
        return []
    return [f"{folder}/{name}" if folder else name for name in names if name != "audio"]


def _examples(folder: Path) -> Path | None:
    """The `examples.json` of a folder, however its letters are written; None where it has none."""
    try:
        if (folder / _EXAMPLES).is_file():
            return folder / _EXAMPLES
        with os.scandir(folder) as entries:
            return next((Path(e.path) for e in entries if e.name.casefold() == _EXAMPLES and e.is_file()), None)
    except OSError:
        return None


def _is_nsynth(path: Path | None) -> bool:
    """Whether an examples.json below the root begins like NSynth's."""
    if path is None:
        return False
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            head = stream.read(4096)
    except OSError:
        return False
    return '"pitch"' in head and '"instrument' in head


def read_nsynth(
    root: Path, folders: Sequence[tuple[str, str]] | None = None, said: list[str] | None = None
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The note table of a folder in which NSynth folders lie, or which is one: `folders`, see `nsynth_folders`.

    Returns (notes, skipped): `skipped` holds (file, reason) for every entry that cannot be used. Audio paths are
    relative to `root`. said: takes a sentence where the labels were not where NSynth has them. Raises TimbreError when
    `root` cannot be read or no note is usable.
    """
    tables, skipped = [], []
    folders = nsynth_folders(root) if folders is None else folders
    for below, split in folders:
        notes, bad = _read_folder(root, below, split)
        tables.append(notes)
        skipped += bad
    notes = pd.concat(tables, ignore_index=True)
    if notes.empty:
        raise TimbreError(f"{root}: no usable note: {_first_reason(skipped)}")
    if said is not None:
        said += _unlisted(root, folders, set(notes["audio"]), {place for place, _ in skipped})
    if said is not None and any(
        below not in (".", "nsynth-train", "nsynth-valid", "nsynth-test") for below, _ in folders
    ):
        places = ", ".join(f"{below}/{_EXAMPLES}" + (f" ({split})" if split else "") for below, split in folders)
        said.append(f"{root}: labels from {places}")
    return notes, skipped


def _unlisted(root: Path, folders: Sequence[tuple[str, str]], used: set[str], told: set[str]) -> list[str]:
    """How many sounds no entry names, or cannot be read. used: paths below `root`; told: paths of what is told of anyway."""
    if any(str(_examples(root / below)) in told for below, _ in folders):
        return []  # a damaged list, of which the rest is told already
    listing = list_folder(root)
    files = [file for file in listing.files if file not in used and str(root / file) not in told]
    for place in told:
        listing.others.pop(os.path.splitext(place)[1].lower(), None)
    said = [f"{root}: {sentence}" for sentence in listing.unread]
    if files:
        said.append(f"{root}: {counted(len(files), 'sound')} without an entry in {_EXAMPLES}, {files[0]} say: not used")
    return said


def _first_reason(skipped: list[tuple[str, str]]) -> str:
    more = f" ({len(skipped)} such)" if len(skipped) > 1 else ""
    return f"{skipped[0][0]}: {skipped[0][1]}{more}." if skipped else "examples.json is empty."


def _read_folder(root: Path, below: str, split: str) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    folder = root / below
    path = _examples(folder) or folder / _EXAMPLES
    with os_errors(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    columns: dict[str, list[Any]] = {"note_id": [], "audio": []} | {field: [] for field, _ in _KEYS.values()}
    skipped: list[tuple[str, str]] = []
    files = _audio_files(root, below)
    try:
        for note_id, entry in _entries(text):
            if _SEPARATORS & set(note_id):
                skipped.append((str(path), f"its entry {note_id[:80]!r} is no note's name but a path: correct it"))
                continue
            reason = _entry_problem(entry)
            file = files.get(_composed(note_id))
            if not reason and (file is None or not is_audio(file)):
                reason = "the audio file is missing: unpack the data set again"
                if file is not None:
                    cure = other_cure(file) or "convert to WAV or FLAC, with ffmpeg say"
                    reason = f"its sound is {file!r}, which cannot be read: {cure}"
            if reason or file is None:
                skipped.append((str(root / file if file else folder / f"audio/{note_id}"), reason))
                continue
            columns["note_id"].append(note_id)
            columns["audio"].append(file)
            for key, (field, _) in _KEYS.items():
                columns[field].append(entry[key])
    except _DamagedJson as error:
        seen = len(columns["note_id"])
        others = f" to have the other notes, {seen} were read" if seen else ""
        skipped.append((str(path), f"{error}: get it again{others}"))
    notes = note_table(columns | {"split": [split] * len(columns["note_id"])})
    notes, bad = drop_bad_labels(notes, str(root) + "/" + notes["audio"])
    return notes, skipped + bad


def _entry_problem(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "its entry in examples.json is no object: correct it"
    for key, (_, kind) in _KEYS.items():
        if key not in entry:
            return f"its entry in examples.json has no '{key}': add it"
        if not isinstance(entry[key], kind) or isinstance(entry[key], bool):
            return f"'{key}' in examples.json is {entry[key]!r}: correct it"
        if isinstance(entry[key], float) and math.isnan(entry[key]):
            return f"'{key}' in examples.json is NaN: write a number"
    return ""


def _audio_files(root: Path, below: str) -> dict[str, str]:
    """Path below `root` (posix) by name without ending, of all files in `audio` of the folder `below`, else of all sounds in
    that folder, else of all below `root`."""
    folder, before = root / below, "" if below == "." else f"{below}/"
    if (folder / "audio").is_dir():
        with os_errors(folder / "audio"):
            names = [
                f"{before}audio/{entry.name}"
                for entry in os.scandir(folder / "audio")
                if not is_left_behind(entry.name)
            ]
    else:
        names = [before + name for name in audio_files(folder)] or audio_files(root)
    found: dict[str, str] = {}
    for name in sorted(names, key=_preference, reverse=True):
        found[_composed(name.rpartition("/")[2].rpartition(".")[0])] = name
    return found


def _preference(name: str) -> tuple[bool, int, str]:
    """Sorts files: readable ones first, then by ending."""
    ending = os.path.splitext(name)[1].lower()
    place = _FIRST_ENDINGS.index(ending) if ending in _FIRST_ENDINGS else len(_FIRST_ENDINGS)
    return not is_audio(name), place, name


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


class _DamagedJson(Exception):
    pass


def _entries(text: str) -> Iterator[tuple[str, Any]]:
    """The (key, value) pairs of a JSON object, one at a time, up to where it is damaged.

    Unlike json.loads this keeps what comes before the damage, and never holds all entries at once.
    """
    position = WHITESPACE.match(text, 0).end()
    if text[position : position + 1] != "{":
        raise _DamagedJson(_other_than_an_object(text[position:]))
    position = WHITESPACE.match(text, position + 1).end()
    if text[position : position + 1] == "}":
        return
    try:
        while True:
            key, position = _decoder.raw_decode(text, position)
            position = _skip(text, position, ":")
            value, position = _decoder.raw_decode(text, position)
            yield str(key), value
            position = WHITESPACE.match(text, position).end()
            if text[position : position + 1] == "}":
                return
            position = _skip(text, position, ",")
    except json.JSONDecodeError as error:
        raise _DamagedJson(f"truncated or damaged at line {error.lineno}") from error
    except (RecursionError, ValueError) as error:  # deep nesting, or a number of thousands of digits
        raise _DamagedJson(f"damaged at line {1 + text.count(chr(10), 0, position)}") from error


def _other_than_an_object(text: str) -> str:
    """What a file is that should be a JSON object of notes; `text` begins with its first character."""
    if not text:
        return "it is empty"
    if "\0" in text[:1000] or "\N{REPLACEMENT CHARACTER}" in text[:1000]:
        return "it is no text file"
    what = "a list" if text.startswith("[") else "something else"
    return f"it holds {what} where NSynth has an object with an entry for each note"


def _skip(text: str, position: int, mark: str) -> int:
    """The place after `mark` and the white space around it."""
    position = WHITESPACE.match(text, position).end()
    if text[position : position + 1] != mark:
        raise json.JSONDecodeError(f"{mark!r} expected", text, position)
    return WHITESPACE.match(text, position + 1).end()
