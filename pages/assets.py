"""Streamlit's own scripts, styles and fonts, answered at once.

Streamlit opens each of its files in threads, past all that it does with requests; a page has some 100, while the app itself is
imported.
"""

from __future__ import annotations

import mimetypes
import os
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_STATIC = Path(streamlit.__file__).parent / "static"
_FOLDERS = ("static/js", "static/css", "static/media")  # of files whose names change with what is in them
_FOREVER = "public, immutable, max-age=31536000"
_CONDITIONS = ("range", "if-none-match", "if-modified-since")  # left to Streamlit
# What most pages show, as Streamlit's scripts are called.
_SHOWN = ("BidiComponent", "Selectbox", "Html")
_IMPORTED = re.compile(rb'(?:from|import)"\./([^"/]+\.js)"')


class Assets:
    """ASGI middleware that answers for Streamlit's static files; all else passes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _files().get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if path is None or any(name in Headers(scope=scope) for name in _CONDITIONS):
            await self.app(scope, receive, send)
            return
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        with open(path, "rb") as file:
            content = file.read()
        await Response(content, media_type=kind, headers={"Cache-Control": _FOREVER})(scope, receive, send)


@cache
def _files() -> dict[str, str]:
    """Streamlit's static files by the paths that they are asked for."""
    return {
        f"/{folder}/{entry.name}": entry.path
        for folder in _FOLDERS
        if (_STATIC / folder).is_dir()
        for entry in os.scandir(_STATIC / folder)
        if entry.is_file()
    }


def media(name: str) -> str:
    """The address of Streamlit's font `name`, from a page's own; empty where it has none of that name."""
    return next((path[1:] for path in _files() if path.startswith(f"/{_FOLDERS[2]}/{name}.")), "")


@cache
def chunks() -> list[str]:
    """Streamlit's scripts that show `_SHOWN`, and what they import, from a page's own address; those that Streamlit's page names
    itself are left out."""
    folder = _STATIC / _FOLDERS[0]
    if not folder.is_dir():
        return []
    first = (_STATIC / "index.html").read_bytes()
    found = [path.name for name in _SHOWN for path in sorted(folder.glob(f"{name}.*.js"))]
    for name in found:
        imported = (each.decode() for each in _IMPORTED.findall((folder / name).read_bytes()))
        found += [each for each in dict.fromkeys(imported) if each not in found and each.encode() not in first]
    return [f"{_FOLDERS[0]}/{name}" for name in found]
