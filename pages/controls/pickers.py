"""Choices that the address bar remembers: checkpoint, projection, colour, inverter, note.

A link restores them; what makes no sense in a link is dropped, and said in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import streamlit as st

from pages.server.catalog import PROJECTIONS, SPACE, Listing, NoteMap
from pages.server.map_data import column_title, note_card
from pages.server.words import plain
from timbre_core.checkpoint import Checkpoint
from timbre_core.inverters import inverter_names

WIDGET = "pick_"
"""How the keys of all widgets here begin."""
_OWN = "own"
_SOURCES = {
    "clean": "Recordings",
    "reconstruction": "Through the model",
    "elsewhere": "At another pitch",
}
_MOST_DOZENS = 9999
_INVERTERS = {
    _OWN: "The model's own",
    "fast": "Fast",
    "best": "Best",
    "excited": "Source and filter",
    "additive": "Sum of harmonics",
    "mel-magnitude": "Network",
    "mel-inverter": "Network for speech",
}
"""What people call the inverters that come with the project."""
_HOW = {
    "fast": "Fast answers at once (Griffin-Lim).",
    "best": "Best takes its time (PGHI, then Griffin-Lim).",
    "excited": "Source and filter gives harmonics and noise the spectrogram's levels (`excited`).",
    "additive": "Sum of harmonics adds them up at the known pitch (`additive`).",
}


def arrive(page: str) -> None:
    """To be told the page that is shown, before it is run: coming from another one, its widgets begin with what the address
    says, else with what was chosen before. Streamlit would give some of them an old value, and others their first option."""
    if st.session_state.get("page") != page:
        st.session_state["brought"] = (st.session_state.get("page"), (kept("start") or {}).get("note"))
        st.session_state["page"] = page
        for key in [key for key in st.session_state if str(key).startswith(WIDGET)]:
            del st.session_state[key]


def called(name: str, checkpoint: Checkpoint) -> str:
    """A checkpoint's folder first, which alone tells one's own trainings apart, then what its recipe calls it."""
    title = checkpoint.recipe.title
    return f"{name} · {title}" if title and title != name else name


def pick_checkpoint(found: Listing) -> str:
    """The chosen checkpoint's name."""

    return _pick(
        "checkpoint",
        list(found.checkpoints),
        lambda options, key: st.selectbox(
            "Checkpoint",
            options,
            key=key,
            format_func=lambda name: called(name, found.checkpoints[name]),
            help="A trained model with its map. Train your own on the page Training, or with `python train_cli.py`.",
        ),
    )


def projections_offered(notes: NoteMap) -> list[str]:
    """What the map can be shown in, the first one first."""
    return [*notes.projections, *([SPACE] if notes.space else [])]


def pick_projection(notes: NoteMap) -> str:
    """The chosen projection's key, SPACE for the 3-D view."""
    return _pick(
        "projection",
        projections_offered(notes),
        lambda options, key: st.segmented_control(
            "Projection",
            options,
            key=key,
            format_func=lambda name: PROJECTIONS.get(name, "3-D"),
            required=True,
            help=_projections_told(options),
        ),
    )


def _projections_told(offered: Sequence[str]) -> str:
    """What those projections keep that can be chosen."""
    near = [PROJECTIONS[name] for name in offered if name in PROJECTIONS and name != "pca"]
    told = ["How the many numbers that the model has of a note are flattened to two."]
    if near:
        told.append(f"{' and '.join(near)} keep{'s' if len(near) == 1 else ''} neighbours together.")
    if "pca" in offered:
        told.append("PCA keeps the directions in which notes differ most.")
    if SPACE in offered:
        told.append("3-D keeps one dimension more: drag to turn it.")
    return " ".join(told)


def pick_colour(notes: NoteMap) -> str:
    """The chosen label column."""
    return _pick(
        "colour",
        notes.label_columns,
        lambda options, key: st.selectbox(
            "Colour by", options, key=key, format_func=lambda name: column_title(name, notes.words)
        ),
    )


def pick_inverter(checkpoint: Checkpoint) -> str | None:
    """What turns frames into sound: one of `inverter_names`, or None for the checkpoint's own."""
    choice = _pick(
        "inverter",
        inverters_offered(checkpoint),
        lambda options, key: st.selectbox(
            "Sound by",
            options,
            key=key,
            format_func=lambda name: _INVERTERS.get(name, name),
            help=" ".join(
                ["What turns the model's pictures of sound (spectrograms) back into sound."]
                + [
                    _HOW.get(name, f"{_INVERTERS.get(name, name)} was trained for it (`{name}`).")
                    for name in options[1:]
                ]
            ),
        ),
        unsaid=_OWN,
    )
    return inverter_chosen(choice)


def inverters_offered(checkpoint: Checkpoint) -> list[str]:
    """What a checkpoint's frames can be turned into sound by, its own way first."""
    return [_OWN, *inverter_names(checkpoint.recipe.features)]


def inverter_chosen(choice: str) -> str | None:
    """One of `inverter_names`, or None for the checkpoint's own."""
    return None if choice == _OWN else choice


