"""Starting a training in the app: on which sounds, by which recipe, how long; stopped, and gone on with."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.server.catalog import Listing
from pages.server.words import plain
from pages.server.work import duration, share
from timbre_core.catalogue import jobs
from timbre_core.catalogue.libraries import list_libraries
from timbre_core.catalogue.training import training_arguments
from timbre_core.errors import TimbreError
from timbre_core.files import check_name

_STARTER = "starter"
_NOTHING = ""
_RECIPES = ("nsynth-cvae", "nsynth-vae", "nsynth-ae")


def show_starting(found: Listing) -> None:
    """The form that starts a training."""
    with st.expander("Start a training", icon=":material/play_arrow:", key="start_training"):
        show_form(found)


def show_form(found: Listing) -> None:
    libraries = {library.name: library for library in list_libraries()}
    titles = {_STARTER: "The starter library", **{name: name for name in libraries}}
    first, second = st.columns(2)
    chosen = first.multiselect(
        "Sounds", list(titles), [next(iter(libraries), _STARTER)], format_func=titles.__getitem__, key="train_data"
    )
    spaces = [name for name, checkpoint in found.checkpoints.items() if not checkpoint.map_name]
    start = second.selectbox(
        "Begin with",
        [*spaces, _NOTHING],
        format_func=lambda name: f"what {name} knows" if name else "nothing",
        key="train_from",
        help="A model that has heard thousands of notes needs few of yours. From nothing it takes thousands, and hours.",
    )
    third, fourth, limit, fifth = st.columns(4)
    recipe = third.selectbox(
        "Recipe", _RECIPES, key="train_recipe", disabled=bool(start), help="How the model is built."
    )
    epochs = fourth.number_input(
        "Epochs", 1, 10_000, 30, key="train_epochs", help="How often all sounds are gone through."
    )
    hours = limit.number_input(
        "At most, hours",
        0.0,
        1000.0,
        0.0,
        0.5,
        format="%g",
        key="train_hours",
        help="When the time is up, what was learned so far becomes the checkpoint. 0: as long as it takes.",
    )
    if st.session_state.pop("training_started", False):
        st.session_state["train_name"] = _free_name(found.folder)
    name = fifth.text_input("Name", _free_name(found.folder), max_chars=60, key="train_name")
    if not st.button("Start", type="primary", disabled=not chosen, key="train_start"):
        return
    data = [libraries[each].root if each in libraries else _STARTER for each in chosen]
    try:
        out = found.folder / check_name(name)
        if _taken(out):
            raise TimbreError(f"{name}: a checkpoint or training of that name is there: choose another name.")
        from_folder = str(found.checkpoints[start].path) if start else None
        jobs.ask("train", None, training_arguments(recipe, data, out, int(epochs), from_folder, hours=float(hours)))
        jobs.start_worker()
    except TimbreError as error:
        st.error(plain(str(error), 500), icon=":material/error:")
        return
    st.session_state["training_started"] = True
    st.rerun()


def _free_name(folder: Path) -> str:
    """A name that no checkpoint and no training has, nor one that waits for its turn."""
    names = ("mine" if number == 1 else f"mine-{number}" for number in itertools.count(1))
    return next(name for name in names if not _taken(folder / name))


def _taken(out: Path) -> bool:
    waits = any(Path(job.arguments["out"]) == out for job in started_here().values())
    return waits or out.exists() or out.with_name(f"{out.name}.training").exists()


def started_here() -> dict[str, jobs.Job]:
    """Trainings that were started in the app and run or wait for their turn, by name."""
    return {_name_of(job): job for job in jobs.list_jobs(only_open=True) if job.kind == "train"}


def ended_here() -> dict[str, float]:
    """When each training that was started in the app was last told of, in seconds since 1970, of those that ended."""
    last = {_name_of(job): job for job in jobs.list_jobs() if job.kind == "train"}
    return {name: job.told for name, job in last.items() if not job.is_open}


def show_stop(place: DeltaGenerator, job: jobs.Job) -> None:
    if place.button("Stop", key=f"stop_training_{job.id}", disabled=job.cancel, width="stretch"):
        jobs.cancel(job.id)
        st.rerun()


def show_running(told: Collection[str] = ()) -> None:
    """Trainings that were started here, but for those `told` of: how far they are, to be stopped; the last one that was
    stopped, to be gone on with."""
    every = [job for job in jobs.list_jobs() if job.kind == "train"]
    open_jobs = [job for job in every if job.is_open]
    for job in open_jobs:
        name = _name_of(job)
        if name in told:
            continue
        line, button = st.columns([8, 1], vertical_alignment="center")
        parts = (
            [job.phase or "begins", *([f"{job.done:,} of {job.total:,}"] if job.total else [])]
            if job.state == "running"
            else ["waits for its turn"]
        )
        parts += [f"about {duration(job.left)} left"] if job.left else []
        line.progress(share(job), text=f"**{plain(name)}** · {plain(' · '.join(parts), 120)}")
        show_stop(button, job)
    if every and not open_jobs and every[-1].state in ("cancelled", "failed"):
        show_stopped(every[-1])
    if not open_jobs and st.session_state.pop("training_busy", False):
        st.rerun()
    if open_jobs:
        st.session_state["training_busy"] = True


def _name_of(job: jobs.Job) -> str:
    return Path(job.arguments["out"]).name


def show_stopped(job: jobs.Job) -> None:
    line, button = st.columns([8, 1], vertical_alignment="center")
    name = plain(_name_of(job))
    why = "was stopped: what it learned is kept." if job.state == "cancelled" else plain(job.message, 400)
    line.warning(f"**{name}** {why}", icon=":material/pause_circle:")
    if button.button("Go on", key=f"resume_training_{job.id}", width="stretch"):
        jobs.ask("train", None, job.arguments)
        jobs.start_worker()
        st.rerun()
