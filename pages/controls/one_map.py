"""The frame of pages that work on one checkpoint's map: its picker beside the title, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.controls import pickers
from pages.controls.states import show_broken, show_empty, show_silent, show_title, show_without_map
from pages.server.catalog import NoteMap, listing, note_map
from pages.server.layers import with_layers
from pages.server.warming import visited
from pages.server.words import plain
from timbre_core.errors import TimbreError
from timbre_core.features.settings import has_sound


def show_one_map(title: str, sentence: str, show: Callable[[NoteMap], None]) -> None:
    """A whole page: `show` is its matter, once a map of sounds is there; a TimbreError of it is said in its place."""
    visited()
    left, right = st.container(key="one_map").columns([8, 4], gap="medium", vertical_alignment="bottom")
    with left:
        show_title(title, sentence)
    found = listing()
    if not found.checkpoints:
        show_empty(found)
        show_broken(found)
        return
    with right:
        checkpoint = found.checkpoints[pickers.pick_checkpoint(found)]
    try:
        notes = note_map(checkpoint)
        if notes is None or notes.labels.empty:
            show_without_map(checkpoint)
        elif not has_sound(checkpoint.recipe.features):
            show_silent(title)
        else:
            show(with_layers(notes))
    except TimbreError as error:
        st.error(plain(str(error), 600), icon=":material/error:")
    show_broken(found)
    pickers.show_refusals()
