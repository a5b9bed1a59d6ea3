"""The style of all pages is in the app's page, and in no other answer."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pages
from pages.ahead import COMPONENTS
from pages.assets import chunks
from pages.browser.modules import folder, needed
from pages.frame import Frame

PAGES = Path(pages.__file__).parent

PAGE = b"<html><head></head><body><div id=root></div></body></html>"


def answered(
    kind: str, asked: dict[str, str], parts: list[bytes], path: str = "/library"
) -> tuple[dict[str, str], bytes, dict[str, str]]:
    """Headers and body as they leave the frame, and the headers as they reach the app within it."""
    seen: dict[str, str] = {}

    async def within(scope: Any, receive: Any, send: Any) -> None:
        seen.update({name.decode(): value.decode() for name, value in scope["headers"]})
        length = str(sum(map(len, parts))).encode()
        headers = [(b"content-type", kind.encode()), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for place, part in enumerate(parts):
            await send({"type": "http.response.body", "body": part, "more_body": place < len(parts) - 1})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in asked.items()],
    }
    asyncio.run(Frame(within)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return headers, b"".join(message["body"] for message in sent[1:]), seen


def test_a_page_gets_the_style_however_it_is_sent() -> None:
    asked = {"accept": "text/html,*/*", "accept-encoding": "gzip", "if-none-match": "x", "cookie": "a"}
    headers, body, seen = answered("text/html; charset=utf-8", asked, [PAGE[:30], PAGE[30:]])
    assert body.startswith(PAGE[:-14])
    assert body.endswith(b"</script></body></html>")
    assert b"history.replaceState" in body
    assert b".tx-title" in body
    assert b".tx-compare" in body
    assert headers["content-length"] == str(len(body))
    # Neither packed nor "not modified": it could not be added to.
    assert seen == {"accept": "text/html,*/*", "cookie": "a"}


def test_other_answers_pass_as_they_are() -> None:
    asked = {"accept": "text/html,*/*"}
    assert answered("audio/wav", asked, [b"</body>"])[:2] == (
        {"content-type": "audio/wav", "content-length": "7"},
        b"</body>",
    )
    asked = {"accept": "*/*", "accept-encoding": "gzip"}
    _, body, seen = answered("text/html", asked, [PAGE])
    assert body == PAGE
    assert seen == asked


def test_a_page_names_the_scripts_that_its_components_need() -> None:
    """Those that components ask for when the page is drawn: asked for under other addresses, they would be loaded twice."""
    asked = {"accept": "text/html"}
    for page, names in COMPONENTS.items():
        loaded = {f"{folder()}/{each}" for name in names for each in needed(name)}
        for path in (f"/{page}", f"/behind/a/proxy/{page}", *(("/",) if page == "explore" else ())):
            body = answered("text/html", asked, [PAGE], path)[1].decode()
            links = re.findall(r'<link rel="modulepreload"[^>]* href="\./([^"]+)">', body)
            assert sorted(set(links) - set(chunks())) == sorted(loaded)
            assert set(chunks()) < set(links)
    assert b"modulepreload" not in answered("text/html", asked, [PAGE], "/training")[1]


def test_each_component_of_a_page_is_named() -> None:
    for page, names in COMPONENTS.items():
        code = "".join(path.read_text(encoding="utf-8") for path in (PAGES / page).glob("*.py"))
        assert set(names) == set(re.findall(rf'"({page}/\w+\.js)"', code))
