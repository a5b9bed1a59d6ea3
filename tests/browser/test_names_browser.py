"""What buttons are called for those who do not see them has the words that are seen on them (WCAG 2.5.3), on every page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_layout_browser import PAGES

pytestmark = pytest.mark.browser

UNNAMED = r"""() => {
  const words = (text) => ` ${text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).join(" ")} `;
  const found = [];
  const kinds = "button, a[href], summary, [role=button], [role=tab], [role=radio], [role=switch]";
  for (const element of document.querySelectorAll(kinds)) {
    if (!element.checkVisibility()) continue;
    // Streamlit's icons are letters of a font.
    const copy = element.cloneNode(true);
    for (const icon of copy.querySelectorAll("[data-testid=stIconMaterial], svg, [aria-hidden=true]")) icon.remove();
    const seen = words(copy.textContent);
    const labelled = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).map((id) => document.getElementById(id));
    const told = element.getAttribute("aria-label") ?? labelled.map((label) => label?.textContent ?? "").join(" ");
    const name = words(told || copy.textContent || element.title);
    if (!name.trim()) found.push(`without a name: ${element.outerHTML.slice(0, 120)}`);
    else if (seen.trim() && !name.includes(seen)) found.push(`“${seen.trim()}” is called “${told}”`);
  }
  return found;
}"""


@pytest.mark.parametrize("link", [*PAGES, "library"])
def test_names_have_the_words_that_are_seen(page: Any, app: str, link: str) -> None:
    page.goto(f"{app}/{link}")
    page.wait_for_selector(PAGES.get(link, "[data-testid=stBaseButton-primary]"), timeout=60_000)
    if link == "play":
        for turner in (".tx-turn-latents", ".tx-turn-presets"):
            page.locator(turner).click()
            page.wait_for_timeout(500)
            assert page.evaluate(UNNAMED) == []
    assert page.evaluate(UNNAMED) == []
