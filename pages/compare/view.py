"""The same note, and the same map, through several checkpoints: browser components over the routes of routes.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pages.browser.component import component
from pages.server.answers import ADDRESS
from pages.server.catalog import NoteMap

_MODELS_HTML = """
<div class="tx-note tx-models">
  <div class="tx-about">
    <div class="tx-head"><span class="tx-dot"></span><h3></h3><span class="tx-pitch"></span></div>
    <div class="tx-facts"></div>
  </div>
  <div class="tx-cards"></div>
  <div class="tx-keys"><div>−80<i class="tx-key-level"></i>0 dB</div>
  <div>keys 1, 2, 3 … play the cards in their order</div></div>
</div>
"""
_MAPS_HTML = """
<div class="tx-maps">
  <div class="tx-fields"></div>
  <div class="tx-families"></div>
  <div class="tx-live" aria-live="polite"></div>
</div>
"""


_models = component(
    "models",
    _MODELS_HTML,
    ["browser/note.css", "browser/matching.css", "compare/models.css"],
    "compare/models.js",
)
_maps = component("maps", _MAPS_HTML, ["compare/linked_maps.css"], "compare/linked_maps.js")


def _described(
    maps: Mapping[str, NoteMap], titles: Mapping[str, str], colours: Mapping[str, str]
) -> list[dict[str, str]]:
    return [
        {"checkpoint": notes.checkpoint.name, "version": notes.version, "title": titles[name], "colour": colours[name]}
        for name, notes in maps.items()
    ]


def show_models(
    maps: Mapping[str, NoteMap], titles: Mapping[str, str], colours: Mapping[str, str], selected: dict[str, Any] | None
) -> None:
    """One note's recording beside what each model makes of it, to see and to hear. `selected` is {note, seq}."""
    _models(key="models", data={"url": ADDRESS, "models": _described(maps, titles, colours), "selected": selected})


def show_maps(
    maps: Mapping[str, NoteMap],
    titles: Mapping[str, str],
    colours: Mapping[str, str],
    projection: str,
    selected: dict[str, Any] | None,
    clicked: Callable[[], None],
) -> None:
    """A small map per model, coloured by family; a note that is chosen in one is marked in all.

    A click is told as {note, seq} in `st.session_state["maps"]["selected"]`, and by calling `clicked`.
    """
    data = {
        "url": ADDRESS,
        "models": _described(maps, titles, colours),
        "projection": projection,
        "selected": selected,
    }
    _maps(key="maps", data=data, default={"selected": None}, on_selected_change=clicked)
