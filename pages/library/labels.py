"""Labels as a table that can be edited: what was proposed, and corrections that count for good."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.server.words import note_name, plain
from timbre_core.catalogue.labels import FIELDS, correct_label
from timbre_core.catalogue.libraries import OwnLibrary, notes_of
from timbre_core.errors import TimbreError

_MOST_ROWS = 20_000


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
    for sentence in library.said:
        st.caption(plain(sentence, 600))
    table = label_table(notes_of(library), "path")
    changes = edited_labels(table, f"edit_labels_{library.id}")
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
