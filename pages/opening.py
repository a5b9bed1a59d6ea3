"""The server answers before all of the app is imported: that happens while the first browser loads the page.

What a first visitor waits for from `streamlit run app.py` on is then the longer of the two, not both.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import inspect
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pages.browser.modules import MODULE_ROUTE
from pages.explore import ready_made
from pages.explore.parts import FIRST
from pages.server.address import API
from pages.server.sockets import send_at_once

if TYPE_CHECKING:
    from starlette.routing import Router

# What tells and answers what the first page shows at once, then what else it needs; a page's own file runs it, so it is none
# of them.
_AT_ONCE = "pages.explore.first"
_FIRST = ("pages.routes", "pages.explore.drawer", "pages.explore.own", "pages.controls.states")
_SHOWN_AT_ONCE = (f"{API}/{FIRST}", f"{API}/map")
_one_by_one = threading.RLock()
_answered = threading.Event()  # nobody waits for what is shown at once
_answered.set()
_MOST_WAIT = 0.5  # seconds that other imports wait for that
_TURN = 0.0005  # seconds that a thread that imports keeps others waiting
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """One thread imports, others wait. Modules are no rubbish: to look for some meanwhile takes a fifth of the time.

    What is asked for is answered meanwhile, each time as soon as Python lets another thread go on: by default after 5 ms.
    """
    with _one_by_one:
        swept, interval = gc.isenabled(), sys.getswitchinterval()
        gc.disable()
        sys.setswitchinterval(_TURN)
        try:
            yield
        finally:
            sys.setswitchinterval(interval)
            if swept:
                gc.enable()


@cache
def _first_router() -> Router:
    from starlette.routing import Router

    if _AT_ONCE not in sys.modules:
        with importing():
            importlib.import_module(_AT_ONCE)
    # Where another thread is at it, this waits for that module alone.
    return Router(routes=importlib.import_module(_AT_ONCE).ROUTES)


@cache
def _imported() -> None:
    for name in (_AT_ONCE, *_FIRST):
        importlib.import_module(name)
    # With a page's first element Streamlit asks where it was called from, for which Python looks at the file of each module
    # once; with its icon, it imports this.
    inspect.stack()
    importlib.import_module("PIL.Image")


def opened() -> None:
    """Returns when what the first page needs is imported: one thread does it, others wait."""
    if not _imported.cache_info().currsize:
        _show_first()
    with importing():
        _imported()


def _show_first() -> None:
    """What the first page shows at once goes before all else that is imported."""
    _first_router()
    from pages.server import warming

    if ready_made.ready_made() is None:
        warming.read_first_map()
    _answered.wait(_MOST_WAIT)


@cache
def _router() -> Router:
    from starlette.routing import Router

    with importing():
        _imported()
        from pages.routes import ROUTES
    return Router(routes=ROUTES)


async def _ready_made(scope: Scope) -> Response | None:
    """What is made before, until all is imported."""
    if _router.cache_info().currsize:
        return None
    return await asyncio.to_thread(ready_made.answered, Request(scope))


def _is_first(scope: Scope) -> bool:
    """Whether something is asked for that needs nothing but what is shown at once: that, and the recording of a note that is
    chosen there. What the model makes of it takes longer, and comes after the page."""
    path, kind = scope["path"], Request(scope).query_params.get("kind")
    return path in (*_SHOWN_AT_ONCE, f"{API}/note") or (path == f"{API}/audio" and kind == "original")


class _Api:
    """The app's HTTP routes, as soon as they are there; what the first page shows at once before the others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ready = await _ready_made(scope)
        if ready is not None:
            await ready(scope, receive, send)
            return
        router = _first_router if _is_first(scope) else _router
        first = scope["path"] in _SHOWN_AT_ONCE
        if first:
            _answered.clear()
        try:
            if not router.cache_info().currsize:
                await asyncio.to_thread(router)
            await router()(scope, receive, send)
        finally:
            if first:
                _answered.set()


API_ROUTES = [
    MODULE_ROUTE,  # a page's scripts need not wait
    Route(f"{API}{{rest:path}}", _Api(), methods=_METHODS),
]


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """Import the app, then have it make itself ready (`warming.lifespan`), while the server answers."""

    async def open_up() -> None:
        await asyncio.to_thread(_show_first)
        await asyncio.to_thread(_router)
        await asyncio.to_thread(ready_made.keep_for_next_start)
        from pages.server import warming

        async with warming.lifespan(app):
            await asyncio.Event().wait()

    send_at_once()
    task = asyncio.create_task(open_up())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
