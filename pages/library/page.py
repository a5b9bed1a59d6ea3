"""Library: your own folders of sounds, put on the map and kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from pages.controls import pickers
from pages.controls.states import show_title
from pages.library.add import show_adding
from pages.library.labels import show_labels
from pages.server.catalog import listing
from pages.server.colours import colours_of
from pages.server.warming import visited
from pages.server.words import plain
from pages.server.work import share, told
from timbre_core.catalogue import jobs
from timbre_core.catalogue.libraries import (
    OwnLibrary,
    counts_of,
    list_libraries,
    remove_library,
    set_layer,
    skipped_of,
)
from timbre_core.catalogue.placing import is_coded_otherwise
from timbre_core.errors import TimbreError
from timbre_core.wording import counted

_SENTENCE = "Your own sounds on the map: they stay where they are on your disk, and are never changed."
_LIVE_SECONDS = 1.5
_MOST_SKIPPED = 200


def show_nothing() -> None:
    with st.container(border=True):
        st.subheader("No library yet", anchor=False)
        st.markdown(
            "Choose a folder of samples or recordings below. Every sound is read once and becomes a dot on the map of "
            "**Explore**, beside the notes that are there already: near what sounds like it."
        )


@st.fragment
def show_library(library: OwnLibrary, colour: str, job: jobs.Job | None, outdated: bool) -> None:
    """One library: as a layer, how far it is, and what can be done with it."""
    notes, skipped = counts_of(library)
    with st.container(border=True, key=f"library_{library.id}"):
        left, shown, tint, update, more = st.columns([6, 2, 1, 2, 2], vertical_alignment="center")
        away = not library.is_there
        left_out = f" · {counted(skipped, 'file')} skipped" if skipped else ""
        name = f"**{plain(library.name)}** · {counted(notes, 'sound')}{left_out}"
        left.markdown(f":grey[{name} · its folder is not there]" if away else name)
        left.caption(plain(f"{library.root} · read by {Path(library.checkpoint).name}", 160))
        on = shown.toggle("On the map", library.shown, key=f"shown_{library.id}")
        if on != library.shown:
            set_layer(library.id, shown=on)
            st.rerun()
        picked = tint.color_picker("Colour", colour, key=f"colour_{library.id}", label_visibility="collapsed")
        if picked.lower() != colour.lower():
            set_layer(library.id, colour=picked)
            st.rerun()
        busy = job is not None and job.is_open
        help = "Find new, changed, moved and deleted files; goes on where it was stopped."
        if update.button("Update", key=f"update_{library.id}", disabled=busy or away, help=help, width="stretch"):
            jobs.ask("update", library.id)
            jobs.start_worker()
            st.rerun()
        with more:
            show_more(library, skipped)
        if away:
            st.caption("Connect its drive: the sounds are back when it is. Stars, tags and collections stay.")
        elif outdated and not busy:
            st.warning(
                "The model tells timbres apart in another way since these sounds were read: **Update** puts them where they "
                "belong on its map.",
                icon=":material/update:",
            )
        elif job is not None and not busy and job.state != "done":
            st.warning(plain(job.message, 400), icon=":material/info:")


def show_more(library: OwnLibrary, skipped: int) -> None:
    """What opens a dialog."""
    dialogs: dict[str, Callable[[OwnLibrary], None]] = {":material/edit: Labels": show_labels}
    if skipped:
        dialogs[f":material/block: {counted(skipped, 'file')} skipped"] = show_skipped
    dialogs[":material/delete: Remove"] = confirm_removal
    chosen = st.menu_button("More", list(dialogs), key=f"more_{library.id}", width="stretch")
    if chosen:
        dialogs[chosen](library)


@st.dialog("What could not be used", width="large")
def show_skipped(library: OwnLibrary) -> None:
    rows = skipped_of(library)
    table = [{"file": file, "why": reason} for file, reason in rows[:_MOST_SKIPPED]]
    st.dataframe(table, hide_index=True)
    if len(rows) > _MOST_SKIPPED:
        st.caption(f"and {len(rows) - _MOST_SKIPPED:,} more")


@st.dialog("Remove this library?")
def confirm_removal(library: OwnLibrary) -> None:
    if library.was_sent:
        st.markdown(f"**{plain(library.name)}** leaves the map. The files that you sent are kept in `{library.root}`.")
        sent = st.checkbox("Delete these copies too", value=True, key=f"remove_sent_{library.id}")
    else:
        sent = False
        st.markdown(
            f"**{plain(library.name)}** leaves the map. Its files stay on your disk, untouched; stars, tags and collections "
            "stay, and are there again when you add the folder again."
        )
    if st.button("Remove it", type="primary"):
        remove_library(library, sent)
        st.rerun()


def show_way_to_map(libraries: list[OwnLibrary]) -> None:
    """A way to where the sounds are seen, or will be as they are read: Explore with the map of a library's checkpoint, that of
    the one added last where there is one; each library in its own colour once it has sounds there."""
    shown = [library for library in libraries if library.shown]
    if not shown:
        return
    added = st.session_state.get("library_added")
    library = next((each for each in shown if each.name == added), shown[0])
    label = f"See {plain(added, 40)} on the map" if library.name == added else "See them on the map"
    if st.button(label, icon=":material/scatter_plot:", key="library_to_map"):
        coloured = {"colour": "library"} if counts_of(library)[0] else {}
        st.switch_page("explore/page.py", query_params={"checkpoint": Path(library.checkpoint).name} | coloured)


def show_work() -> None:
    """What is being done and what waits, followed as it goes on."""
    open_jobs = jobs.list_jobs(only_open=True)
    names = {library.id: library.name for library in list_libraries()}
    for job in open_jobs:
        line, stop = st.columns([8, 1], vertical_alignment="center")
        line.progress(share(job), text=f"**{plain(names.get(job.library or 0, job.kind))}** · {plain(told(job), 200)}")
        if stop.button("Stop", key=f"stop_{job.id}", disabled=job.cancel, width="stretch"):
            jobs.cancel(job.id)
    if not open_jobs and st.session_state.pop("library_busy", False):
        st.rerun()
    if open_jobs:
        st.session_state["library_busy"] = True


def main() -> None:
    visited()
    show_title("Library", _SENTENCE)
    try:
        jobs.start_worker()  # what a restart interrupted goes on
        libraries = list_libraries()
        if jobs.list_jobs(only_open=True):
            st.fragment(show_work, run_every=_LIVE_SECONDS)()
    except TimbreError as error:
        st.error(plain(str(error), 600), icon=":material/error:")
        return
    if not libraries:
        show_nothing()
    latest = {job.library: job for job in jobs.list_jobs()}
    colours = colours_of("library", [library.name for library in libraries])
    found = listing()
    for library in libraries:
        checkpoint = found.checkpoints.get(Path(library.checkpoint).name)
        outdated = checkpoint is not None and is_coded_otherwise(checkpoint, library.columns)
        show_library(library, library.colour or colours[library.name], latest.get(library.id), outdated)
    show_way_to_map(libraries)
    show_adding(found)
    pickers.show_refusals()


main()
