"""Notes in NSynth's layout: `examples.json` beside `audio/` (Engel et al. 2017, arXiv:1704.01279).

Built for the whole of NSynth (300,000 notes): labels are read entry by entry, files are found by one listing of the
audio folder. A damaged entry or missing file costs that note, never the rest.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any

import pandas as pd

from timbre_core.datasets.notes import drop_bad_labels, note_table
from timbre_core.errors import TimbreError, os_errors

OFFICIAL_SPLITS = {"nsynth-train": "train", "nsynth-valid": "valid", "nsynth-test": "test"}

_KEYS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "instrument_str": ("instrument", str),
    "instrument_family_str": ("family", str),
    "instrument_source_str": ("source", str),
    "pitch": ("pitch", (int, float)),
    "velocity": ("velocity", (int, float)),
}
_AUDIO_ENDINGS = (".wav", ".flac", ".ogg")  # the first that exists is taken
_SEPARATORS = frozenset("/\\\0")
_decoder = json.JSONDecoder()


def nsynth_folders(root: Path) -> list[tuple[str, str]]:
    """The NSynth folders of `root` as (path below root, official split or ""); empty if it has no such layout."""
    if (root / "examples.json").is_file():
        return [(".", OFFICIAL_SPLITS.get(root.resolve().name, ""))]
    return [(name, split) for name, split in OFFICIAL_SPLITS.items() if (root / name / "examples.json").is_file()]


def read_nsynth(root: Path) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The note table of an NSynth folder, or of a folder with nsynth-train, -valid and -test in it.

    Returns (notes, skipped): `skipped` holds (file, reason) for every entry that cannot be used. Audio paths are
    relative to `root`. Raises TimbreError when `root` cannot be read or no note is usable.
    """
    tables, skipped = [], []
    for below, split in nsynth_folders(root):
        notes, bad = _read_folder(root / below, split)
        if below != ".":
            notes["audio"] = below + "/" + notes["audio"]
        tables.append(notes)
        skipped += bad
    notes = pd.concat(tables, ignore_index=True)
    if notes.empty:
        raise TimbreError(f"{root}: no usable note: {_first_reason(skipped)}")
    return notes, skipped


def _first_reason(skipped: list[tuple[str, str]]) -> str:
    more = f" ({len(skipped)} such)" if len(skipped) > 1 else ""
    return f"{skipped[0][0]}: {skipped[0][1]}{more}." if skipped else "examples.json is empty."


def _read_folder(folder: Path, split: str) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    path = folder / "examples.json"
    with os_errors(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    columns: dict[str, list[Any]] = {"note_id": [], "audio": []} | {field: [] for field, _ in _KEYS.values()}
    skipped: list[tuple[str, str]] = []
    files = _audio_files(folder / "audio")
    try:
        for note_id, entry in _entries(text):
            if _SEPARATORS & set(note_id):
                skipped.append((str(path), f"its entry {note_id[:80]!r} is no note's name but a path: correct it"))
                continue
            reason = _entry_problem(entry)
            file = files.get(note_id)
            if not reason and file is None:
                reason = "the audio file is missing: unpack the data set again"
            if reason:
                skipped.append((str(folder / "audio" / (file or note_id)), reason))
                continue
            columns["note_id"].append(note_id)
            columns["audio"].append(f"audio/{file}")
            for key, (field, _) in _KEYS.items():
                columns[field].append(entry[key])
    except _DamagedJson as error:
        seen = len(columns["note_id"])
        others = f" to have the other notes, {seen} were read" if seen else ""
        skipped.append((str(path), f"{error}: get it again{others}"))
    notes = note_table(columns | {"split": [split] * len(columns["note_id"])})
    notes, bad = drop_bad_labels(notes, str(folder) + "/" + notes["audio"])
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


def _audio_files(folder: Path) -> dict[str, str]:
    """File name by name without ending, of all audio files in `folder`."""
    found: dict[str, str] = {}
    with os_errors(folder):
        names = {entry.name for entry in os.scandir(folder)}
    for ending in reversed(_AUDIO_ENDINGS):
        found.update((name[: -len(ending)], name) for name in names if name.lower().endswith(ending))
    return found


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
