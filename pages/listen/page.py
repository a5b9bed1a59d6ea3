"""Listen: a dozen notes as recorded and through every inverter, next to each other."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.controls import pickers
from pages.controls.states import show_broken, show_empty, show_title
from pages.listen.booth import LIBROSA, ORIGINAL, dozen, starter_library, variants
from pages.listen.elsewhere import BASELINE, MODEL, NOTE_AT, PITCH_SHIFT, SAMPLER, WANTED, other_pitch
from pages.listen.view import show_listening
from pages.server.catalog import listing, version_of
from pages.server.colours import colour_of
from pages.server.warming import visited
from pages.server.words import instrument_name, note_name, plain, readable
from timbre_core.analysis.inverter_table import INPUT_TITLES, figure, shown_columns
from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError
from timbre_core.wording import counted

_SENTENCE = "A dozen notes as recorded, turned into spectrograms and back by several inverters, or at another pitch."
_ABOUT = {
    ORIGINAL: ("Original", "the recording"),
    LIBROSA: ("librosa", "about a second a note (mel_to_audio)"),
    "fast": ("Fast", "for playing live"),
    "best": ("Best", "without hurry"),
    "excited": ("Source and filter", "harmonics and noise, shaped (excited)"),
    "additive": ("Sum of harmonics", "of the known pitch (additive)"),
    "mel-magnitude": ("Network", "trained to undo spectrograms (mel-magnitude)"),
    "mel-inverter": ("Network for speech", "trained to undo spectrograms (mel-inverter)"),
    WANTED: ("Wanted", "its instrument's recording there"),
    NOTE_AT: ("Moved", "the recording at the other pitch, its tone adapted (note_at)"),
    MODEL: ("Model", "encoded here, decoded there"),
    BASELINE: (BASELINE, "the published baseline"),
    PITCH_SHIFT: ("Pitch shift", "librosa's phase vocoder (pitch_shift)"),
    SAMPLER: ("Sampler", "played faster or slower"),
}


def described(row: int, elsewhere: bool = False) -> dict[str, Any]:
    """A note of the starter library as its row in the table names it; `elsewhere`: with the pitch that it is moved to."""
    notes = starter_library().notes
    note = notes.iloc[row]
    name, to_pitch = note_name(float(note["pitch"])), float(notes["pitch"].iloc[other_pitch(notes, row)])
    there = {"to_pitch": to_pitch} if elsewhere else {}
    return {
        "id": str(note["note_id"]),
        "title": instrument_name(str(note["instrument"])),
        "family": readable(str(note["family"])),
        "colour": colour_of("family", str(note["family"])),
        "pitch": float(note["pitch"]),
        "pitch_name": f"{name} to {note_name(to_pitch)}" if elsewhere else name,
        **there,
    }


def show_measured(checkpoint: Checkpoint) -> None:
    """What `evaluate --inverters` measured on this checkpoint, where it did."""
    st.subheader("Measured", anchor=False)
    try:
        evaluation = checkpoint.evaluation
    except TimbreError as error:
        st.warning(plain(str(error), 400))
        return
    result = evaluation.get("inverters") if isinstance(evaluation, dict) else None
    if not isinstance(result, dict) or not isinstance(result.get("by_name"), dict) or not result["by_name"]:
        st.markdown("Not measured yet for this checkpoint. This command does it, beside librosa and on the same notes:")
        st.code(
            f"python -m timbre_core evaluate {checkpoint.path} --data path/to/notes --inverters "
            f"--json {checkpoint.path}/evaluation.json"
        )
        return
    for tab, kind in zip(st.tabs(list(INPUT_TITLES.values())), INPUT_TITLES, strict=True):
        tab.table(measured(result, kind))
    st.caption(
        f"Means over {counted(result.get('notes'), 'note')} of {counted(result.get('instruments'), 'instrument')} (split "
        f"{plain(str(result.get('split')))}); right pitch: within 50 cents, of the "
        f"{counted(result.get('harmonic_notes'), 'note')} "
        "whose recording sounds at its label; milliseconds with one thread, the inverters taking turns."
    )


def measured(result: dict[str, Any], kind: str) -> pd.DataFrame:
    """One input's figures, a row for each inverter."""
    columns = shown_columns(result, kind)
    rows = {
        name: [
            "–" if (value := figure(entry, kind, c.key)) is None else f"{c.factor * value:{c.form}}" for c in columns
        ]
        for name, entry in result["by_name"].items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=[c.title for c in columns])


def main() -> None:
    visited()
    show_title("Listen", _SENTENCE)
    found = listing()
    if not found.checkpoints:
        show_empty(found)
        show_broken(found)
        return
    first, second, third = st.container(key="listen_controls").columns([4, 6, 3], gap="medium")
    with first:
        checkpoint = found.checkpoints[pickers.pick_checkpoint(found)]
    with second:
        source = pickers.pick_source()
    with third:
        seed = pickers.pick_dozen()
    try:
        notes = [described(row, source == "elsewhere") for row in dozen(seed)]
    except TimbreError as error:
        st.error(plain(str(error), 600), icon=":material/error:")
        return
    columns = [
        {"key": key, "title": title, "about": about, "slow": key in (LIBROSA, "best")}
        for key in variants(checkpoint, source)
        for title, about in [_ABOUT.get(key, (key, "a trained network"))]
    ]
    show_listening(checkpoint.name, version_of(checkpoint.path), source, notes, columns)
    st.caption(
        "Arrow keys walk from one sound to the next, Enter plays, the digits play the columns of a row. The notes come "
        "with the project, rendered from a SoundFont that the shipped models were trained on: the figures below are of "
        "instruments that training never saw, where they say so."
    )
    show_measured(checkpoint)
    show_broken(found)
    pickers.show_refusals()


main()
