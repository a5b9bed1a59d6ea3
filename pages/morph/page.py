"""Morph: from timbre to timbre, along a path, on a pad, or along a drawn pitch."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.controls import pickers
from pages.controls.one_map import show_one_map
from pages.morph.engine import MOST_NOTES, follows_pitch
from pages.morph.routes import contour_in, notes_in
from pages.morph.view import show_morph
from pages.server.catalog import NoteMap
from timbre_core.errors import TimbreError
from timbre_core.generation.paths import PATHS

_SENTENCE = "From timbre to timbre: along a path between notes, on a pad between four, along a pitch that you draw."
_VIEWS = ("path", "pad", "pitch")
_UNSAID = {"view": _VIEWS[0], "path": next(iter(PATHS)), "key": "", "contour": "", "vibrato": ""}
_CHOICES = ("notes", "view", "path", "key", "contour", "vibrato")
_FIRST_FAMILIES = (
    "brass",
    "flute",
    "organ",
    "vocal",
    "reed",
    "string",
)  # whose notes are held: a path is heard all along
_MIDDLE = 60.0


def choices(notes: NoteMap) -> dict[str, Any]:
    """What the page shows: chosen last in this session, at first what the link says, otherwise a start of its own.

    `notes`, a list of ids; `view` and `path`, names; `key`, MIDI or ""; `contour` and `vibrato`, as in a link, or "".
    """
    kept = (st.session_state.get("morph") or {}).get("chosen")
    wanted = kept if isinstance(kept, dict) else {name: st.query_params.get(name) for name in _CHOICES}
    chosen: dict[str, Any] = {**_UNSAID, "notes": []}
    for name in _CHOICES:
        value = wanted.get(name)
        if value is None or value == "":
            continue
        try:
            chosen[name] = _checked(notes, name, value)
        except (TimbreError, ValueError):
            if kept is None:
                pickers.refuse(name, str(value))
    if chosen["notes"] or (kept and kept.get("notes") == []):
        return chosen
    return {**chosen, "notes": first_notes(notes, first=pickers.kept_note([notes]))}


def _checked(notes: NoteMap, name: str, value: Any) -> Any:
    """A choice if it makes sense for this map; raises TimbreError or ValueError if not."""
    if name == "notes":
        return list(notes_in(str(value)[:4096], notes.rows)) if isinstance(value, str) else _on_map(notes, value)
    if name == "contour":
        contour_in(str(value)[:2000], "")
    if name == "vibrato":
        contour_in("0:60", str(value)[:40])
    if name == "key" and not (str(value).isdecimal() and int(value) <= 127):
        raise ValueError(value)
    if (name == "view" and value not in _VIEWS) or (name == "path" and value not in PATHS):
        raise ValueError(value)
    return str(value)


def _on_map(notes: NoteMap, value: Any) -> list[str]:
    found = [note for note in value if note in notes.rows] if isinstance(value, list) else []
    return found[:MOST_NOTES]


def first_notes(notes: NoteMap, count: int = 4, first: str | None = None) -> list[str]:
    """Notes of as many different instruments and families, at middle C or near it: something to begin with.

    first: the id of a note that is to be the first of them.
    """
    labels = notes.labels
    missing = np.full(len(labels), np.nan)
    distance = np.abs(labels["pitch"].to_numpy(np.float64) - _MIDDLE) if "pitch" in labels else missing
    distance = np.where(np.isnan(distance), 1e3, distance)
    families = labels["family"].astype(str).to_numpy() if "family" in labels else np.full(len(labels), "")
    instruments = labels["instrument"].astype(str).to_numpy() if "instrument" in labels else families
    order = [*_FIRST_FAMILIES, *sorted(set(families.tolist()) - set(_FIRST_FAMILIES))]
    rank = np.array([order.index(name) for name in families])
    chosen = [] if first is None else [notes.rows[first]]
    for _ in range(min(count, len(labels)) - len(chosen)):
        again = np.isin(np.arange(len(labels)), chosen)
        heard = np.isin(instruments, instruments[chosen])
        often = np.array([np.count_nonzero(families[chosen] == name) for name in order])[rank]
        chosen.append(int(np.lexsort((distance, rank, often, heard, again))[0]))
    return [notes.ids[row] for row in chosen]


def remember(chosen: dict[str, Any]) -> None:
    """Write the choices into the address bar."""
    for name in _CHOICES:
        value = ",".join(chosen[name]) if name == "notes" else chosen[name]
        if not value or value == _UNSAID.get(name):
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != value:
            st.query_params[name] = value


def say_spread(notes: NoteMap, count: int) -> None:
    """Say once how many of the notes that were chosen on the map are on the path: `of` in the link is their number."""
    of = st.query_params.pop("of", "")
    if of.isdecimal() and count < int(of[:9]):
        st.toast(
            f"{count} of the {int(of[:9]):,} chosen {notes.words.note}s, spread evenly over them: as many as a path holds."
        )


def show(notes: NoteMap) -> None:
    """The page for one checkpoint."""
    chosen = choices(notes)
    remember(chosen)
    pickers.say_brought([notes], chosen["notes"][0] if chosen["notes"] else None)
    say_spread(notes, len(chosen["notes"]))
    show_morph(notes, chosen, follows_pitch(notes))


show_one_map("Morph", _SENTENCE, show)
