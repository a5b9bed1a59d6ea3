"""Filters of the map as a link holds them: `search=trumpet`, `only=family:brass,reed`, `not=source:synthetic`,
`only=pitch:48..60`, `sound=bright,short`.

The browser filters by itself; this only carries its filters into the address bar and back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import pandas as pd

from pages.server.catalog import NoteMap
from timbre_core.analysis.sound_words import WORDS

_LONGEST_SEARCH = 100
_LONGEST = 1_000  # characters of one filter in a link: longer ones are left out of it
_MOST_VALUES = 65_535


def filters_to_link(filters: Any) -> dict[str, list[str]]:
    """Query parameters of filters as the browser tells them: {search, only: {column: [value]}, without: {...}, range:
    {column: [low, high]}, words: [word]}. What makes no sense is left out."""
    filters = filters if isinstance(filters, dict) else {}
    search = filters.get("search")
    only = [
        *(f"{quote(column)}:{_values(values)}" for column, values in _lists(filters.get("only"))),
        *(f"{quote(column)}:{low:g}..{high:g}" for column, (low, high) in _ranges(filters.get("range"))),
    ]
    without = [f"{quote(column)}:{_values(values)}" for column, values in _lists(filters.get("without"))]
    link = {"search": [search[:_LONGEST_SEARCH]] if isinstance(search, str) and search.strip() else []}
    words = filters.get("words")
    told = [word for word in words if word in WORDS] if isinstance(words, list) else []
    return {**link, "only": _short(only), "not": _short(without)} | ({"sound": [",".join(told)]} if told else {})


def filters_from_link(link: dict[str, list[str]], notes: NoteMap) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Filters for the browser from a link's parameters `search`, `only`, `not` and `sound`; and those that fit nothing in
    this map, as (parameter, text)."""
    filters: dict[str, Any] = {"search": "".join(link.get("search", []))[:_LONGEST_SEARCH], "only": {}, "without": {}}
    filters["range"] = {}
    asked = [word for text in link.get("sound", []) for word in text.split(",")]
    if asked:
        filters["words"] = [word for word in WORDS if word in asked]
    refused = [("sound", word) for word in asked if word not in WORDS]
    for what, part in (("only", "only"), ("not", "without")):
        for text in link.get(what, []):
            column, _, told = text.partition(":")
            column = unquote(column)
            known = column in notes.filter_columns and len(text) <= _LONGEST
            value = _read(told, notes.labels[column]) if known else None
            if isinstance(value, tuple) and part == "only":
                filters["range"][column] = list(value)
            elif isinstance(value, list):
                filters[part][column] = value
            else:
                refused.append((what, text))
    return filters, refused


def _read(told: str, values: pd.Series) -> list[str] | tuple[float, float] | None:
    """A range of numbers, or values that the column has; None where it is neither."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        low, _, high = told.partition("..")
        try:
            limits = float(low), float(high)
        except ValueError:
            return None
        return limits if math.isfinite(sum(limits)) and limits[0] <= limits[1] else None
    known = set(values.astype(str).unique())
    wanted = [unquote(value) for value in told.split(",")]
    return wanted if set(wanted) <= known else None


def _short(parts: list[str]) -> list[str]:
    return [part for part in parts if len(part) <= _LONGEST][:20]


def _values(values: list[str]) -> str:
    return ",".join(quote(value, safe=" ") for value in values)


def _lists(told: Any) -> Iterator[tuple[str, list[str]]]:
    for column, values in told.items() if isinstance(told, dict) else ():
        if isinstance(values, list) and 0 < len(values) <= _MOST_VALUES and all(isinstance(v, str) for v in values):
            yield str(column), values


def _ranges(told: Any) -> Iterator[tuple[str, tuple[float, float]]]:
    for column, limits in told.items() if isinstance(told, dict) else ():
        is_pair = isinstance(limits, list) and len(limits) == 2 and all(isinstance(v, int | float) for v in limits)
        if is_pair and all(map(math.isfinite, limits)):
            yield str(column), (float(limits[0]), float(limits[1]))
