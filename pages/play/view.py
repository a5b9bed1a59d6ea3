"""Play's browser side."""

from __future__ import annotations

from typing import Any

from pages.browser.component import component, of_map
from pages.server.catalog import NoteMap

_play = component(
    "play",
    '<div class="tx-play"></div>',
    ["play/play.css"],
    "play/play.js",
)


def show_play(notes: NoteMap, start: dict[str, Any] | None, key: str = "play") -> None:
    """The instrument. `start` is {note}, {family} or {seed}; what is chosen last is in the session's `key`, as `start`."""
    _play(key=key, data={**of_map(notes), "start": start}, default={"start": None}, on_start_change=lambda: None)
