"""Transfer's browser side."""

from __future__ import annotations

from typing import Any

from pages.browser.component import component, of_map
from pages.server.catalog import NoteMap

_transfer = component(
    "transfer",
    '<div class="tx-transfer"></div>',
    ["browser/matching.css", "transfer/transfer.css"],
    "transfer/transfer.js",
)


def show_transfer(
    notes: NoteMap, source: dict[str, str], settings: dict[str, Any], key: str = "transfer"
) -> dict[str, Any] | None:
    """A sound and what becomes of it. `source` is {note} or {sound}, a token of own_sounds.py; `settings` are what the link says.

    Returns the settings that were chosen last (toward, amount, shift, steady, and note where another one is to be the source),
    or None. Once a token is no longer known, the session's `key` has it as `gone`.
    """
    data = {**of_map(notes), "source": source, "settings": settings}
    default = {"settings": None, "gone": None}
    return _transfer(
        key=key, data=data, default=default, on_settings_change=lambda: None, on_gone_change=lambda: None
    ).settings
