"""Adding a library: a folder of this machine, or files that are sent to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from pages.controls.pickers import called
from pages.library.labels import (
    HOW_READ,
    OCTAVE,
    OCTAVES,
    PATTERN,
    SEMITONES,
    edited_labels,
    in_words_of_page,
    label_table,
)
from pages.server.catalog import Listing
from pages.server.words import plain
from timbre_core.catalogue import jobs
from timbre_core.catalogue.labels import Proposal, checked_label, correct_label, propose_labels
from timbre_core.catalogue.libraries import checked_name, create_library, list_libraries, same_folder
from timbre_core.catalogue.roots import (
    allowed_roots,
    checked_folder,
    may_hold_sounds,
    readable_places,
    subfolders,
)
from timbre_core.catalogue.uploads import Sent, keep_uploads
from timbre_core.errors import TimbreError
from timbre_core.wording import counted

_HERE, _SEND = "A folder on this machine", "Files from this browser"
_MOST_LEFT_OUT = 5
_ELSEWHERE = (
    "With all its subfolders. For a folder outside those offered here, start the app with TIMBRE_ROOTS set to all folders that "
    "it may read."
)


def show_adding(found: Listing) -> None:
    """The form that adds a library."""
    st.subheader("Add sounds", anchor=False)
    show_left_out()
    spaces = {name: checkpoint for name, checkpoint in found.checkpoints.items() if not checkpoint.map_name}
    mapped = [name for name, checkpoint in spaces.items() if checkpoint.latents_file.exists()]
    if not mapped:
        st.info("Sounds are put on the map of a checkpoint, and there is none with a map yet.")
        return
    way = st.segmented_control("From", [_HERE, _SEND], default=_HERE, required=True, key="add_from") or _HERE
    folder, there = choose_folder() if way == _HERE else (None, False)
    sent = send_files() if way == _SEND else None
    labels = st.container()  # above the button that fills it, where it is seen
    left, right = st.columns(2)
    proposed = folder.name if folder is not None else ""
    name = left.text_input("Name", proposed, key=f"add_name_{proposed}", max_chars=60, placeholder="My samples")
    checkpoint = right.selectbox(
        "On the map of", mapped, key="add_checkpoint", format_func=lambda name: called(name, spaces[name])
    )
    settings = label_choices()
    show, add, _ = st.columns([2, 2, 4])
    ready = there or bool(sent)
    if show.button("Show labels first", disabled=not there, width="stretch") and folder is not None:
        look_at_labels(folder, settings)
    with labels:
        corrections = show_proposal(folder)
    if add.button("Add to the map", type="primary", disabled=not ready, width="stretch"):
        add_library(name, folder, sent or [], spaces[checkpoint].path, settings, corrections)


def choose_folder() -> tuple[Path | None, bool]:
    """A folder below the allowed roots, by its path or from folder to folder; and whether there may be sounds in it."""
    roots = allowed_roots()
    if not roots:
        st.warning("This app may not read any folder: start it with `TIMBRE_ROOTS` set to those that it may.")
        return None, False
    here = st.session_state.setdefault("add_path", str(roots[0]))
    typed = st.text_input("Folder", here, key=f"add_typed_{here}", help=_ELSEWHERE)
    if typed != here:
        st.session_state["add_path"] = typed
        st.rerun()
    try:
        folder = checked_folder(here)
        names, sounds = subfolders(folder)
    except TimbreError as error:
        st.error(plain(str(error), 500), icon=":material/folder_off:")
        if st.button("Back to the beginning"):
            st.session_state["add_path"] = str(roots[0])
            st.rerun()
        return None, False
    up = folder.parent if any(folder.parent.is_relative_to(root) for root in roots) else None
    others = [root for root in roots if root != folder]
    with st.container(horizontal=True, key="add_browser"):
        if up is not None and st.button("Up", icon=":material/arrow_upward:"):
            go_to(up)
        for root in others if up is None else ():
            if st.button(plain(str(root)), key=f"root_{root}"):
                go_to(root)
        for name in names[:60]:
            if st.button(plain(name, 40), key=f"folder_{folder}/{name}", icon=":material/folder:"):
                go_to(folder / name)
    if len(names) > 60:
        st.caption(f"and {counted(len(names) - 60, 'more folder')}: type a path.")
    there = may_hold_sounds(folder)
    if there:
        below = "; those below it are added too" if names else ""
        st.caption(f"{counted(sounds, 'sound') if sounds else 'No sounds'} directly in this folder{below}")
    else:
        st.caption(f"No sounds in this folder{' or below it' if names else ''}: choose one that has some.")
    return folder, there


def go_to(folder: Path) -> None:
    st.session_state["add_path"] = str(folder)
    st.rerun()


def send_files() -> list[Any]:
    return list(
        st.file_uploader(
            "Sounds, or a ZIP archive of them",
            accept_multiple_files=True,
            key="add_files",
            help="They are kept in the app's data folder. A folder of this machine is read where it is.",
        )
        or []
    )


def label_choices() -> dict[str, Any]:
    """How labels are read: what the commands' --pattern, --transpose and --octave say."""
    with st.expander(HOW_READ, icon=":material/sell:"):
        first, second, third = st.columns([4, 2, 2])
        pattern = first.text_input(
            PATTERN,
            placeholder="{instrument}_{pitch}_{velocity}",
            key="add_pattern",
            help="Found by itself.",
        )
        transpose = second.number_input(SEMITONES, -60, 60, 0, key="add_transpose", help="12 where middle C is C3.")
        octave = third.selectbox(OCTAVE, list(OCTAVES), format_func=OCTAVES.__getitem__, key="add_octave")
    settings: dict[str, Any] = {"octave": octave, "within": [str(place) for place in readable_places()]}
    return settings | ({"pattern": pattern} if pattern else {}) | ({"transpose": int(transpose)} if transpose else {})


