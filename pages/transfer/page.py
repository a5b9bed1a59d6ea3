"""Transfer: a sound of one's own, or a note of the library, with another timbre or at another pitch."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from pages.controls import pickers
from pages.controls.one_map import show_one_map
from pages.server.catalog import NoteMap
from pages.server.map_data import first_note
from pages.server.words import plain
from pages.transfer.own_sounds import SHELF, OwnSound
from pages.transfer.view import show_transfer
from timbre_core.errors import TimbreError
from timbre_core.features.uploads import LIMITS

_SENTENCE = "Give a sound another timbre: its pitch and its loudness over time stay."
_FROM = {"library": "A library note", "file": "A file", "recording": "Record"}
_TYPES = ["audio", "wav", "flac", "ogg", "opus", "mp3", "aiff", "w64", "caf", "au"]
_FIRST_TARGETS = ("brass", "organ", "flute")
_RANGES = {"amount": (0.0, 1.5), "shift": (-24.0, 24.0)}


def own_sound(kind: str) -> dict[str, str] | None:
    """The visitor's file or recording as {sound: token}, decoded at its own rate; None while there is none.

    Raises TimbreError where it cannot be used.
    """
    if kind == "file":
        given = st.file_uploader(
            "Your sound",
            type=_TYPES,
            key="transfer_file",
            max_upload_size=LIMITS.bytes // 1_000_000,
            label_visibility="collapsed",
        )
    else:
        given = st.audio_input(
            f"Record up to {LIMITS.seconds:g} seconds",
            sample_rate=48_000,
            key="transfer_recording",
            label_visibility="collapsed",
        )
    kept = st.session_state.setdefault("transfer_sounds", {})
    if given is None:
        SHELF.drop(kept.pop(kind, ("", ""))[1])
        return None
    # What was handed in before under this name of the widget's.
    file_id, token = kept.get(kind, ("", ""))
    if file_id != given.file_id or token not in SHELF:
        from timbre_core.features.uploads import called, decode_upload, upload_rate

        name = given.name if kind == "file" else "my recording"
        remarks: list[str] = []
        content = given.getvalue()
        # Without its bytes there is no rate: the sentence on that is the decoder's.
        rate = upload_rate(content, name) if content else 0
        audio = decode_upload(content, rate, name, remarks=remarks)
        SHELF.drop(token)
        token = SHELF.put(OwnSound(audio, rate, name[:80], tuple(f"{called(name)}: {said}." for said in remarks)))
        kept[kind] = (given.file_id, token)
    return {"sound": token}


def pick_source(note: str) -> dict[str, str] | None:
    """What is to be changed: {note} or {sound}; None while a sound of one's own is awaited.

    Raises TimbreError for one that cannot be used.
    """
    left, right = st.columns([5, 9], gap="medium", vertical_alignment="center")
    with left:
        kind = st.segmented_control(
            "Your sound",
            list(_FROM),
            key="transfer_from",
            default="library",
            format_func=lambda name: _FROM[name],
            required=True,
            label_visibility="collapsed",
        )
    with right, st.container(height=80, border=False):
        if kind == "library":
            st.caption(
                "Any of the map's notes, to begin with. Bring a sound of your own with “A file” or “Record”: "
                f"up to {LIMITS.seconds:g} seconds, one note or melody at a time. Nobody else hears it."
            )
            return {"note": note}
        return own_sound(str(kind))


def linked_settings(notes: NoteMap) -> dict[str, Any]:
    """What was chosen last in this session, at first what the link says: note, toward, amount, shift, steady."""
    chosen = (st.session_state.get("transfer") or {}).get("settings")
    wanted: dict[str, Any] = dict(st.query_params) if chosen is None else chosen
    settings: dict[str, Any] = {"steady": wanted.get("steady") in (True, "1")}
    note = wanted.get("note") or st.query_params.get("note") or pickers.kept_note([notes])
    if note is not None and note not in notes.rows:
        pickers.refuse("note", str(note))
        note = None
    settings["note"] = note or first_note(notes)
    toward = wanted.get("toward")
    if toward is not None and toward not in notes.rows and toward not in notes.families:
        pickers.refuse("toward", str(toward))
        toward = None
    if toward is None and chosen is None:
        families = notes.families
        own = notes.labels["family"].iloc[notes.rows[settings["note"]]] if families else None
        others = [name for name in (*_FIRST_TARGETS, *families) if name in families and name != own]
        toward = others[0] if others else None
    settings["toward"] = toward
    for name, (low, high) in _RANGES.items():
        if name in wanted:
            value = _number(wanted[name])
            if low <= value <= high:
                settings[name] = value
            else:
                pickers.refuse(name, str(wanted[name]))
    return settings


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def remember(settings: dict[str, Any], source: dict[str, str] | None) -> None:
    """Write the settings into the address bar; a sound of one's own has no link."""
    said = {name: settings[name] for name in ("toward", "amount", "shift") if settings.get(name) is not None}
    if not said.get("shift"):
        said.pop("shift", None)
    if settings["steady"]:
        said["steady"] = 1
    if source is not None and "note" in source:
        said["note"] = source["note"]
        pickers.keep_note(source["note"])
    for name in ("note", "toward", "amount", "shift", "steady"):
        value = f"{said[name]:g}" if isinstance(said.get(name), float) else str(said.get(name, ""))
        if not value:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != value:
            st.query_params[name] = value


def show_page(notes: NoteMap) -> None:
    """The sound, and what becomes of it."""
    settings = linked_settings(notes)
    source, wrong = None, ""
    try:
        source = pick_source(settings["note"])
    except TimbreError as error:
        wrong = str(error)
    remember(settings, source)
    pickers.say_brought([notes], (source or {}).get("note"))
    if wrong:
        st.error(plain(wrong, 300), icon=":material/error:")
    if source is None:
        with st.container(border=True):
            st.subheader("Waiting for your sound", anchor=False)
            st.markdown(
                "A voice, an instrument, anything that sounds: one note or one melody at a time works best. WAV, FLAC, OGG, MP3 "
                f"and AIFF are read, up to {LIMITS.seconds:g} seconds and {LIMITS.bytes // 1_000_000} MB. It stays on the "
                "machine that runs this app, is kept for an hour at most, and nobody else can hear it."
            )
        return
    show_transfer(notes, source, {name: value for name, value in settings.items() if name != "note"})


show_one_map("Transfer", _SENTENCE, show_page)
