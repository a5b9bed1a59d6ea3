"""Explore: the map of a checkpoint's notes, and the chosen note to hear and see."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.widgets import pickers
from pages.widgets.catalog import Listing, NoteMap, listing, note_map
from pages.widgets.components import show_map, show_note
from pages.widgets.engine import visited
from pages.widgets.music import plain
from pages.widgets.report import show_figures, show_training
from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError

_SENTENCE = "Every dot is one recorded note: the closer two dots, the more alike the model finds their timbres."


def show_header() -> None:
    st.html(f'<div class="tx-title"><h1>Timbre Explorer</h1><p>{_SENTENCE}</p></div>')


def show_broken(found: Listing) -> None:
    """Folders that are no usable checkpoints, with their reasons."""
    if not found.broken:
        return
    count = len(found.broken)
    with st.expander(f"{count} checkpoint{'s' if count > 1 else ''} could not be opened", icon=":material/warning:"):
        for name, reason in found.broken.items():
            st.markdown(f"**{plain(name)}**: {plain(reason, 600)}")


def show_empty(found: Listing) -> None:
    """No checkpoint at all: what to do next."""
    with st.container(border=True):
        st.subheader("No checkpoint yet", anchor=False)
        st.markdown(
            f"A checkpoint is a trained model with its map. None was found in `{found.folder}`.\n\n"
            "Train one on the notes that come with the project:"
        )
        st.code("python train_cli.py nsynth-cvae", language="bash")
        st.markdown(
            "Or copy a checkpoint folder there, or start the app with the environment variable `TIMBRE_CHECKPOINTS` set "
            "to the folder that holds yours. Then load this page again."
        )


def show_without_map(checkpoint: Checkpoint) -> None:
    with st.container(border=True):
        st.subheader("This checkpoint has no map yet", anchor=False)
        st.markdown("The model is there, the places of its notes are not. This command computes them:")
        st.code(f"python -m timbre_core project {checkpoint.path}", language="bash")


def show_notes(notes: NoteMap, controls: list[DeltaGenerator]) -> None:
    """The map beside the chosen note."""
    if not notes.projections or notes.labels.empty:
        show_without_map(notes.checkpoint)
        return
    with controls[1]:
        projection = pickers.pick_projection(notes)
    with controls[2]:
        colour = pickers.pick_colour(notes)
    selected = pickers.linked_note(notes)
    pickers.remember_note(selected)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        show_map(notes, projection, colour, selected)
    with right:
        show_note(notes, selected)


def main() -> None:
    visited()
    show_header()
    found = listing()
    if not found.checkpoints:
        show_empty(found)
        show_broken(found)
        return
    left, right = st.columns([7, 5], gap="medium")
    controls = [*left.columns([1, 1], gap="medium"), right]
    with controls[0]:
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
            show_notes(notes, controls)
    show_figures(checkpoint)
    curves = st.expander("How it was trained", icon=":material/show_chart:", key="curves", on_change="rerun")
    if curves.open:
        with curves:
            show_training(checkpoint)
    show_broken(found)
    pickers.show_refusals()


main()
