"""Training: curves of finished and running trainings, and what the models made of a few notes on the way."""

from pathlib import Path

import streamlit as st

from pages.browser.growing_plot import show_growing_plot
from pages.controls import pickers
from pages.controls.several import alike, pick_several, pick_too
from pages.controls.states import show_broken, show_title
from pages.server.catalog import Listing, listing
from pages.server.warming import visited
from pages.server.words import plain
from pages.server.work import duration
from pages.training.curves import AXES, PARTS, curves_plot
from pages.training.film import film_html
from pages.training.runs import Run, open_run, run_folders, what_is_wrong
from pages.training.start import ended_here, show_running, show_starting, show_stop, started_here
from timbre_core.analysis.comparison_plots import line_styles
from timbre_core.catalogue.jobs import Job
from timbre_core.errors import TimbreError

_LIVE_SECONDS, _IDLE_SECONDS = 2.0, 6.0
_START = "python train_cli.py nsynth-cvae"


def show_nothing(found: Listing) -> None:
    with st.container(border=True):
        st.subheader("No training yet", anchor=False)
        st.markdown(
            f"Trainings that run, and checkpoints that came out of one, are looked for in `{found.folder}`. Begin with "
            "**Start a training**, below, or in a terminal:"
        )
        st.code(_START, language="bash")
        st.markdown("This page follows either by itself as soon as it has begun.")


def show_progress(run: Run, job: Job | None) -> None:
    """How far an unfinished training is, in one line, with what stops it where it was started here (`job`); for a stopped one,
    how to go on."""
    total = run.recipe.training.epochs if run.recipe else None
    facts = [f"epoch {run.done}{f' of {total}' if total else ''}"]
    facts += [f"{duration(run.pace)} an epoch"] if run.pace else []
    facts += [f"{run.rate:,.0f} windows a second"] if run.rate else []
    facts += {
        "starting": ["the first epoch is on its way"],
        "running": [f"done in about {duration(run.left)}"] if run.left is not None else [],
        "measuring": ["trained; now it is measured and its map is drawn"],
        "stopped": ["waits for its turn" if job else "stopped"],
    }[run.state]
    line, button = st.columns([8, 1], vertical_alignment="center") if job else (st.container(), None)
    line.progress(min(1.0, run.done / total) if total else 0.0, text=f"**{plain(run.name)}** · {' · '.join(facts)}")
    if job and button:
        show_stop(button, job)
    if run.state == "stopped" and not job:
        st.markdown("This goes on where it stopped:")
        st.code(run.resume_command, language="bash")


def show_curves(runs: dict[str, Run], among: list[str]) -> None:
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    axis = left.segmented_control(
        "Against", list(AXES), key="curves_axis", format_func=AXES.__getitem__, required=True, default="epoch"
    )
    parts = middle.pills(
        "Losses on",
        list(PARTS),
        key="curves_parts",
        selection_mode="multi",
        format_func=PARTS.__getitem__,
        default=list(PARTS),
        help="Validation: notes of instruments that training never sees. Training: the notes it learns from. Where beta, the "
        "weight of the KL, warms up, both total losses are drawn at the full beta, free bits counted in both, so that they "
        "compare: in its first epochs training minimised less.",
    )
    logarithmic = right.toggle("Logarithmic", key="curves_log")
    figure = curves_plot(
        runs, line_styles(runs, among), axis or "epoch", [part for part in PARTS if part in parts], logarithmic
    )
    show_growing_plot(figure, "training_curves", "Losses, beta and learning rate over the training")
    st.caption(
        "A larger mark: the epoch whose weights the checkpoint keeps. Drag to zoom in, double-click to zoom out."
    )


