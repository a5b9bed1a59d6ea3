"""Labels as a table that can be edited: what was proposed, and corrections that count for good."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from pages.server.words import note_name, plain
from timbre_core.catalogue.labels import FIELDS, correct_label
from timbre_core.catalogue.libraries import OwnLibrary, notes_of
from timbre_core.errors import TimbreError

_MOST_ROWS = 20_000

HOW_READ, PATTERN, SEMITONES, OCTAVE = (
    "How names are read",
    "Pattern of file names",
    "Add semitones",
    "Labels an octave off",
)
"""What the page calls how labels are read, and the commands' --pattern, --transpose and --octave."""
OCTAVES = {"check": "Listen, and tell me", "auto": "Listen, and correct", "off": "Do not listen"}
_CALLED_HERE: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"--octave (\w+)", lambda found: f"“{OCTAVE}: {OCTAVES.get(found[1], found[1])}”"),
    (r"--transpose (-?\d+)", lambda found: f"“{SEMITONES}: {found[1]}”"),
    (r"--pattern", lambda found: f"a “{PATTERN}”"),
    (r"\(((?:[^()]*; )?)give another where that is wrong\)", lambda found: f"({found[1]}“{HOW_READ}” takes another)"),
    (r"^(instrument|family|pitch|velocity|split) from ", lambda found: found[0].capitalize()),
)


def in_words_of_page(sentence: str) -> str:
    """A sentence on labels that names the page's controls where it named options of commands."""
    for option, here in _CALLED_HERE:
        sentence = re.sub(option, here, sentence)
    return sentence


def label_table(notes: pd.DataFrame, paths: str = "audio") -> pd.DataFrame:
    """The labels of notes as texts: pitches by name, unknown ones empty."""
    table = pd.DataFrame({"file": notes[paths].astype(str)})
    for name in ("instrument", "family", "source"):
        table[name] = notes[name].astype(str).replace("unknown", "")
    table["pitch"] = [note_name(pitch) if pd.notna(pitch) else "" for pitch in notes["pitch"]]
    table["velocity"] = [f"{velocity:g}" if pd.notna(velocity) else "" for velocity in notes["velocity"]]
    return table.iloc[:_MOST_ROWS]


def edited_labels(table: pd.DataFrame, key: str) -> list[tuple[str, str, str]]:
    """Show labels to be edited; returns what was changed, as (path, label, value)."""
    names = [name for name in table.columns if name != "file"]
    st.data_editor(table, key=key, hide_index=True, disabled=["file"], num_rows="fixed", height=320)
    state: dict[str, Any] = st.session_state.get(key) or {}
    changes = []
    for row, edits in (state.get("edited_rows") or {}).items():
        for name, value in edits.items():
            if name in names and name in FIELDS:
                changes.append((str(table["file"].iloc[int(row)]), name, "" if value is None else str(value)))
    return changes


@st.dialog("Labels", width="large")
def show_labels(library: OwnLibrary) -> None:
    table = label_table(notes_of(library), "path")
    changes = edited_labels(table, f"edit_labels_{library.id}")
    for sentence in library.said:
        st.caption(plain(in_words_of_page(sentence), 600))
    if len(table) == _MOST_ROWS:
        st.caption(f"The first {_MOST_ROWS:,} are shown; a metadata.csv in the folder labels any number.")
    if st.button("Keep these labels", type="primary", disabled=not changes):
        try:
            for path, name, value in changes:
                correct_label(library, [path], name, value)
        except TimbreError as error:
            st.error(plain(str(error), 400))
            return
        st.rerun()
