"""Compare: any checkpoints side by side, in figures, in plots, on the map and by ear."""

import random
from typing import Any

import streamlit as st

from pages.compare.note_choice import note_labels, start_note, where_told
from pages.compare.view import show_maps, show_models
from pages.controls import pickers
from pages.controls.several import alike, labels, pick_several
from pages.controls.states import show_broken, show_empty, show_title
from pages.server.catalog import PROJECTIONS, NoteMap, listing, note_map
from pages.server.layers import with_layers
from pages.server.warming import visited
from pages.server.words import plain
from timbre_core.analysis.comparison import (
    Evaluations,
    compare,
    each_measured_on,
    few_notes,
    measured_on,
    pitch_rows,
    read_differently,
    table_html,
)
from timbre_core.analysis.comparison_plots import LineStyle, kl_plot, line_styles, pitch_plot, probe_plot
from timbre_core.checkpoint import Checkpoint
from timbre_core.datasets.vocabulary import Vocabulary, shared_vocabulary
from timbre_core.errors import TimbreError
from timbre_core.features.settings import FeatureSettings

_PLOT = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def evaluations_of(chosen: dict[str, Checkpoint], titles: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What was measured of each chosen checkpoint, by name; those without figures are told in one sentence each."""
    found = {}
    for name, checkpoint in chosen.items():
        try:
            evaluation = checkpoint.evaluation
        except TimbreError as error:
            st.warning(plain(str(error), 400))
            continue
        if isinstance(evaluation, dict):
            found[name] = evaluation
        else:
            st.info(
                f"{plain(titles[name])} was not evaluated yet: "
                f"`python -m timbre_core evaluate {checkpoint.path} --json {checkpoint.path / 'evaluation.json'}` measures it."
            )
    return found


def shared_words(chosen: dict[str, Checkpoint]) -> Vocabulary:
    """The words for the notes of all of them; the usual ones where they are of different libraries."""
    found = []
    for checkpoint in chosen.values():
        try:
            notes = note_map(checkpoint)
        except TimbreError:
            continue  # said where maps are shown
        if notes is not None:
            found.append(notes.words)
    return shared_vocabulary(found)


def show_figures(
    evaluations: Evaluations, colours: list[str], features: dict[str, FeatureSettings], words: Vocabulary
) -> None:
    """The evaluation table; above it a line that says what in it is not alike, below it on which notes all were measured."""
    notes = each_measured_on(evaluations, words)
    said = [_OTHER_NOTES] * any(notes) + [plain(text, 400) for text in (read_differently(features),) if text]
    told = [(name, few_notes(evaluation, words)) for name, evaluation in evaluations.items()]
    said += [plain(f"{name}: {unsure}.", 400) for name, unsure in told if unsure]
    if said:
        st.caption(f":material/balance: {' '.join(said)}")
    with st.container(key="compared"):
        table = table_html(compare(evaluations, features, words), list(evaluations), colours, notes)
        st.html(f'<div class="tx-scroll" tabindex="0">{table}</div>')
    if not any(notes):
        st.caption(plain(measured_on(evaluations, words), 200))


_OTHER_NOTES = (
    "Measured on different notes, as each column says, so that these figures do not compare exactly: "
    "`python -m timbre_core compare CHECKPOINT CHECKPOINT --data DIR` measures them on the same."
)


def show_plots(evaluations: Evaluations, styles: dict[str, LineStyle], words: Vocabulary) -> None:
    if pitch_rows(evaluations):
        st.subheader("Reconstruction error per pitch", anchor=False, help=_PITCH)
        st.plotly_chart(pitch_plot(evaluations, styles), key="plot_pitch", config=_PLOT, alt=_PITCH)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What can be read from the latents", anchor=False, help=_PROBES.format(words.family))
        probes = probe_plot(evaluations, styles, words)
        st.plotly_chart(probes, key="plot_probes", config=_PLOT, alt=_PROBES.format(words.family))
    with right:
        st.subheader("Information per latent dimension", anchor=False, help=_KL)
        if any(compared.get("latent", {}).get("kl_total") for compared in evaluations.values()):
            st.plotly_chart(kl_plot(evaluations, styles), key="plot_kl", config=_PLOT, alt=_KL)
        else:
            st.info("Plain autoencoders have no KL divergence: nothing to draw.")


_PITCH = (
    "How far reconstructions are from their notes (mean squared error), for the notes of each pitch. Lower is better."
)
_PROBES = (
    "How often simple classifiers name the {0} and, where it is known, the exact pitch from the latents alone. The grey "
    "line is what guessing the commonest answer would reach. A timbre space wants the {0} high and the pitch near chance."
)
_KL = "How much each latent dimension says about a note (KL divergence), the most telling first. Dimensions near 0 are at rest."


@st.fragment
def show_notes(maps: dict[str, NoteMap], titles: dict[str, str], colours: dict[str, str]) -> None:
    """The same note through each model, and the same map of each."""
    selected = pick_note(maps)
    show_models(maps, titles, colours, selected)
    words = shared_vocabulary(notes.words for notes in maps.values())
    st.subheader("The same map", anchor=False, help=_MAPS.format(words))
    computed = [name for name in PROJECTIONS if any(name in notes.projections for notes in maps.values())]
    projection = st.segmented_control(
        "Projection",
        computed,
        key="compare_projection",
        format_func=PROJECTIONS.__getitem__,
        required=True,
        default=computed[0],
    )
    told = where_told(maps, titles, selected["note"])
    if told:
        st.caption(plain(told, 400))
    show_maps(maps, titles, colours, projection or computed[0], selected, adopt_click)


_MAPS = "Every dot is a {0.note}, in the colour of its {0.family}. Point at one, or click it, and it is marked on every map."


def pick_note(maps: dict[str, NoteMap]) -> dict[str, Any]:
    """The chosen note as {note, seq}: from the link, the picker, the dice or a click on a map."""
    chosen = st.session_state.get("compare_note")
    if not any(chosen in notes.rows for notes in maps.values()):
        chosen = st.query_params.get("note") or pickers.kept_note(maps.values())
    names = note_labels(list(maps.values()), also=chosen)
    if chosen not in names:
        if chosen is not None:
            pickers.refuse("note", chosen)
        chosen = start_note(names, list(maps.values()))
    st.session_state["compare_note"] = chosen
    left, right = st.columns([5, 1], gap="small", vertical_alignment="bottom")
    note = left.selectbox(
        "Note",
        list(names),
        key="compare_note",
        format_func=names.__getitem__,
        help=f"Type to search, as in {plain(names[str(chosen)])}.",
    )
    right.button(
        "Another",
        icon=":material/casino:",
        on_click=draw_note,
        args=(list(names),),
        width="stretch",
        help="A note by chance",
    )
    if st.query_params.get("note") != note:
        st.query_params["note"] = note
    pickers.keep_note(str(note))
    pickers.say_brought(maps.values(), str(note))
    return {"note": note, "seq": st.session_state.get("compare_seq", 0)}


def draw_note(ids: list[str]) -> None:
    st.session_state["compare_note"] = random.choice(ids)


def adopt_click() -> None:
    """A note was clicked on a map: the picker follows."""
    clicked = (st.session_state.get("maps") or {}).get("selected")
    if isinstance(clicked, dict) and isinstance(clicked.get("note"), str) and isinstance(clicked.get("seq"), int):
        st.session_state["compare_note"], st.session_state["compare_seq"] = clicked["note"], clicked["seq"]


def maps_of(chosen: dict[str, Checkpoint], titles: dict[str, str]) -> dict[str, NoteMap]:
    """The maps of the chosen checkpoints; one sentence for each that has none."""
    maps = {}
    for name, checkpoint in chosen.items():
        try:
            notes = note_map(checkpoint)
        except TimbreError as error:
            st.warning(plain(str(error), 400))
            continue
        if notes is None or not notes.projections or notes.labels.empty:
            st.info(
                f"{plain(titles[name])} has no map yet: `python -m timbre_core project {checkpoint.path}` makes it."
            )
        else:
            maps[name] = with_layers(notes)
    return maps


def main() -> None:
    visited()
    show_title("Compare", "The same notes through several models: what each keeps, what each loses, and how it sounds.")
    found = listing()
    if not found.checkpoints:
        show_empty(found)
        show_broken(found)
        return
    titles = labels(found.checkpoints)
    names = pick_several(
        "checkpoint",
        titles,
        alike(found.checkpoints)[:4],
        "Checkpoints",
        "Trained models. They keep their colours on every page.",
    )
    chosen = {name: found.checkpoints[name] for name in names}
    styles = line_styles(names, sorted(titles))
    if not chosen:
        st.info("Choose the checkpoints to compare above.", icon=":material/arrow_upward:")
    evaluations = evaluations_of(chosen, titles)
    by_title = {titles[name]: evaluation for name, evaluation in evaluations.items()}
    if evaluations:
        features = {titles[name]: chosen[name].recipe.features for name in evaluations}
        words = shared_words(chosen)
        show_figures(by_title, [styles[name].colour for name in evaluations], features, words)
    maps = maps_of(chosen, titles)
    if maps:
        st.subheader("The same note through each model", anchor=False)
        show_notes(maps, titles, {name: style.colour for name, style in styles.items()})
    if evaluations:
        show_plots(by_title, {titles[name]: style for name, style in styles.items()}, words)
    show_broken(found)
    pickers.show_refusals()


main()