def look_at_labels(folder: Path, settings: dict[str, Any]) -> None:
    try:
        with st.spinner("Reading names…"):
            st.session_state["add_proposal"] = (str(folder), propose_labels(folder, settings))
    except TimbreError as error:
        st.session_state.pop("add_proposal", None)
        st.error(plain(in_words_of_page(str(error)), 600), icon=":material/error:")


def show_proposal(folder: Path | None) -> list[tuple[str, str, str]]:
    """What was made of a folder's names, to be corrected; returns the corrections as (path, label, value)."""
    place, proposal = st.session_state.get("add_proposal", ("", None))
    if proposal is None or folder is None or place != str(folder):
        return []
    assert isinstance(proposal, Proposal)
    changes = edited_labels(label_table(proposal.notes), "add_labels")
    for sentence in proposal.said:
        st.caption(plain(in_words_of_page(sentence), 600))
    if proposal.skipped:
        told = ", ".join(plain(f"{Path(file).name}: {reason}", 160) for file, reason in proposal.skipped[:5])
        st.caption(f"{len(proposal.skipped)} cannot be used: {told}")
    return changes


def add_library(
    name: str, folder: Path | None, sent: list[Any], checkpoint: Path, settings: dict[str, Any], corrections: list[Any]
) -> None:
    try:
        name = checked_name(name or (folder.name if folder is not None else "sounds"))  # before files are kept
        if any(library.name == name for library in list_libraries()):
            same = folder is not None and same_folder(folder, checkpoint)
            cure = "Update, above, finds what is new in it" if same and same.name == name else "choose another name"
            raise TimbreError(f"there is a library named {name!r} already: {cure}.")
        for _, field, value in corrections:
            checked_label(field, value)  # before there is a library that they are for
        if folder is None:
            with st.spinner("Keeping the files…"):
                folder, left_out = keep_uploads(name, [Sent(file.name, file) for file in sent])
            st.session_state["add_left_out"] = left_out
        twin = same_folder(folder, checkpoint)
        library = create_library(name, checked_folder(folder), checkpoint, settings)
        for path, field, value in corrections:
            correct_label(library, [path], field, value)
        jobs.ask("update", library.id)
        jobs.start_worker()
    except TimbreError as error:
        st.error(plain(str(error), 600), icon=":material/error:")
        return
    st.session_state.pop("add_proposal", None)
    st.session_state["library_added"] = library.name
    if twin is not None:
        st.toast(
            f"The library {plain(twin.name)} is this folder too: Update finds what is new in it.",
            icon=":material/sync:",
        )
    st.toast(f"{plain(library.name)}: being read; the map of Explore fills meanwhile.", icon=":material/library_music:")
    st.rerun()


def show_left_out() -> None:
    """What of the files that were sent last is not part of the library."""
    left_out = st.session_state.get("add_left_out")
    if left_out:
        st.warning(f"{counted(len(left_out), 'file')} of those sent left out.", icon=":material/info:")
        for file, reason in left_out[:_MOST_LEFT_OUT]:
            st.caption(plain(f"{file}: {reason}", 200))
