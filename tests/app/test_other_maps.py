"""Maps beside a checkpoint's own are offered by every page, each with its own notes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from pages.server.catalog import find_checkpoint, find_map, listing
from tests.app.asgi import Answer, get
from timbre_core.checkpoint import open_checkpoint, write_latents
from timbre_core.errors import TimbreError


def ask(route: str, **query: str) -> Answer:
    return get(f"/api/{route}", urlencode(query))


@pytest.fixture
def mine(checkpoints: Path) -> Path:
    """The checkpoint alpha with a second map, of five notes."""
    alpha = open_checkpoint(checkpoints / "alpha")
    assert alpha.latents is not None
    write_latents(alpha.path, alpha.latents.iloc[:5], alpha.latents_roots, "mine")
    return checkpoints


def test_both_maps_are_offered(mine: Path, page: Callable[..., Any]) -> None:
    assert list(listing().checkpoints) == ["alpha", "alpha@mine", "beta"]
    app = page(checkpoint="alpha@mine")
    assert not app.exception
    picked = app.selectbox(key="pick_checkpoint")
    assert picked.value == "alpha@mine"
    assert [option.partition(" ")[0] for option in picked.options] == ["alpha", "alpha@mine", "beta"]


def test_each_answers_with_its_own_notes(mine: Path) -> None:
    own, other = find_map("alpha"), find_map("alpha@mine")
    assert (len(own.ids), len(other.ids)) == (48, 5)
    assert own.version != other.version
    for notes in (own, other):
        told = json.loads(ask("note", checkpoint=notes.checkpoint.name, note=notes.ids[4]).body)
        assert told["note"]["id"] == notes.ids[4]
    assert ask("note", checkpoint="alpha@mine", note=own.ids[30]).status == 404
    assert ask("play/sound", checkpoint="alpha@mine", z=",".join(["0"] * 6), key="60").status == 200


@pytest.mark.parametrize("name", ["alpha@", "@mine", "alpha@../mine", "beta@mine", "alpha@mine@mine", "alpha@nope"])
def test_what_is_no_map_is_not_found(mine: Path, name: str) -> None:
    with pytest.raises(TimbreError, match="there is no checkpoint"):
        find_checkpoint(name)
