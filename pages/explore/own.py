"""People's own sounds on the map: how far a library is that is being added, and the map that fills meanwhile."""

from __future__ import annotations

import time

import streamlit as st

from pages.server.words import plain
from pages.server.work import share, told
from timbre_core.catalogue.database import exists, revision
from timbre_core.catalogue.jobs import list_jobs
from timbre_core.catalogue.libraries import list_libraries
from timbre_core.checkpoint import Checkpoint

_LOOK = 2.0  # seconds between looks at what is being added
_LEAST = 4.0  # seconds between two maps, of which each takes some time to be drawn


def follow_libraries(checkpoint: Checkpoint) -> None:
    """While libraries are added: how far they are, and the page again whenever more of their notes are there."""
    if not exists():
        return
    names = {library.id: library.name for library in list_libraries(checkpoint.path)}
    if any(job.library in names for job in list_jobs(only_open=True)):
        st.session_state["own_drawn"] = (revision("libraries"), time.monotonic())
        st.fragment(_follow, run_every=_LOOK)(names)


def _follow(names: dict[int, str]) -> None:
    jobs = [job for job in list_jobs(only_open=True) if job.library in names]
    for job in jobs:
        st.progress(share(job), text=f"**{plain(names[job.library or 0])}** · {told(job)}")
    drawn, when = st.session_state["own_drawn"]
    if not jobs or (revision("libraries") != drawn and time.monotonic() - when > _LEAST):
        st.rerun()
