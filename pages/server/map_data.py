"""What the browser needs to draw a map and to show a note, as plain values."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from pages.server.catalog import NoteMap
from pages.server.colours import UNKNOWN
from pages.server.layers import OF_ITS_KIND
from pages.server.measured import measured_when_built
from pages.server.memo import Memo
from pages.server.packing import pack
from pages.server.words import called, instrument_name, note_name, printable, readable
from timbre_core.analysis.sound_words import sound_words
from timbre_core.datasets.vocabulary import Vocabulary
from timbre_core.errors import TimbreError

MOST_NEAR = 8
MOST_DETAILS = 200_000
_MOST_CATEGORIES = 65_535
_packed = Memo(4)

COLUMN_TITLES = {
    "family": "Family",
    OF_ITS_KIND: "Kind",
    "pitch": "Pitch",
    "instrument": "Instrument",
    "source": "Source",
    "velocity": "Velocity",
    "brightness": "Brightness (Hz)",
    "recon_l1": "Reconstruction error (L1)",
    "library": "Library",
    "length": "Length (s)",
    "attack": "Attack (s)",
    "noisiness": "Noisiness",
    "split": "Split",
    "pitch_estimated": "Pitch estimated",
}


def column_title(column: str, words: Vocabulary) -> str:
    """A label column's name as people read it, in the words of its library."""
    return words.title(column) or COLUMN_TITLES.get(column, readable(column).capitalize())


def packed_map(notes: NoteMap) -> bytes:
    """Ids, labels and projections of all notes (see packing.py for the layout).

    Header: `ids`, `projections`, `words` (what notes, families and instruments are called, and what to search for as an
    example), `dot` (the column that gives a note its colour), `details` (what tells notes of the same labels apart; not for
    more than MOST_DETAILS), and per label column its `title` and either `values`, `names`, `colours` and `counts` (categories;
    the array holds codes) or
    `low` and `high` (numbers; the array holds them, NaN unknown); `sounds`, words for how notes sound, where there are any.
    Arrays: `<projection>_1`, `<projection>_2`, `label_<column>`, and `sounds`, a bit for each word that is true.
    """
    key = (notes.checkpoint.path, notes.version)
    return _packed.get(key, lambda: _pack_map(notes))


def _pack_map(notes: NoteMap) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    for projection in notes.projections:
        for axis in (1, 2):
            name = f"{projection}_{axis}"
            arrays[name] = notes.labels[name].to_numpy(dtype=np.float32)
    columns = {}
    for column in notes.filter_columns:
        columns[column], arrays[f"label_{column}"] = _describe_column(notes, column)
    header = {
        **{"ids": notes.ids, "projections": notes.projections, "columns": columns, "words": words_for(notes)},
        "dot": notes.dot,
    }
    words = sound_words(_measures(notes))
    if words:
        header["sounds"] = list(words)
        bits = sum((holds.astype(np.uint16) << place for place, holds in enumerate(words.values())), np.uint16(0))
        arrays["sounds"] = np.asarray(bits, dtype=np.uint16)
    if len(notes.ids) <= MOST_DETAILS and any(notes.details):
        header["details"] = notes.details
    return pack(header, arrays)


def _measures(notes: NoteMap) -> pd.DataFrame:
    """What words of sound are told from: the labels, with what else was measured of notes that come with the project."""
    measured = measured_when_built(notes.checkpoint, notes.labels["note_id"])
    return notes.labels.assign(
        **{str(name): measured[name].to_numpy() for name in measured if name not in notes.labels}
    )


def words_for(notes: NoteMap) -> dict[str, str]:
    """What its notes, families and instruments are called, and as `example` words that find one of its notes."""
    words = notes.words
    told = {"note": words.note, "family": words.family, "instrument": words.instrument, "example": ""}
    if notes.ids:
        title, pitch_name = _names(notes, notes.rows[first_note(notes)])
        told["example"] = " ".join(f"{title} {pitch_name}".replace(" · ", " ").split())
    return told


def packed_space(notes: NoteMap) -> bytes:
    """The places of all notes in the 3-D view: arrays `x`, `y` and `z`. Raises TimbreError where there is none."""
    if not notes.space:
        raise TimbreError(
            f"checkpoint {notes.checkpoint.name!r} has no 3-D view: make its map with `python -m timbre_core project`."
        )
    places = {axis: notes.labels[name].to_numpy(np.float32) for axis, name in zip("xyz", notes.space, strict=True)}
    return pack({}, places)