def show_pictures(runs: dict[str, Run]) -> None:
    st.subheader("What it makes of notes it never saw", anchor=False, help=_FILM)
    names = list(runs)
    name = names[0]
    if len(names) > 1:
        if st.session_state.get("film_of") not in names:
            st.session_state["film_of"] = next((n for n in names if (runs[n].folder / "pictures").is_dir()), name)
        name = st.segmented_control("Pictures of", names, key="film_of", required=True) or name
    run = runs[name]
    strip, damaged = film_html(run.folder)
    for sentence in damaged:
        st.warning(plain(sentence, 400))
    if strip:
        st.html(strip)
    elif run.recipe and run.recipe.training.pictures == 0:
        st.info("This training keeps no pictures: its recipe says `training.pictures: 0`.")
    elif run.alive:
        st.info("The first pictures come after the first epoch.")
    else:
        st.info("This training kept no pictures. New ones do: about twelve of a run, or as `training.pictures` says.")


_FILM = (
    "Spectrograms, low pitches at the bottom. A row is one note of an instrument held out of training: first as it was "
    "recorded, then as the model rebuilds it, epoch by epoch. Point at a picture to enlarge it."
)


def open_runs(names: list[str], folders: dict[str, Path]) -> dict[str, Run]:
    """The chosen trainings; one sentence for each that cannot be read."""
    runs = {}
    for name in names:
        try:
            runs[name] = open_run(name, folders[name], ended=ended_here().get(name))
        except TimbreError as error:
            st.warning(plain(str(error), 400))
    return runs


def say_who_is_gone(names: list[str], folders: dict[str, Path]) -> None:
    """A training that was shown and whose folder is no longer there."""
    gone = [name for name in st.session_state.get("runs_shown", []) if name not in folders]
    for name in gone:
        st.warning(
            f"{plain(name)} is no longer there: its folder was renamed or deleted.", icon=":material/folder_off:"
        )
    st.session_state["runs_shown"] = [*names, *gone]


def show_runs() -> None:
    found = listing()
    folders = run_folders(found)
    if not folders:
        say_who_is_gone([], folders)
        show_running()
        show_nothing(found)
        return
    alive = [name for name, folder in folders.items() if folder.name != name and is_alive(name, folder)]
    before = st.session_state.get("runs_alive", alive)
    st.session_state["runs_alive"] = alive
    pick_too("run", [name for name in alive if name not in before])
    if bool(alive) != bool(before):
        st.rerun()
    options = {name: f"{name}, running" if name in alive else name for name in folders}
    finished = [name for name in alike(found.checkpoints) if name in folders] or list(folders)
    names = pick_several(
        "run", options, alive or finished[:3], "Trainings", "Running ones are followed as their epochs come in."
    )
    say_who_is_gone(names, folders)
    runs = open_runs(names, folders)
    here = started_here()
    unfinished = [run for run in runs.values() if run.state != "finished"]
    for run in unfinished:
        show_progress(run, here.get(run.name))
    show_running([run.name for run in unfinished])
    if not alive and not here:
        st.caption(
            f"No training is running. **Start a training**, below, starts one, as `{_START}` does in a terminal: this page "
            "follows either by itself."
        )
    for sentence in what_is_wrong(runs):
        st.warning(plain(sentence, 400), icon=":material/healing:")
    drawn = {name: run for name, run in runs.items() if len(run.epochs)}
    if drawn:
        # Timbre spaces first, as on the page Compare: a model has the same colour on both.
        show_curves(drawn, [*sorted(found.checkpoints), *sorted(set(folders) - set(found.checkpoints))])
    if runs:
        show_pictures(runs)


def is_alive(name: str, folder: Path) -> bool:
    try:
        return open_run(name, folder, ended=ended_here().get(name)).alive
    except TimbreError:
        return False


def main() -> None:
    visited()
    show_title("Training", "How models learn: their losses epoch by epoch, and what they make of notes they never saw.")
    every = _LIVE_SECONDS if st.session_state.get("runs_alive") or started_here() else _IDLE_SECONDS
    st.fragment(show_runs, run_every=every)()
    show_starting(listing())
    show_broken(listing())
    pickers.show_refusals()


main()
