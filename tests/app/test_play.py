"""The Play page as Streamlit runs it: links, starting points, empty states."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_explore import component, everything_said, query

ROOT = Path(__file__).resolve().parents[2]
NOTE = "brass_synthetic_001-054-100"


@pytest.fixture
def play(checkpoints: Path) -> Callable[..., Any]:
    """Opens the Play page as a browser with this link would, and runs it."""

    def open_page(**query: str) -> Any:
        app = AppTest.from_file(str(ROOT / "pages" / "play" / "page.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_page


def test_first_visit(play: Callable[..., Any]) -> None:
    app = play()
    assert not app.exception
    assert component(app, "play") | {"version": ""} == {
        "url": "api",
        "sounds": True,
        "checkpoint": "alpha",
        "version": "",
        "start": None,
    }
    assert query(app) == {"checkpoint": "alpha"}


@pytest.mark.parametrize(
    ("link", "start"),
    [
        ({"note": NOTE}, {"note": NOTE}),
        ({"family": "flute"}, {"family": "flute"}),
        ({"seed": "17"}, {"seed": 17}),
        ({"note": NOTE, "family": "flute"}, {"note": NOTE}),
    ],
)
def test_a_link_restores_the_start(play: Callable[..., Any], link: dict[str, str], start: dict[str, Any]) -> None:
    app = play(checkpoint="beta", **link)
    assert not app.exception
    assert not app.toast
    assert component(app, "play")["start"] == start
    assert query(app) == {"checkpoint": "beta", **{name: str(value) for name, value in start.items()}}


@pytest.mark.parametrize(
    "link",
    [
        {"note": "../x"},
        {"family": "**tuba**"},
        {"seed": "-1"},
        {"seed": "1e3"},
        {"seed": "9" * 9000},
        {"seed": str(2**32)},
    ],
)
def test_nonsense_in_a_link_is_refused_kindly(play: Callable[..., Any], link: dict[str, str]) -> None:
    app = play(**link)
    assert not app.exception
    assert component(app, "play")["start"] is None
    assert query(app) == {"checkpoint": "alpha"}
    assert next(iter(link)) in app.toast[0].value
    assert "**tuba**" not in app.toast[0].value


def test_what_was_chosen_goes_into_the_address_bar(play: Callable[..., Any]) -> None:
    app = play(note=NOTE)
    app.session_state["play"] = {"start": {"family": "flute"}}
    app.run()
    assert component(app, "play")["start"] == {"family": "flute"}
    assert query(app) == {"checkpoint": "alpha", "family": "flute"}
    # A loaded preset is a sound that no link can name.
    app.session_state["play"] = {"start": {}}
    app.run()
    assert component(app, "play")["start"] is None
    assert query(app) == {"checkpoint": "alpha"}


def test_empty_states(play: Callable[..., Any], checkpoints: Path) -> None:
    (checkpoints / "alpha" / "latents.parquet").unlink()
    app = play(checkpoint="alpha")
    assert not app.exception
    assert app.subheader[0].value == "This checkpoint has no map yet"
    assert not app.get("bidi_component")
    (checkpoints / "alpha" / "latents.parquet").write_bytes(b"PAR1")
    app = play(checkpoint="alpha")
    assert not app.exception
    assert "make it again" in everything_said(app)
    for folder in checkpoints.iterdir():
        shutil.rmtree(folder)
    app = play()
    assert not app.exception
    assert app.subheader[0].value == "No checkpoint yet"
