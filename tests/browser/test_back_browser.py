"""Going back, finding by name, and what gets out of the way: in a real browser on the shipped checkpoints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.harness import DRAWN, link
from tests.browser.test_explore_browser import lonely_note, open_map, place_of, selected

pytestmark = pytest.mark.browser


def choose(page: Any, skip: int) -> str:
    """Click a lonely note, and wait until the address has it."""
    note = lonely_note(page, skip)
    page.mouse.click(*place_of(page, note))
    page.wait_for_function("note => new URL(location.href).searchParams.get('note') === note", arg=note, timeout=15_000)
    return note


def test_back_leads_to_the_page_before(page: Any, app: str) -> None:
    page.goto("about:blank")
    open_map(page, app)
    before = page.evaluate("history.length")
    last = [choose(page, skip) for skip in (1, 4, 7)][-1]
    assert page.evaluate("history.length") == before, "notes are no places to go back to"
    page.get_by_role("link", name="Play", exact=True).first.click()
    page.wait_for_selector(".tx-play[data-ready]", timeout=30_000)
    assert link(page)["note"] == last
    page.go_back()
    page.wait_for_selector(DRAWN, timeout=30_000)
    page.wait_for_function("() => !location.pathname.endsWith('play')")
    page.wait_for_function(
        "note => { const m = document.querySelector('.tx-map').timbreMap; return m.points.map?.ids[m.selected] === note; }",
        arg=last,
        timeout=15_000,
    )
    page.go_back()
    page.wait_for_url("about:blank")


def test_enter_in_the_search_chooses_what_is_found_first(page: Any, app: str) -> None:
    open_map(page, app)
    field = page.locator(".tx-map .tx-find input")
    words = page.evaluate("() => document.querySelector('.tx-map').timbreMap.points.map.words.example")
    field.fill(words)
    options = page.locator(".tx-map .tx-results [role=option]")
    options.first.wait_for()
    wanted = page.evaluate(
        "row => document.querySelector('.tx-map').timbreMap.points.map.ids[row]",
        int(options.first.get_attribute("data-row")),
    )
    field.press("Enter")
    assert selected(page) == wanted
    assert field.input_value() == words, "what was searched for stays, and with it what is lit"
    assert page.locator(".tx-map .tx-results").is_hidden()
    field.press("ArrowDown")
    field.fill("no such note anywhere")
    told = page.locator(".tx-map .tx-results").inner_text()
    assert "Nothing here has" in told
    assert ", or bright" in told


def test_words_of_sound_are_searched_for_beside_names(page: Any, app: str) -> None:
    open_map(page, app)
    field = page.locator(".tx-map .tx-find input")
    lit = {}
    for text in ("bright", "oboe", "bright oboe", "dark", "bass", "dark bass"):
        field.fill(text)
        rows = page.evaluate(
            "() => { const { lit } = document.querySelector('.tx-map').timbreMap.points;"
            " return [...lit.keys()].filter((i) => lit[i]); }"
        )
        lit[text] = set(rows)
    assert lit["bright oboe"] == lit["bright"] & lit["oboe"]
    assert lit["bright oboe"]
    assert lit["dark bass"] == lit["dark"] & lit["bass"]
    assert lit["dark bass"]
    named = page.evaluate(
        "() => document.querySelector('.tx-map').timbreMap.points.map.columns.instrument.names"
        ".filter((name) => /bright/i.test(name))"
    )
    field.fill("bright")
    told = page.locator(".tx-map .tx-results")
    assert "“bright”: in a name, or what sounds so" in told.inner_text()
    first = told.locator("[role=option]").first.inner_text()
    assert not named or "bright" in first.lower(), "what is called so comes first"


def test_the_filter_panel_gets_out_of_the_way(page: Any, app: str) -> None:
    open_map(page, app)
    page.locator(".tx-map .tx-filter").click()
    panel = page.locator(".tx-map .tx-panel")
    assert panel.is_visible()
    canvas = page.locator(".tx-map .tx-points").bounding_box()
    page.mouse.click(canvas["x"] + canvas["width"] - 80, canvas["y"] + canvas["height"] - 30)
    assert panel.is_hidden()


def test_brightness_stands_in_the_table(page: Any, app: str) -> None:
    open_map(page, app)
    page.evaluate("() => document.querySelector('.tx-map').timbreMap.gather([0, 1, 2])")
    page.get_by_role("button", name="Show table").click()
    assert "Brightness" in page.locator(".tx-map .tx-table thead").inner_text()
