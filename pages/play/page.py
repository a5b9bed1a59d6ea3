"""Play: a point of the latent space as an instrument."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.controls import pickers
from pages.controls.one_map import show_one_map
from pages.play.view import show_play
from pages.server.catalog import NoteMap

_SENTENCE = "Any place of the map as an instrument: play it, bend it, take it with you."
_LARGEST_SEED = 2**32 - 1


def linked_start(notes: NoteMap) -> dict[str, Any] | None:
    """Where the sound starts: chosen last on this page, at first what the link says, else the note that another page of this
    session had; None leaves it to the page.

    One of {"note": id}, {"family": name}, {"seed": number}.
    """
    chosen = (st.session_state.get("play") or {}).get("start")
    if isinstance(chosen, dict):
        # {} stands for a loaded preset: a sound that no link can name.
        return chosen if fits(notes, chosen) else None
    for what in ("note", "family", "seed"):
        wanted = st.query_params.get(what)
        if wanted is None:
            continue
        is_number = what == "seed" and wanted.isdecimal() and len(wanted) <= len(str(_LARGEST_SEED))
        start: dict[str, Any] = {what: int(wanted) if is_number else wanted}
        if fits(notes, start):
            return start
        pickers.refuse(what, wanted)
    before = pickers.kept("start")
    return before if before and fits(notes, before) else None


def fits(notes: NoteMap, start: dict[str, Any]) -> bool:
    """Whether a start makes sense for this map."""
    if len(start) != 1:
        return False
    ((what, value),) = start.items()
    if what == "note":
        return value in notes.rows
    if what == "family":
        return value in notes.families
    sampling = notes.checkpoint.recipe.model.sampling
    return what == "seed" and sampling and type(value) is int and 0 <= value <= _LARGEST_SEED


def remember(start: dict[str, Any] | None) -> None:
    """Write the start into the address bar."""
    for what in ("note", "family", "seed"):
        value = str(start[what]) if start and what in start else None
        if value is None:
            st.query_params.pop(what, None)
        elif st.query_params.get(what) != value:
            st.query_params[what] = value


def show(notes: NoteMap) -> None:
    start = linked_start(notes)
    remember(start)
    if start:
        pickers.keep("start", start)
        pickers.say_brought([notes], start.get("note"))
    show_play(notes, start)


show_one_map("Play", _SENTENCE, show)
