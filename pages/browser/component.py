"""How a browser component is made: registered once, mounted by its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.browser.modules import script
from pages.browser.parts import Part
from pages.server.answers import ADDRESS
from pages.server.catalog import NoteMap
from timbre_core.features.settings import has_sound


def component(name: str, html: str, styles: Sequence[str], module: str) -> Any:
    """A component to mount (see `Part`)."""
    part = Part(name, html, tuple(styles), module)
    # Unisolated: sounds and drawings are ordinary elements of the page, within reach of browser tools and tests.
    return st.components.v2.component(
        f"timbre_{name}", html=html, css=part.css, js=script(module), isolate_styles=False
    )


def of_map(notes: NoteMap) -> dict[str, Any]:
    """What every component over one map is told: where the routes are, which map, and whether it is one of sounds."""
    sounds = has_sound(notes.checkpoint.recipe.features)
    return {"url": ADDRESS, "checkpoint": notes.checkpoint.name, "version": notes.version, "sounds": sounds}
