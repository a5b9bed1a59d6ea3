"""A first visit on a tablet without a mouse: the tour of four steps, and the drawer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.harness import DRAWN

pytestmark = pytest.mark.browser


def test_the_tour_and_the_drawer_by_keyboard_at_820_pixels(page: Any, app: str) -> None:
    page.set_viewport_size({"width": 820, "height": 1100})
    page.goto(app)
    page.wait_for_selector(DRAWN, timeout=60_000)
    tour = page.get_by_role("region", name="A tour of this page")
    tour.get_by_role("button", name="Next").focus()
    for step in (2, 3, 4):
        page.keyboard.press("Enter")
        tour.get_by_text(f"{step} of 4").wait_for()
        lit = page.locator(".tx-toured")
        assert lit.count() == 1, "what a step tells of is seen"
        assert lit.is_visible()
    tour.get_by_role("button", name="Back").focus()
    page.keyboard.press("Enter")
    tour.get_by_text("3 of 4").wait_for()
    page.keyboard.press("Escape")
    tour.wait_for(state="detached")
    assert page.locator(".tx-toured").count() == 0
    page.get_by_role("button", name="Tour", exact=True).press("Enter")
    tour.get_by_text("1 of 4").wait_for()
    page.keyboard.press("Escape")
    tour.wait_for(state="detached")

    drawer = page.get_by_role("button", name="Model and map")
    name = drawer.get_by_test_id("stMarkdownContainer")
    assert name.evaluate("(name) => name.scrollWidth <= name.clientWidth"), "its name is cut off"
    drawer.focus()
    page.keyboard.press("Enter")
    body = page.get_by_test_id("stPopoverBody")
    body.get_by_text("How near it comes").wait_for()
    body.get_by_role("switch", name="Researcher's words").wait_for()  # what stands in the drawer arrives bit by bit
    assert not body.get_by_text("Reconstruction L1").is_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.matches('[class*=pick_researcher] *')"):
            break
    page.keyboard.press("Space")
    body.get_by_text("Reconstruction L1").wait_for(timeout=30_000)
    body.get_by_text("Prior", exact=True).first.wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "nothing lies beyond the edge"
    page.keyboard.press("Escape")
    body.wait_for(state="detached")

    page.reload()
    page.wait_for_selector(DRAWN, timeout=60_000)
    assert tour.count() == 0, "once ended it does not come again"


def test_the_drawer_shows_what_was_chosen_also_when_it_opens_late(page: Any, app: str) -> None:
    page.goto(f"{app}/?checkpoint=nsynth-cvae&projection=pca&inverter=fast")
    page.wait_for_selector(DRAWN, timeout=60_000)
    for note in (0, 1):  # the page runs again, while the drawer is closed
        page.evaluate("(note) => document.querySelector('.tx-map').timbreMap.select(note)", note)
        page.wait_for_timeout(1500)
    page.get_by_role("button", name="Model and map").click()
    body = page.get_by_test_id("stPopoverBody")
    body.get_by_role("radio", name="PCA", checked=True).wait_for()
    lists = body.get_by_role("combobox").evaluate_all("(lists) => lists.map((each) => each.value || each.innerText)")
    assert lists[0].startswith("nsynth-cvae ·")
    assert lists[1].startswith("Fast")
    body.get_by_role("radio", name="UMAP").click()
    page.wait_for_function("() => location.search.includes('projection=umap')")
    body.get_by_role("radio", name="UMAP", checked=True).wait_for()


def test_the_researchers_switch_stays_from_page_to_page(page: Any, app: str) -> None:
    page.goto(app)
    page.wait_for_selector(DRAWN, timeout=60_000)
    drawer, body = page.get_by_role("button", name="Model and map"), page.get_by_test_id("stPopoverBody")
    drawer.click()
    body.get_by_text("Researcher's words").click()
    body.get_by_text("Reconstruction L1").wait_for(timeout=30_000)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Library").click()
    page.get_by_text("No library yet").wait_for(timeout=30_000)
    page.get_by_role("link", name="Explore").click()
    page.wait_for_selector(DRAWN, timeout=60_000)
    page.evaluate("() => document.querySelector('.tx-map').timbreMap.select(0)")
    page.wait_for_timeout(1500)  # the page runs again, while the drawer is closed
    drawer.click()
    body.get_by_text("Reconstruction L1").wait_for(timeout=30_000)
    assert body.get_by_role("switch", name="Researcher's words").is_checked()
