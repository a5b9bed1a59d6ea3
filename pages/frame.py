"""The look of all pages, how they use the browser's history, what is dropped on them and what they load, in the app's page from
its first byte.

What `st.html` brings comes with a script of its own, after parts of a page are drawn: then all of them would move.
"""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.ahead import preloads
from pages.early import with_early

_FOLDER = Path(__file__).parent
_STYLES = ("frame.css", "compare/compare.css", "training/training.css")
_SCRIPTS = ("history.js", "drops.js", "popovers.js")
_END = b"</body>"


class Frame:
    """ASGI middleware that puts the style sheets and scripts of all pages at the end of every HTML page; other answers
    pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        rules = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in _STYLES)
        script = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS)
        self.added = f"<style>{rules}</style><script>{script}</script>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        # Asked for as it is, and whole: packed it could not be added to, and an answer of before may have had another style.
        unwanted = {b"accept-encoding", b"if-none-match", b"if-modified-since"}
        kept = [(name, value) for name, value in scope["headers"] if name not in unwanted]
        held: Message = {}
        body = b""
        page = scope.get("path", "").rpartition("/")[2]
        added = (preloads(page) + self.added).encode()

        async def framed(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start":
                if "text/html" in Headers(raw=message["headers"]).get("content-type", ""):
                    held = message
                    return
            elif held:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                whole = with_early(page, body.replace(_END, added + _END, 1))
                MutableHeaders(raw=held["headers"])["content-length"] = str(len(whole))
                await send(held)
                message = {**message, "body": whole}
            await send(message)

        await self.app({**scope, "headers": kept}, receive, framed)
