"""Notes drawn around on the map, in a real browser: listed, played, taken away."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests.browser.test_explore_browser import (
    lonely_note,
    note_ids,
    open_map,
    place_of,
    selected,
)
from tests.browser.test_map_browser import _MAP, wake

pytestmark = pytest.mark.browser


def draw_around(page: Any, places: list[tuple[float, float]], shift: bool = False) -> None:
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(*places[0])
    page.mouse.down()
    for x, y in places[1:]:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")


def test_notes_drawn_around_are_listed_played_and_taken_away(page: Any, app: str) -> None:
    open_map(page, app)
    wake(page)
    x, y = place_of(page, lonely_note(page, 20))
    around = [(x - 14, y - 14), (x + 14, y - 14), (x + 14, y + 14), (x - 14, y + 14)]
    draw_around(page, around, shift=True)
    ids = page.evaluate(f"() => {_MAP}.gathered.notes.map((i) => {_MAP}.points.map.ids[i])")
    places = page.evaluate(f"() => {_MAP}.points.map.ids.map((id) => {_MAP}.positionOf(id))")
    inside = [
        note for note, p in zip(note_ids(page), places, strict=True) if max(abs(p["x"] - x), abs(p["y"] - y)) < 13.9
    ]
    assert set(inside) <= set(ids)
    assert 0 < len(ids) < 60
    assert page.evaluate(f"() => {_MAP}.points.view") == {"k": 1, "x": 0, "y": 0}, "drawing does not move the map"
    bar = page.locator(".tx-gathered")
    bar.get_by_role("button", name="Show table").click()
    rows = page.locator(".tx-table tbody tr")
    assert [row.get_attribute("data-note") for row in rows.all()] == ids
    page.keyboard.press("Escape")
    assert rows.first.is_hidden()
    assert bar.is_visible(), "an Escape closes one thing at a time"
    bar.get_by_role("button", name="Show table").click()
    with page.expect_download() as told:
        bar.get_by_label("Save as").select_option("csv")
    assert pd.read_csv(told.value.path())["note_id"].tolist() == ids
    with page.expect_download() as told:
        bar.get_by_label("Save as").select_option("zip")
    with zipfile.ZipFile(told.value.path()) as archive:
        sounds = [name for name in archive.namelist() if name.endswith(".wav")]
        assert len(sounds) == len(ids)
        assert np.abs(soundfile.read(io.BytesIO(archive.read(sounds[0])))[0]).max() > 0.01
    bar.get_by_label("In which order").select_option("pitch")
    bar.get_by_role("button", name="Play").click()
    page.wait_for_function(f"(n) => {_MAP}.gathered.heard.length >= n", arg=min(3, len(ids)), timeout=30_000)
    pitches = page.evaluate(
        f"() => {_MAP}.gathered.heard.map((id) => {_MAP}.points.map.arrays.label_pitch[{_MAP}.points.row.get(id)])"
    )
    assert pitches == sorted(pitches)
    rows.first.get_by_role("button").click()
    assert selected(page) == ids[0]
    bar.get_by_role("button", name="Let them go").click()
    assert bar.is_hidden()


def test_the_lasso_is_a_tool_too(page: Any, app: str) -> None:
    open_map(page, app)
    page.locator(".tx-lasso").click()
    box = page.locator(".tx-field").bounding_box()
    left, top, right, bottom = box["x"] + 5, box["y"] + 50, box["x"] + box["width"] - 60, box["y"] + box["height"] - 30
    draw_around(page, [(left, top), (right, top), (right, bottom), (left, bottom)])
    assert page.evaluate(f"() => {_MAP}.gathered.notes.length") > 1000
    page.locator(".tx-points").focus()
    page.keyboard.press("Escape")
    assert page.locator(".tx-gathered").is_hidden()


def test_more_like_some_and_not_like_others(page: Any, app: str) -> None:
    open_map(page, app)
    wake(page)
    ids = note_ids(page)
    choose = f"(ids) => {_MAP}.gather(ids.map((id) => {_MAP}.points.row.get(id)))"
    bar = page.locator(".tx-gathered")

    def found() -> list[str]:
        order = bar.get_by_label("In which order")
        assert order.locator("option:checked").inner_text() == "most alike first"
        return page.evaluate(f"() => {_MAP}.gathered.ids()")

    page.evaluate(choose, ids[:2])
    bar.get_by_role("button", name="More like these").click()
    bar.get_by_text("like 2 notes").wait_for()
    alone = found()
    assert 0 < len(alone) <= 40
    assert not set(alone) & set(ids[:2])
    page.evaluate(choose, alone[:3])
    bar.get_by_role("button", name="Not like these").click()
    page.evaluate(choose, ids[:2])
    bar.get_by_role("button", name="More like these").click()
    bar.get_by_text("not like 3 notes").wait_for()
    assert not set(found()) & {*ids[:2], *alone[:3]}
    bar.get_by_role("button", name="Show table").click()
    rows = page.locator(".tx-table tbody tr")
    assert [row.get_attribute("data-note") for row in rows.all()] == found(), "listed as they were found"
