"""The first page in a real browser, where not all is usual: deep links, no recordings, digits, broken checkpoints."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.browser.harness import DRAWN, link
from tests.browser.test_explore_browser import (
    TRACK,
    click_note,
    heard,
    is_playing,
    lonely_note,
    open_map,
    selected,
    wait_playing,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["/", "/explore"])
def test_deep_links_on_a_fresh_server(page: Any, fresh_app: Callable[..., str], path: str) -> None:
    address = fresh_app()
    query = "?checkpoint=nsynth-vae&projection=pca&colour=pitch"
    open_map(page, f"{address}{path}{query}")
    page.wait_for_timeout(500)
    assert page.get_by_text("Page not found").count() == 0
    assert page.get_by_role("dialog").count() == 0
    assert link(page) == {"checkpoint": "nsynth-vae", "projection": "pca", "colour": "pitch"}
    assert urlsplit(page.url).path == path
    assert page.locator(".tx-legend").inner_text().startswith("Pitch")

    note = lonely_note(page)
    click_note(page, note)
    wait_playing(page, "original")
    page.wait_for_function("() => location.search.includes('note=')")
    page.reload()
    page.wait_for_selector(DRAWN, timeout=30_000)
    assert page.get_by_text("Page not found").count() == 0
    assert urlsplit(page.url).path == path
    page.wait_for_function("() => document.querySelector('.tx-map').timbreMap.selected >= 0")
    assert selected(page) == note
    assert link(page)["note"] == note
    assert np.abs(heard(page, "original", 16_000)).max() > 0.01
    assert not is_playing(page, "original"), "a browser lets nothing sound before the first click"


def test_an_unknown_address_is_told_so(page: Any, app: str) -> None:
    page.goto(f"{app}/nowhere")
    said = page.get_by_role("dialog")
    said.wait_for()
    assert "Page not found" in said.inner_text()
    page.keyboard.press("Escape")
    said.wait_for(state="detached")
    page.wait_for_selector(DRAWN)
    assert page.locator(DRAWN).count() == 1, "the map is there behind it"


def test_without_recordings_the_model_plays(page: Any, fresh_app: Callable[..., str], copied: Path) -> None:
    from timbre_core.checkpoint import open_checkpoint, write_latents

    checkpoint = open_checkpoint(copied / "nsynth-cvae")
    latents = checkpoint.latents
    assert latents is not None
    write_latents(checkpoint.path, latents, [str(copied / "gone")])
    open_map(page, fresh_app(copied))
    click_note(page, lonely_note(page))
    wait_playing(page, "reconstruction")
    assert np.abs(heard(page, "reconstruction", 16_000)).max() > 0.1
    assert "not on this machine" in page.locator(TRACK.format("original")).inner_text()


def test_digits_speak_of_digits_and_say_where_their_recordings_are(page: Any, app: str) -> None:
    page.goto(f"{app}/?checkpoint=fsdd-stft-vae&note=0_jackson_38")
    page.wait_for_selector(DRAWN)
    page.wait_for_selector(f"{TRACK.format('reconstruction')} button:enabled", timeout=60_000)
    said = page.locator(TRACK.format("original")).inner_text()
    assert "not on this machine" in said
    assert "python -m timbre_core prepare digits" in said
    # Said once, over both rows, and nothing of it is cut off.
    assert "prepare" not in page.locator(TRACK.format("inversion")).inner_text()
    box, text = (
        page.locator(f"{TRACK.format('original')} .tx-status{part}").bounding_box() for part in ("", " > span")
    )
    assert text["height"] <= box["height"]
    facts = page.locator(".tx-note .tx-facts").inner_text()
    assert "digit" in facts
    assert "speaker" in facts
    assert "family" not in facts
    near = page.locator(".tx-near-list button").all_inner_texts()
    assert len(set(near)) == len(near) == 8
    assert all("take " in told for told in near)
    search = page.locator(".tx-find input")
    assert search.get_attribute("placeholder") == "Search: 0 george"
    search.fill("0 george")
    lit = page.evaluate(
        """() => {
          const { points } = document.querySelector(".tx-map").timbreMap;
          return points.map.ids.filter((_, i) => points.lit[i]);
        }"""
    )
    assert lit
    assert all(note.startswith("0_george_") for note in lit)


def test_broken_and_missing_checkpoints(page: Any, fresh_app: Callable[..., str], copied: Path) -> None:
    shutil.copytree(copied / "nsynth-cvae", copied / "half")
    (copied / "half" / "model.safetensors").unlink()
    address = fresh_app(copied)
    open_map(page, address)
    page.get_by_test_id("stAlert").get_by_text("model.safetensors is missing").wait_for()
    told = page.get_by_test_id("stExpander").filter(has_text="1 checkpoint could not be opened")
    told.get_by_text("1 checkpoint could not be opened").click()
    told.get_by_text("model.safetensors is missing").wait_for()
    assert "half" in told.inner_text(), "the broken one is named"
    assert "half" not in page.locator(".tx-title").inner_text()
    assert page.locator(DRAWN).count() == 1, "and the others open"
    shutil.rmtree(copied)
    page.goto(address)
    page.get_by_text("No checkpoint yet").wait_for()
    page.get_by_text("copy a checkpoint folder there").wait_for()
    assert page.locator(DRAWN).count() == 0
