"""A folder of one's own: added in the app, found, starred, collected, taken away, and all still there after a restart."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.browser import harness
from tests.browser.harness import DRAWN
from tests.synthetic import SAMPLE_RATE, harmonic_note

pytestmark = pytest.mark.browser

MAP = "document.querySelector('.tx-map').timbreMap"
OWN = f"{MAP}.points.map.ids.filter((id) => id.startsWith('own-'))"
SOUNDS = {"deep kick": 36, "bright bell": 84, 'a "quoted"': 60}


@contextmanager
def serving(shipped: Path, tmp_path: Path) -> Iterator[str]:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    places = {"TIMBRE_DATA": str(tmp_path / "data"), "TIMBRE_ROOTS": str(tmp_path / "music")}
    with harness.running_server(home, {"TIMBRE_CHECKPOINTS": str(shipped), **places}) as address:
        yield address


def open_map(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(DRAWN, timeout=60_000)


def listed(page: Any) -> list[str]:
    return page.locator(".tx-list [role=option] bdi").all_inner_texts()


def test_a_folder_is_added_found_kept_and_still_there(page: Any, shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "music" / "mine"
    folder.mkdir(parents=True)
    for number, (name, pitch) in enumerate(SOUNDS.items()):
        note = harmonic_note(pitch, 0.4 + 0.1 * number, 0.4, number, instrument=number + 1)
        soundfile.write(folder / f"{name}.wav", note, SAMPLE_RATE)
    with serving(shipped, tmp_path) as address:
        page.goto(f"{address}/library")
        page.get_by_role("button", name="mine").click()
        page.get_by_text("3 sounds directly in this folder").wait_for(timeout=30_000)
        page.get_by_role("button", name="Add to the map").click()
        page.get_by_text("mine · 3 sounds").wait_for(timeout=120_000)
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Labels").click()
        page.get_by_role("dialog").get_by_text("Keep these labels").wait_for()
        assert page.get_by_role("menuitem").count() == 0, "the menu lies over the table"
        open_map(page, address)
        page.wait_for_function(f"() => {OWN}.length === 3", timeout=60_000)
        page.locator(".tx-listing").click()
        page.locator(".tx-find input").fill("kick")
        page.wait_for_function("() => document.querySelectorAll('.tx-list [role=option]').length === 1")
        assert listed(page) == ["deep kick"]
        page.locator(".tx-list-rows").focus()
        page.keyboard.press("ArrowDown")
        page.wait_for_function("() => document.querySelector('.tx-note').timbreNote.deck.playing", timeout=30_000)
        page.keyboard.press("s")
        page.locator(".tx-list .tx-star[aria-pressed=true]").wait_for()
        page.locator(".tx-find input").fill("b")
        page.locator(".tx-find input").fill("bell")
        page.locator(".tx-list [role=option]", has_text="bright bell").click(modifiers=["Control"])
        page.get_by_label("Collect").select_option("\0new")
        page.get_by_label("Name of the collection").fill("best ones")
        page.keyboard.press("Enter")
        page.get_by_text("in best ones").wait_for()
        assert "best ones" in page.get_by_label("Collect").locator("option").all_inner_texts()
        with page.expect_download(timeout=60_000) as download:
            page.get_by_label("Save as").select_option("wav")
        archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
        assert "notes.csv" in archive.namelist()
        assert "bright bell.wav" in archive.namelist()
        assert archive.read("bright bell.wav") == (folder / "bright bell.wav").read_bytes()
    with serving(shipped, tmp_path) as address:
        open_map(page, address)
        page.wait_for_function(f"() => {OWN}.length === 3", timeout=60_000)
        page.locator(".tx-filter").click()
        page.get_by_role("button", name="★ starred (1)").wait_for()
        page.get_by_role("button", name="best ones (2)").click()
        page.locator(".tx-shown", has_text="2 of").wait_for()
        page.locator(".tx-listing").click()
        assert page.locator(".tx-panel").is_hidden(), "the filters and the list lie over each other"
        page.locator(".tx-filter").click()
        assert page.locator(".tx-list").is_hidden()
