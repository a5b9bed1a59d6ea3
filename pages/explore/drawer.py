"""The drawer of Explore: which model and map, and how good they are, in a musician's words or in a researcher's."""

from __future__ import annotations

import streamlit as st

from pages.controls.pickers import keep, kept
from pages.explore.report import evaluation_of, show_figures, show_measured_on, show_training
from pages.explore.report_words import musicians_sentences, researchers_lines
from timbre_core.checkpoint import Checkpoint
from timbre_core.datasets.vocabulary import Vocabulary

_SWITCH = "pick_researcher"


def show_report(checkpoint: Checkpoint, words: Vocabulary) -> None:
    """What the evaluation found, in plain words; behind one switch the figures, with what each means, and the training."""
    evaluation = evaluation_of(checkpoint)
    if evaluation is not None:
        for sentence in musicians_sentences(checkpoint, evaluation, words):
            st.markdown(sentence)
    if not _is_researcher():
        return
    if evaluation is not None:
        show_figures(checkpoint, evaluation, words)
    st.markdown("\n".join(f"- {line}" for line in researchers_lines(checkpoint)))
    if evaluation is not None:
        show_measured_on(evaluation, words)
    curves = st.expander("How it was trained", icon=":material/show_chart:", key="curves", on_change="rerun")
    if curves.open:
        with curves:
            show_training(checkpoint)


def _is_researcher() -> bool:
    """The switch; it stays as it is from page to page."""
    # Written at every run: a drawer that was not opened yet is told only so.
    st.session_state[_SWITCH] = bool(st.session_state.get(_SWITCH, kept("researcher")))
    on = st.toggle(
        "Researcher's words",
        key=_SWITCH,
        help="L1, KL, prior, active dimensions and probes, each with what it means, and the curves of the training.",
    )
    keep("researcher", on)
    return on
