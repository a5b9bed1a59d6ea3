"""Morph's browser side."""

from __future__ import annotations

from typing import Any

from pages.browser.component import component, of_map
from pages.server.catalog import NoteMap

_morph = component(
    "morph",
    '<div class="tx-morph"></div>',
    ["morph/morph.css"],
    "morph/morph.js",
)


def show_morph(notes: NoteMap, chosen: dict[str, Any], conditioned: bool, key: str = "morph") -> None:
    """The Morph page's notes and its three ways between them.

    chosen: notes, view, path, key, contour and vibrato, as the link has them; what is chosen last is in the session's `key`,
    as `chosen`. conditioned: whether sounds can be asked for at a pitch.
    """
    rate = notes.checkpoint.recipe.features.sample_rate
    data = {**of_map(notes), "chosen": chosen, "conditioned": conditioned, "sampleRate": rate}
    _morph(key=key, data=data, default={"chosen": None}, on_chosen_change=lambda: None)