def pick_source() -> str:
    """What is turned into sound on the listening page: one of `listening.SOURCES`."""
    return _pick(
        "source",
        list(_SOURCES),
        lambda options, key: st.segmented_control(
            "Turned into sound",
            options,
            key=key,
            format_func=lambda name: _SOURCES[name],
            required=True,
            help="The recordings' own spectrograms show what an inverter loses. What the model makes of them is blurred: "
            "there an inverter shows what it can make of little. At another pitch, each note is moved to where its instrument "
            "has a recording, too.",
        ),
    )


def pick_dozen() -> int:
    """Which dozen notes the listening page has: any number from 0 to 9999."""
    key = f"{WIDGET}dozen"
    if key not in st.session_state:
        wanted = st.query_params.get("dozen", "0")
        known = wanted.isascii() and wanted.isdecimal() and len(wanted) <= len(str(_MOST_DOZENS))
        if not known:
            refuse("dozen", wanted)
        st.session_state[key] = int(wanted) if known else 0
    chosen = st.number_input(
        "Random draw no.",
        0,
        _MOST_DOZENS,
        step=1,
        key=key,
        help="Which dozen of the notes that come with the project: each number draws another one at random.",
    )
    _write("dozen", str(chosen))
    return int(chosen)


def linked_note(notes: NoteMap) -> dict[str, Any] | None:
    """The selected note as {note, seq}: the one clicked last on this page, at first the one in the link, else the one that
    another page of this session had."""
    clicked = (st.session_state.get("map") or {}).get("selected")
    if isinstance(clicked, dict) and clicked.get("note") in notes.rows and isinstance(clicked.get("seq"), int):
        return {"note": clicked["note"], "seq": clicked["seq"]}
    if clicked is not None:
        return None
    wanted = st.query_params.get("note")
    if wanted is None:
        wanted = kept_note([notes])
        return None if wanted is None else {"note": wanted, "seq": 0}
    if wanted not in notes.rows:
        refuse("note", wanted)
        return None
    return {"note": wanted, "seq": 0}


def remember_note(selected: dict[str, Any] | None) -> None:
    """Write the selected note into the address bar, or take it out; other pages begin with it."""
    if selected is not None:
        _write("note", selected["note"])
        keep_note(selected["note"])
    elif "note" in st.query_params:
        del st.query_params["note"]


def keep(what: str, value: Any) -> None:
    """Remember something for the session's other pages: a link from page to page carries nothing."""
    st.session_state.setdefault("kept", {})[what] = value


def kept(what: str) -> Any:
    """What `keep` was told last, None if nothing."""
    return st.session_state.get("kept", {}).get(what)


def keep_note(note: str) -> None:
    """Remember a note that was chosen: the session's other pages begin with it."""
    keep("start", {"note": note})


def kept_note(maps: Iterable[NoteMap]) -> str | None:
    """The note that was chosen last, on whatever page, if one of these maps has it."""
    note = (kept("start") or {}).get("note")
    return note if any(note in notes.rows for notes in maps) else None


def say_brought(maps: Iterable[NoteMap], note: str | None) -> None:
    """Say once, after going to another page, that it begins with the note that was chosen before: `note`, shown now."""
    page, brought = st.session_state.pop("brought", (None, None))
    home = next((notes for notes in maps if note in notes.rows), None)
    if page is None or home is None or note is None or note != brought:
        return
    card = note_card(home, home.rows[note])
    name = f"{card['title']} {card['pitch_name']}".strip()
    st.toast(f"Begins with the {home.words.note} you chose: {plain(name)}.", icon=":material/arrow_forward:")


def show_refusals() -> None:
    """Say what in the link made no sense, once."""
    refused = [f"{what} “{plain(value, 40)}”" for what, value in st.session_state.pop("refused", [])]
    if refused:
        st.toast(
            f"The link asks for {', '.join(refused)}: not here, so something else is shown.",
            icon=":material/link_off:",
            duration="long",
        )


def _pick(
    what: str,
    options: Sequence[str],
    widget: Callable[[Sequence[str], str], str | None],
    unsaid: str | None = None,
) -> str:
    """Show a widget that starts from the link, or from the choice on another page, and writes its choice back into the
    link, all but the choice `unsaid`."""
    key = f"{WIDGET}{what}"
    if key not in st.session_state:
        wanted = st.query_params.get(what)
        if wanted is not None and wanted not in options:
            refuse(what, wanted)
        st.session_state[key] = wanted or kept(what) or options[0]
    # Nonsense in the link, or the checkpoint shown before had this choice and the one now open has not: the first. Written at
    # every run: what stands in a menu that was not opened yet is told its choice only so, and would open at the first or none.
    st.session_state[key] = st.session_state[key] if st.session_state[key] in options else options[0]
    choice = widget(options, key) or options[0]
    keep(what, choice)
    if choice != unsaid:
        _write(what, choice)
    elif what in st.query_params:
        del st.query_params[what]
    return choice


def refuse(what: str, value: str) -> None:
    """Remember that the link asks for something that is not here; `show_refusals` says so."""
    st.session_state.setdefault("refused", []).append((what, value))


def _write(what: str, value: str) -> None:
    if st.query_params.get(what) != value:
        st.query_params[what] = value
