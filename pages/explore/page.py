"""Explore: the map of a checkpoint's notes, and the chosen note to hear and see."""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.controls import pickers
from pages.controls.states import show_broken, show_empty, show_title, show_without_map, warn_of_broken
from pages.explore.drawer import show_report
from pages.explore.links import linked_filters
from pages.explore.own import follow_libraries
from pages.explore.parts import TITLE
from pages.explore.view import show_map, show_note
from pages.server.catalog import NoteMap, listing, note_map
from pages.server.layers import with_layers
from pages.server.vector_maps import vector_checkpoints
from pages.server.warming import visited
from pages.server.words import plain
from timbre_core.datasets.vocabulary import Vocabulary
from timbre_core.errors import TimbreError


def show_notes(notes: NoteMap, drawer: DeltaGenerator, beside: DeltaGenerator) -> None:
    """The map beside the chosen note; how it is drawn and sounds is chosen in the drawer, its colours beside that."""
    if not notes.projections or notes.labels.empty:
        show_without_map(notes.checkpoint)
        return
    with drawer:
        projection = pickers.pick_projection(notes)
        inverter = pickers.pick_inverter(notes.checkpoint)
    with beside:
        colour = pickers.pick_colour(notes)
    selected = pickers.linked_note(notes)
    pickers.remember_note(selected)
    pickers.say_brought([notes], selected["note"] if selected else None)
    filters = linked_filters(notes)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        show_map(notes, projection, colour, selected, filters)
    with right:
        show_note(notes, selected, inverter)


def main() -> None:
    visited()
    left, right = st.container(key="explore_head").columns([7, 5], gap="medium", vertical_alignment="bottom")
    with left:
        show_title(*TITLE)
    found = listing()
    found = replace(found, checkpoints=found.checkpoints | vector_checkpoints())
    if not found.checkpoints:
        show_empty(found)
        show_broken(found)
        return
    warn_of_broken(found)
    opener, beside = right.columns(2, gap="small", vertical_alignment="bottom")
    drawer = opener.popover("Model and map", icon=":material/tune:", width="stretch", key="drawer")
    with drawer:
        name = pickers.pick_checkpoint(found)
    checkpoint = found.checkpoints[name]
    try:
        notes = note_map(checkpoint)
    except TimbreError as error:
        st.error(plain(str(error), 600), icon=":material/error:")
        notes = None
    else:
        if notes is None:
            show_without_map(checkpoint)
        else:
            show_notes(with_layers(notes), drawer, beside)
    follow_libraries(checkpoint)
    with drawer:
        show_report(checkpoint, Vocabulary() if notes is None else notes.words)
    show_broken(found)
    pickers.show_refusals()


main()
