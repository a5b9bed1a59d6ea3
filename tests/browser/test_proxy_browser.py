"""Behind a proxy that takes its prefix away, everything that pages ask for lies below the prefix."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.harness import DRAWN
from tests.browser.stripping_proxy import PREFIX, stripping_proxy

pytestmark = pytest.mark.browser


def test_a_map_and_an_instrument_below_a_prefix(page: Any, app: str) -> None:
    asked: list[str] = []
    refused: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.on("response", lambda answer: answer.status >= 400 and refused.append(answer.url))
    with stripping_proxy(app) as address:
        page.goto(f"{address}/")
        page.wait_for_selector(DRAWN, timeout=30_000)
        page.evaluate(
            "() => { const m = document.querySelector('.tx-map').timbreMap; m.selectId(m.points.map.ids[3], true); }"
        )
        page.wait_for_function("() => document.querySelector('.tx-near-list').children.length > 0", timeout=15_000)
        page.goto(f"{address}/play?checkpoint=nsynth-cvae")
        page.wait_for_selector(".tx-play[data-ready]", timeout=30_000)
        outside = [
            path
            for path in asked
            if path.startswith("/") and not path.startswith(f"{PREFIX}/") and path != "/favicon.ico"
        ]
        below = {path.removeprefix(PREFIX) for path in asked}
        page.goto("about:blank")
    assert not outside
    assert {"/api/map", "/api/note", "/api/play/space"} <= below
    # Streamlit finds its prefix by trying.
    assert not [url for url in refused if "favicon" not in url and "/_stcore/" not in url]