def _describe_column(notes: NoteMap, column: str) -> tuple[dict[str, Any], np.ndarray]:
    values, words = notes.labels[column], notes.words
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=np.float32)
        finite = numbers[np.isfinite(numbers)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
        return {"title": column_title(column, words), "kind": "number", "low": low, "high": high}, numbers
    codes, categories = pd.factorize(values.astype(str), sort=True)
    names = [str(category) for category in categories[:_MOST_CATEGORIES]]
    colours = notes.colours(column, names)
    described = {
        "title": column_title(column, words),
        "kind": "category",
        "values": names,
        "names": [instrument_name(name) if column == "instrument" else readable(name) for name in names],
        "colours": [colours[name] for name in names],
        "counts": np.bincount(codes, minlength=len(names))[: len(names)].tolist(),
    }
    return described, np.minimum(codes, _MOST_CATEGORIES - 1).astype(np.uint16)


def describe_note(notes: NoteMap, row: int) -> dict[str, Any]:
    """One note: its title and facts, its mean latent, and its nearest neighbours, nearest first."""
    return {
        "note": note_card(notes, row),
        "facts": _facts(notes.labels.iloc[row], notes.label_columns, notes.words),
        "latent": [round(float(value), 4) for value in notes.means[row]],
        "neighbours": near_cards(notes, notes.neighbours(row, MOST_NEAR)),
    }


def near_cards(notes: NoteMap, near: list[tuple[int, float]]) -> list[dict[str, Any]]:
    """Cards of notes (rows and distances), no two of which read the same."""
    cards = [{**note_card(notes, row), "distance": distance} for row, distance in near]
    read = Counter((card["title"], card["pitch_name"], card["detail"]) for card in cards)
    for card in cards:
        if read[card["title"], card["pitch_name"], card["detail"]] > 1:
            card["detail"] = f"{card['detail']} {card['id']}".strip()
    return cards


def first_note(notes: NoteMap) -> str:
    """The id of a note to begin with: of a family that sings, near middle C where pitches are known."""
    labels = notes.labels
    rows = np.arange(len(labels))
    if "family" in labels:
        sung = next((name for name in ("vocal", "string", "flute") if (labels["family"] == name).any()), None)
        rows = rows if sung is None else np.flatnonzero((labels["family"] == sung).to_numpy())
    if "pitch" in labels:
        off = np.abs(labels["pitch"].to_numpy(np.float64)[rows] - 60)
        rows = rows[np.argsort(np.where(np.isnan(off), np.inf, off), kind="stable")]
    return notes.ids[int(rows[0])]


def note_card(notes: NoteMap, row: int) -> dict[str, Any]:
    """What names a note: id, title, family, the family's colour, pitch, and as `detail` what tells it from its like."""
    label = notes.labels.iloc[row]
    family, velocity = str(label.get("family", "unknown")), _number(label.get("velocity"))
    title, pitch_name = _names(notes, row)
    told = [f"v {velocity:g}" if velocity is not None else "", notes.detail(row) if title != notes.name_of(row) else ""]
    return {
        "id": notes.ids[row],
        "title": title,
        "family": readable(family),
        "colour": notes.dot_colours.get(str(label.get(notes.dot, "")), UNKNOWN),
        "pitch": _number(label.get("pitch")),
        "pitch_name": pitch_name,
        "detail": " ".join(filter(None, told)),
    }


def _names(notes: NoteMap, row: int) -> tuple[str, str]:
    """What a note is called, its id where no label says it, and the name of its pitch, empty where that is unknown."""
    label = notes.labels.iloc[row]
    instrument, pitch = str(label.get("instrument", "")), _number(label.get("pitch"))
    known = instrument not in ("", "unknown", "nan", "None")
    title = called(instrument, str(label.get("family", "unknown")), pitch is not None) if known else notes.name_of(row)
    return title, "" if pitch is None else note_name(pitch)


def _facts(label: pd.Series, columns: list[str], words: Vocabulary) -> list[list[str]]:
    """Pairs of a word and a value, unknown ones left out; labels that only this library has come last."""
    pitch, velocity = _number(label.get("pitch")), _number(label.get("velocity"))
    error = _number(label.get("recon_l1"))
    facts = [[words.family, readable(str(label.get("family", "")))]]
    if pitch is not None:
        estimated = ", estimated" if label.get("pitch_estimated") else ""
        facts.append(["pitch", f"{note_name(pitch)} · MIDI {pitch:g}{estimated}"])
    else:
        facts += [[words.instrument, readable(str(label.get("instrument", "")))], ["id", str(label["note_id"])]]
    if velocity is not None:
        facts.append(["velocity", f"{velocity:g}"])
    facts += [[name, readable(str(label[name]))] for name in ("source", "split") if str(label.get(name) or "")]
    if error is not None:
        facts.append(["error L1", f"{error:.3f}"])
    file = PurePosixPath(str(label.get("audio") or ""))
    if file.suffix:  # of a note in a table, this is its number there
        facts.append(["file", printable(file.name)])
    facts += [[readable(name), _worded(label[name])] for name in columns if name not in COLUMN_TITLES]
    return [fact for fact in facts if fact[1] not in ("", "unknown")]


def _worded(value: Any) -> str:
    number = None if isinstance(value, str | bool | np.bool_) else _number(value)
    return readable(str(value)) if number is None else f"{number:.4g}"


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
