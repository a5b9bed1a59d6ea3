"""The map's filters, as the address bar remembers them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.controls import pickers
from pages.explore.filters import filters_from_link, filters_to_link
from pages.server.catalog import NoteMap

FILTERS = ("search", "only", "not", "sound")


def linked_filters(notes: NoteMap) -> dict[str, Any]:
    """The map's filters: those of this session, at first those in the link. They are written into the address bar."""
    told = (st.session_state.get("map") or {}).get("filters")
    if told is not None:
        link = filters_to_link(told)
    else:
        link = {name: st.query_params.get_all(name) for name in FILTERS}
        if not any(link.values()):
            link = pickers.kept("filters") or {}
    filters, refused = filters_from_link(link, notes)
    if told is None and any(st.query_params.get_all(name) for name in FILTERS):
        for what, text in refused:
            pickers.refuse(what, text)
    link = filters_to_link(filters)
    pickers.keep("filters", link)
    for name in FILTERS:
        if link.get(name, []) != st.query_params.get_all(name):
            st.query_params[name] = link.get(name, [])
    return filters
