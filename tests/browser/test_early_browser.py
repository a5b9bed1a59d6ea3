"""The map before the page around it, in a real browser: drawn and used at once, then taken over as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.harness import DRAWN, SEEN, link
from tests.browser.test_explore_browser import click_note, lonely_note, place_of, selected, wait_playing

pytestmark = pytest.mark.browser

LAYER = "body > .tx-early"
_STARTS = "**/static/js/index.*.js"  # Streamlit's own script
_BOXES = """() => [".tx-map", ".tx-field", ".tx-note", ".tx-find input", ".tx-legend", ".tx-tabs", ".tx-title"].map((name) => {
  const box = document.querySelector(name).getBoundingClientRect();
  return [name, ...[box.x, box.y, box.width, box.height].map((each) => Math.round(10 * each) / 10)];
})"""


def held(page: Any, what: str) -> Callable[[], None]:
    """Keeps back what the page asks for, until the function is called that this gives."""
    kept: list[Any] = []
    free: list[bool] = []
    page.route(what, lambda route: route.continue_() if free else kept.append(route))

    def go_on() -> None:
        free.append(True)
        while kept:
            kept.pop().continue_()

    return go_on


def test_the_map_is_used_before_the_page_is_there_and_stays_as_it_is(page: Any, app: str) -> None:
    go_on = held(page, _STARTS)
    page.goto(app, wait_until="commit")
    page.wait_for_selector(SEEN, timeout=30_000)
    assert page.locator(DRAWN).count() == 0
    page.evaluate("() => { window.before = document.querySelector('.tx-map').timbreMap; }")
    chosen = lonely_note(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    click_note(page, chosen)
    wait_playing(page, "original")
    page.wait_for_timeout(400)
    assert any("kind=original" in url for url in asked)
    assert not any("kind=reconstruction" in url for url in asked), "what takes long comes after the page"
    page.locator(".tx-in").click()
    page.wait_for_function("() => window.before.points.view.k > 1.5")
    page.locator(".tx-points").focus()
    boxes = page.evaluate(_BOXES)
    pressed = lonely_note(page, 5)
    page.mouse.move(*place_of(page, pressed))
    page.mouse.down()
    go_on()
    page.wait_for_selector(DRAWN, timeout=30_000)
    page.wait_for_selector(LAYER, state="detached")
    assert selected(page) == chosen
    page.mouse.up()
    assert page.evaluate("() => document.querySelector('#root .tx-map').timbreMap === window.before")
    assert page.evaluate("() => window.before.points.view.k") > 1.5
    assert page.evaluate("() => document.activeElement === window.before.canvas")
    assert selected(page) == pressed, "a click may begin before and end after"
    page.wait_for_function("(note) => new URLSearchParams(location.search).get('note') === note", arg=pressed)
    assert page.evaluate(_BOXES) == boxes, "nothing has moved"
    assert [page.locator(name).count() for name in (".tx-map", ".tx-note", ".tx-title")] == [1, 1, 1]
    assert len(page.evaluate("() => performance.getEntriesByName('timbre:map-drawn')")) == 1
    page.wait_for_function("() => document.querySelector('.tx-note').timbreNote.deck.sounds.has('reconstruction')")


def test_a_link_on_a_tablet_in_the_theme_that_was_chosen(chromium: Any, app: str) -> None:
    context = chromium.new_context(viewport={"width": 820, "height": 1180}, color_scheme="dark")
    context.add_init_script("localStorage.setItem('stActiveTheme-/explore-v2', '\"Light\"')")
    page = context.new_page()
    go_on = held(page, _STARTS)
    page.goto(f"{app}/explore?checkpoint=nsynth-cvae&colour=pitch&only=family:brass", wait_until="commit")
    page.wait_for_selector(SEEN, timeout=30_000)
    told = """() => { const { root, data, points } = document.querySelector('.tx-map').timbreMap;
      return [getComputedStyle(root).getPropertyValue('--st-background-color').trim(), data.checkpoint, points.colour,
        points.palette[0], points.lit.reduce((sum, each) => sum + each, 0)]; }"""
    early, boxes = page.evaluate(told), page.evaluate(_BOXES)
    go_on()
    page.wait_for_selector(DRAWN, timeout=30_000)
    assert page.evaluate(told) == early
    assert early[0] == "#f3f5f9"
    assert page.evaluate(_BOXES) == boxes
    context.close()


def test_where_the_server_is_not_certain_the_page_comes_alone(page: Any, app: str) -> None:
    go_on = held(page, _STARTS)
    with page.expect_response("**/api/explore/first?*") as told:
        page.goto(f"{app}/?colour=nonsense", wait_until="commit")
    assert told.value.status == 204
    go_on()
    page.wait_for_selector(DRAWN, timeout=30_000)
    assert page.locator(LAYER).count() == 0
    assert link(page)["colour"] == "family"


def test_another_page_takes_it_away(page: Any, app: str) -> None:
    go_on = held(page, "**/static/js/BidiComponent.*.js")
    page.goto(app, wait_until="commit")
    page.wait_for_selector(f"{LAYER} {SEEN}", timeout=30_000)
    # Components are taken over one by one: the others stay where they are, and cover nothing.
    under = page.evaluate(
        """() => { const box = () => JSON.stringify(document.querySelector(".tx-note").getBoundingClientRect()), before = box();
        document.querySelector("[data-part=map]").replaceChildren();
        return [before === box(), document.elementFromPoint(300, 400).closest(".tx-early") === null]; }"""
    )
    assert under == [True, True]
    page.get_by_role("link", name="Library").click()
    page.wait_for_selector(LAYER, state="detached")
    go_on()


def test_a_page_without_it_takes_it_away(page: Any, app: str, fresh_app: Callable[..., str], tmp_path: Any) -> None:
    """As when a checkpoint goes between the two."""
    told = json.dumps(page.request.get(f"{app}/api/explore/first").json())
    (tmp_path / "empty").mkdir()
    page.route("**/api/explore/first", lambda route: route.fulfill(body=told, content_type="application/json"))
    go_on = held(page, _STARTS)
    page.goto(fresh_app(tmp_path / "empty"), wait_until="commit")
    page.wait_for_selector(LAYER)
    go_on()
    page.get_by_text("No checkpoint yet").wait_for()
    page.wait_for_selector(LAYER, state="detached")
    assert page.locator(".tx-map").count() == 0


def test_streamlits_scripts_wait_until_the_map_is_mounted(page: Any, app: str) -> None:
    module = "/explore/points.js"
    go_on = held(page, f"**{module}")
    page.goto(app, wait_until="commit")
    page.wait_for_timeout(700)
    go_on()
    page.wait_for_selector(DRAWN, timeout=30_000)
    answer, there, asked = page.evaluate(
        """(module) => { const all = performance.getEntriesByType('resource'), named = (name) => all.filter((each) =>
            each.name.includes(name)), [first] = named('/explore/first');
          return [first.responseEnd - first.startTime, named(module)[0].responseEnd, named('/static/js/').map((each) =>
            each.startTime)]; }""",
        module,
    )
    assert asked
    assert min(asked) >= there or answer > 200, "they wait for a slow server no longer"


@pytest.mark.parametrize(
    "fails", ["no answer", "a refusal", "no network", "no script", "a script that throws", "a narrow page"]
)
def test_the_page_comes_whatever_fails_before(chromium: Any, app: str, fails: str) -> None:
    context = chromium.new_context(viewport={"width": 600 if fails == "a narrow page" else 1280, "height": 800})
    page = context.new_page()
    first, module = "**/api/explore/first*", "**/explore/points.js"
    if fails == "no answer":
        held(page, first)
    elif fails == "a refusal":
        page.route(first, lambda route: route.fulfill(status=500, body="{}"))
    elif fails == "no network":
        page.route(first, lambda route: route.abort())
    elif fails == "no script":
        page.route(module, lambda route: route.abort())
    elif fails == "a script that throws":
        page.route(
            module, lambda route: route.fulfill(content_type="text/javascript", body="throw new Error('out of order');")
        )
    page.goto(app, wait_until="commit")
    broken = "script" in fails
    page.wait_for_selector('[data-testid="stPopover"]' if broken else DRAWN, timeout=30_000)
    assert page.locator(LAYER).count() == 0
    context.close()
