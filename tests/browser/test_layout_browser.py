"""Nothing on a page moves while it loads, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

# Cumulative layout shift (web.dev): the part of the window that moved, times how far. Below 0.1 is called good.
WATCH = """
window.moved = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moved += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
PAGES = {
    "": "#root .tx-map[data-drawn]",
    "?checkpoint=fsdd-stft-vae&note=0_jackson_38": ".tx-track[data-kind=reconstruction] button:enabled",
    "play": ".tx-axis-list input",
    "morph": ".tx-morph[data-ready]",
    "transfer": ".tx-transfer[data-shown]",
    "listen": ".tx-listen td:not(.tx-waiting)",
    "compare": "figure[data-drawn]",
    "training": ".js-plotly-plot .legend",
}


@pytest.mark.parametrize("link", PAGES)
def test_nothing_moves_while_a_page_loads(page: Any, app: str, link: str) -> None:
    page.add_init_script(WATCH)
    page.goto(f"{app}/{link}")
    page.wait_for_selector(PAGES[link], timeout=60_000)
    page.wait_for_timeout(700)
    assert page.evaluate("window.moved") < 0.1
    name = link.partition("?")[0].capitalize()
    assert page.title() == (f"{name} · Timbre Explorer" if name else "Timbre Explorer"), (
        "tabs of a browser are told apart"
    )
