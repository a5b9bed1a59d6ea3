"""On a tablet, 820 pixels wide: nothing is cut off, nothing is lost, and no menu lies over what is played with."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

# Texts that go on beyond their box, and what lies beyond the window; what is scrolled on purpose is left out.
CUT = """() => {
  const found = [];
  for (const element of document.querySelectorAll("[data-testid=stAppViewContainer] *")) {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height || element.closest(".js-plotly-plot, [data-testid=stDataFrame], pre")) continue;
    const named = element.tagName + "." + element.getAttribute("class") + ": " + element.textContent.trim().slice(0, 40);
    if (box.right > innerWidth + 1) found.push("beyond the window " + named);
    const hides = ["hidden", "clip"].includes(getComputedStyle(element).overflowX);
    if (hides && element.clientWidth > 8 && element.scrollWidth > element.clientWidth + 2 && element.textContent.trim())
      found.push("cut " + named);
  }
  for (const input of document.querySelectorAll("[data-testid=stSelectbox] input"))
    if (input.scrollWidth > input.clientWidth + 2) found.push("cut choice: " + input.value);
  return found;
}"""
NOTE = "note=reed_acoustic_gm069-080-110"
PAGES = {
    f"?{NOTE}": ".tx-track[data-kind=reconstruction] button:enabled",
    "library": "[data-testid=stBaseButton-primary]",
    "morph": ".tx-morph[data-ready]",
    "compare": ".tx-compare td",
}


@pytest.fixture
def tablet(page: Any) -> Any:
    page.set_viewport_size({"width": 820, "height": 1100})
    return page


@pytest.mark.parametrize("link", PAGES)
def test_nothing_is_cut_off(tablet: Any, app: str, link: str) -> None:
    tablet.goto(f"{app}/{link}")
    tablet.wait_for_selector(PAGES[link], timeout=60_000)
    if link.startswith("?"):
        tablet.wait_for_function(
            "() => document.querySelector('[data-kind=difference] .tx-card-head').innerText.includes('dB')"
        )
        assert "louder (dB)" in tablet.locator(".tx-keys").inner_text()
    assert tablet.evaluate(CUT) == []


def test_play_s_menus_leave_free_what_is_played_with(tablet: Any, app: str) -> None:
    tablet.goto(f"{app}/play?{NOTE}")
    tablet.wait_for_selector(".tx-play[data-ready]", timeout=60_000)
    for menu in (".tx-piece", ".tx-menu"):
        tablet.locator(f"{menu} summary").click()
        panel = tablet.locator(f"{menu} > div").bounding_box()
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= 820
        for place in (".tx-octaves", ".tx-rack .tx-toggle", ".tx-dials", ".tx-keyboard", ".tx-files"):
            box = tablet.locator(place).first.bounding_box()
            assert box["y"] >= panel["y"] + panel["height"] or box["y"] + box["height"] <= panel["y"], place
    assert tablet.evaluate(CUT) == []
