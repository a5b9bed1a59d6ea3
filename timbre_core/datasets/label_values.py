"""Labels as texts, from tables, names or mappings, become a note table; what cannot be understood costs its note alone."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from timbre_core.datasets.dynamics import count_layers, first_layer, read_velocity
from timbre_core.datasets.notes import UNKNOWN, drop_bad_labels, note_table
from timbre_core.datasets.pitch_names import pitch_language, read_pitch
from timbre_core.datasets.split_names import WORDS
from timbre_core.errors import TimbreError

Labels = dict[str, str]
"""Texts by field: instrument, family, source, pitch, velocity, split, transpose, note_id. Unknown ones are left out."""

_SAFE_SIGNS = " ._+#-"
_UNSAFE = re.compile(rf"[^A-Za-z0-9{re.escape(_SAFE_SIGNS)}]")  # of ASCII
_LONGEST_ID = 100  # letters
_LONGEST_ID_BYTES = 200  # in UTF-8: file systems take 255, with an ending

Skipped = list[tuple[str, str]]


def note_values(rows: Sequence[Labels], audio: Sequence[str], names: Sequence[str]) -> tuple[pd.DataFrame, Skipped]:
    """The note table of labels, `audio` being where each note is and `names` what errors call it, and what is left out.

    Names of pitches are read in one language for all; velocity layers are counted for each instrument.
    """
    language = pitch_language(row["pitch"] for row in rows if row.get("pitch"))
    layers = _layers(rows)
    columns: dict[str, list[Any]] = {}
    kept: list[str] = []
    skipped: Skipped = []
    taken: set[str] = set()
    for given, place, name in zip(rows, audio, names, strict=True):
        try:
            row: dict[str, Any] = {
                "instrument": _composed(given.get("instrument", "")) or UNKNOWN,
                "family": _composed(given.get("family", "")) or UNKNOWN,
                "source": _composed(given.get("source", "")) or UNKNOWN,
                "pitch": _pitch(given, language),
                "velocity": _velocity(given, layers),
                "split": _split(given.get("split", "")),
            }
        except TimbreError as error:
            skipped.append((name, str(error).rstrip(".")))
            continue
        row |= {"note_id": safe_id(given.get("note_id") or place.rpartition(".")[0], taken), "audio": place}
        kept.append(name)
        for field, value in row.items():
            columns.setdefault(field, []).append(value)
    notes = note_table(columns or {"note_id": [], "audio": []})
    notes, bad = drop_bad_labels(notes, pd.Series(kept, dtype="str"))
    return notes, skipped + bad


def without_unclear_pitches(labels: dict[str, Labels]) -> list[str]:
    """Take pitches out of labels that were guessed, where they cannot be read as one; returns the reasons."""
    language = pitch_language(given["pitch"] for given in labels.values() if given.get("pitch"))
    reasons = []
    for given in labels.values():
        try:
            _pitch(given, language)
        except TimbreError as error:
            reasons.append(str(error).rstrip("."))
            del given["pitch"]
    return reasons


def safe_id(name: str, taken: set[str]) -> str:
    """A name that is not in `taken`, which gets it, and is safe as a file name, made of a path or name: letters of any script,
    digits and a few signs are kept."""
    letters = unicodedata.normalize("NFC", name).replace("/", ".")
    # One by one where they are of other scripts: it takes ten times as long.
    safe = _UNSAFE.sub("_", letters) if letters.isascii() else "".join(c if _is_safe(c) else "_" for c in letters)
    base = safe.strip(". ")[:_LONGEST_ID]
    base = base.encode()[:_LONGEST_ID_BYTES].decode(errors="ignore")
    base = base if base[:1].isalnum() else f"n{base}"
    unique, number = base, 2
    while unique in taken:
        unique, number = f"{base}-{number}", number + 1
    taken.add(unique)
    return unique


def _is_safe(letter: str) -> bool:
    return letter.isalnum() or letter in _SAFE_SIGNS or unicodedata.category(letter) in ("Mn", "Mc")


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _layers(rows: Iterable[Labels]) -> dict[str, tuple[int, int]]:
    """How many velocity layers each instrument has, and what the first is counted as."""
    texts: dict[str, set[str]] = {}
    for row in rows:
        if row.get("velocity"):
            texts.setdefault(row.get("instrument", ""), set()).add(row["velocity"])
    return {instrument: (count_layers(found), first_layer(found)) for instrument, found in texts.items()}


def _pitch(given: Labels, language: str) -> float:
    if not given.get("pitch"):
        return math.nan
    pitch = read_pitch(given["pitch"], language)
    return pitch + number(given["transpose"], "transpose") if given.get("transpose") else pitch


def _velocity(given: Labels, layers: dict[str, tuple[int, int]]) -> float:
    text = given.get("velocity", "")
    return read_velocity(text, *layers[given.get("instrument", "")]) if text else math.nan


def number(text: str, field: str) -> float:
    """A number as people write it. Raises TimbreError, naming the field, for anything else."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise TimbreError(f"{field} {text!r} is no number: correct it.")
    return value


def _split(text: str) -> str:
    if not text:
        return ""
    if text.lower() not in WORDS:
        raise TimbreError(
            f"split {text!r} is none of train, valid, test, nor are all splits numbers of folds: correct it."
        )
    return WORDS[text.lower()]
