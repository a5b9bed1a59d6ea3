"""Explore's browser side: the map, and the chosen note."""

from __future__ import annotations

from typing import Any

from pages.browser.component import component, of_map
from pages.browser.plotly_script import PLOTLY
from pages.explore.parts import MAP, NOTE
from pages.server.catalog import NoteMap

_map, _note = component(*MAP), component(*NOTE)


def map_data(
    notes: NoteMap, projection: str, colour: str, selected: dict[str, Any] | None, filters: dict[str, Any]
) -> dict[str, Any]:
    """What the map is told. `selected` is {note, seq}, `filters` what `filters_from_link` gives."""
    return {
        **of_map(notes),
        "projection": projection,
        "colour": colour,
        "selected": selected,
        "filters": filters,
        "plotly": PLOTLY,
    }


def note_data(notes: NoteMap, selected: dict[str, Any] | None, inverter: str | None) -> dict[str, Any]:
    """What the chosen note's component is told. inverter: what turns frames into sound; None is the checkpoint's own."""
    return {**of_map(notes), "version": notes.settled_version, "selected": selected, "inverter": inverter}


def show_map(
    notes: NoteMap,
    projection: str,
    colour: str,
    selected: dict[str, Any] | None,
    filters: dict[str, Any],
    key: str = "map",
) -> None:
    """Draw the map (see `map_data`). What was clicked last is in the session's `key`, as `selected` and `filters`."""
    _map(
        key=key,
        data=map_data(notes, projection, colour, selected, filters),
        default={"selected": None, "filters": None},
        on_selected_change=lambda: None,
        on_filters_change=lambda: None,
    )


def show_note(notes: NoteMap, selected: dict[str, Any] | None, inverter: str | None = None, key: str = "note") -> None:
    """Players and spectrograms of the selected note (see `note_data`); follows clicks on the map at once, without a rerun."""
    _note(key=key, data=note_data(notes, selected, inverter))
