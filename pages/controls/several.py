"""Several checkpoints or trainings at once: choosing them, with the address bar remembering, and how each is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.controls.pickers import WIDGET, called, refuse
from timbre_core.analysis.comparison_plots import MOST_LINES
from timbre_core.checkpoint import Checkpoint


def labels(checkpoints: Mapping[str, Checkpoint]) -> dict[str, str]:
    """What each checkpoint is called, by name."""
    return {name: called(name, checkpoint) for name, checkpoint in checkpoints.items()}


def alike(checkpoints: Mapping[str, Checkpoint]) -> list[str]:
    """The first checkpoint that others read the same features as, and these: what belongs side by side before anything is chosen.

    Where all differ, the first two.
    """
    features = [checkpoint.recipe.features for checkpoint in checkpoints.values()]
    for first in features:
        found = [name for name, own in zip(checkpoints, features, strict=True) if own == first]
        if len(found) > 1:
            return found
    return list(checkpoints)[:2]


def pick_too(what: str, names: list[str]) -> None:
    """Add names to what was picked before, as far as there is room: to be called before `pick_several` of the same kind."""
    key = f"{WIDGET}several_{what}"
    if names and key in st.session_state:
        st.session_state[key] = list(dict.fromkeys([*st.session_state[key], *names]))[:MOST_LINES]


def pick_several(what: str, options: Mapping[str, str], default: list[str], title: str, help: str) -> list[str]:
    """The chosen names, in the order of choosing; the link says them as repeated parameters `what`.

    options: name -> label. What is no longer among them is dropped from the choice, what never was is refused kindly.
    """
    key = f"{WIDGET}several_{what}"
    if key not in st.session_state:
        wanted = list(dict.fromkeys(st.query_params.get_all(what)))
        for name in wanted:
            if name not in options:
                refuse(what, name)
        st.session_state[key] = [name for name in wanted if name in options][:MOST_LINES] or default[:MOST_LINES]
    if any(name not in options for name in st.session_state[key]):
        st.session_state[key] = [name for name in st.session_state[key] if name in options]
    chosen = st.multiselect(
        title,
        list(options),
        key=key,
        format_func=lambda name: options[name],
        max_selections=MOST_LINES,
        help=help,
        placeholder="Choose one or more",
    )
    if st.query_params.get_all(what) != chosen:
        st.query_params[what] = chosen
    return chosen
