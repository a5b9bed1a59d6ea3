"""What a visit shows first is told before the page is run: just what the page then tells its components, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import QueryParams
from streamlit import config

from pages.early import early
from pages.explore.first import first_data
from tests.app.asgi import get
from tests.app.test_explore import NOTE, component

LINKS: list[dict[str, Any]] = [
    {},
    {"checkpoint": "beta", "projection": "pca", "colour": "pitch", "note": NOTE},
    {"inverter": "best"},
    {"inverter": "own"},
    {"search": "gm0", "only": ["family:brass,bass", "pitch:48..60.5"], "not": ["split:train"], "sound": ["short"]},
]


def query(link: dict[str, Any]) -> QueryParams:
    values = [(name, value if isinstance(value, list) else [value]) for name, value in link.items()]
    return QueryParams([(name, each) for name, many in values for each in many])


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_it_is_what_the_page_tells(page: Callable[..., Any], link: dict[str, Any]) -> None:
    told = first_data(query(link))
    assert told is not None
    app = page(**link)
    assert not app.exception
    for name, data in told.items():
        assert json.loads(json.dumps(data)) == component(app, name)
    assert set(told) == {"map", "note"}


@pytest.mark.parametrize(
    "link",
    [
        {"checkpoint": "../../etc/passwd"},
        {"projection": "3d"},
        {"projection": "9"},
        {"colour": "<b>x</b>"},
        {"inverter": "../vocoder"},
        {"note": "nobody"},
        {"only": "family:kazoo"},
        {"embed": "true"},
        {"embed_options": "dark_theme"},
    ],
    ids=str,
)
def test_where_the_page_says_more_nothing_is_told(checkpoints: Path, link: dict[str, Any]) -> None:
    assert first_data(query(link)) is None
    assert get("/api/explore/first", str(query(link))).status == 204


def test_without_maps_nothing_is_told(checkpoints: Path) -> None:
    (checkpoints / "alpha" / "latents.parquet").unlink()
    assert first_data(query({"checkpoint": "alpha"})) is None
    assert first_data(query({"checkpoint": "beta"})) is not None
    (checkpoints / "alpha" / "recipe.yaml").write_text("nonsense")
    assert first_data(query({"checkpoint": "beta"})) is None, "the page begins with a warning"


def test_a_page_has_its_components_in_the_colours_of_the_theme() -> None:
    for page in ("", "explore"):
        assert early(page).count("data-module=") == 2
        for theme in ("light", "dark"):
            assert f"--st-primary-color:{config.get_option(f'theme.{theme}.primaryColor')}" in early(page)
        assert "None" not in early(page)
        assert early(page).count("@font-face") == 2, "Streamlit has these fonts"
    assert not early("play")
