"""What every page shows around its own matter: its title, and what to do when there is nothing to show."""

from __future__ import annotations

import html

import streamlit as st

from pages.server.catalog import Listing
from pages.server.words import plain
from timbre_core.checkpoint import Checkpoint


def show_title(title: str, sentence: str) -> None:
    """A page's title, and in one sentence what it is for."""
    with st.container(key="title"):
        st.html(f'<div class="tx-title"><h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p></div>')


def show_broken(found: Listing) -> None:
    """Folders that are no usable checkpoints, with their reasons."""
    if not found.broken:
        return
    count = len(found.broken)
    with st.expander(f"{count} checkpoint{'s' if count > 1 else ''} could not be opened", icon=":material/warning:"):
        for name, reason in found.broken.items():
            st.markdown(f"**{plain(name)}**: {plain(reason, 600)}")


def warn_of_broken(found: Listing) -> None:
    """In one sentence, where it is seen at once: which folder is no usable checkpoint, and the cure."""
    if not found.broken:
        return
    name, reason = next(iter(found.broken.items()))
    others = len(found.broken) - 1
    more = f" {others} more below." if others else ""
    st.warning(f"**{plain(name)}** cannot be opened: {plain(reason, 600)}{more}", icon=":material/warning:")


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
    """A checkpoint whose notes have no places yet: the command that computes them."""
    with st.container(border=True):
        st.subheader("This checkpoint has no map yet", anchor=False)
        st.markdown("The model is there, the places of its notes are not. This command computes them:")
        st.code(f"python -m timbre_core project {checkpoint.path}", language="bash")


def show_silent(page: str) -> None:
    """A checkpoint of pictures on a page that makes sound."""
    st.info(
        f"This checkpoint makes pictures, which have no sound to {page.lower()}: choose another checkpoint above, or walk "
        "through its pictures on the Explore page.",
        icon=":material/image:",
    )
