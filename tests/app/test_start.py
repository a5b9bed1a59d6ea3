"""`streamlit run app.py` on a machine that has never seen Streamlit."""

from __future__ import annotations

import asyncio
import gc
import importlib
import re
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from streamlit.web.server.starlette.starlette_static_routes import create_streamlit_static_handler

from pages import assets, opening
from pages.browser import modules
from tests.app.asgi import get
from tests.browser.harness import ROOT, running_server


def test_a_first_start_asks_nothing_and_works_from_any_folder(tmp_path: Path, checkpoints: Path) -> None:
    # A display is announced, as on a desktop: there Streamlit would ask for an e-mail address and wait. No program is on
    # the path, so that no browser opens.
    environment = {"DISPLAY": ":99", "PATH": "", "BROWSER": "none", "TIMBRE_CHECKPOINTS": str(checkpoints)}
    with running_server(tmp_path, environment, cwd=tmp_path, options=()) as address:
        with urllib.request.urlopen(f"{address}/api/map?checkpoint=alpha") as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{address}/explore") as answer:
            assert b"<title>" in answer.read()
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert "email" not in log.lower()
    assert "usage statistics" not in log.lower()
    assert "Traceback" not in log


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize(
    "query",
    ["checkpoint=%C2%B7%F0%9F%8E%B7", "checkpoint=\u00b7", "checkpoint=%ff%fe", "%C3%B6=%C3%B6&&=&", "&" * 5000],
)
def test_words_of_any_script_are_asked_for(query: str) -> None:
    app = Starlette(routes=opening.API_ROUTES)
    for path in ("explore/first", "map", "note", "audio", "play/export"):
        assert get(f"/api/{path}", query, app=app).status < 500, path


def test_the_first_map_is_read_before_anybody_comes(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.server import warming

    read, warmed = threading.Event(), threading.Event()
    monkeypatch.setattr(warming, "packed_map", lambda notes: read.set() if notes.checkpoint.name == "alpha" else None)
    monkeypatch.setattr(warming, "warm_up", lambda notes: warmed.set())

    async def start() -> bool:
        async with warming.lifespan(None):
            return await asyncio.to_thread(read.wait, 10)

    # In a thread of its own: a test before this one may have left an event loop running here.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, start()).result(30)
    assert not warmed.is_set(), "the model can wait"


def test_what_is_slow_is_not_imported_before_it_is_needed() -> None:
    modules = "pages.routes, pages.server.studio, pages.library.add, pages.training.start, pages.explore.own"
    slow = "torch librosa numba umap sklearn soundfile"
    told = f"import sys, {modules}; print([name for name in {slow!r}.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, timeout=200)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_streamlits_files_are_answered_as_streamlit_does() -> None:
    """By the middleware, and what it leaves to Streamlit: the same bytes, kinds and ways to keep them."""
    names = re.findall(r'(?:src|href)="\./(static/[^"]+)"', assets._STATIC.joinpath("index.html").read_text())
    assert {Path(name).suffix for name in names} == {".js", ".css", ".woff2"}

    async def within(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("passed on", 418)(scope, receive, send)

    theirs, ours = create_streamlit_static_handler(str(assets._STATIC), None), assets.Assets(within)
    for name in [next(each for each in names if each.endswith(end)) for end in (".js", ".css", ".woff2")]:
        answers = [get(f"/{name}", app=app) for app in (ours, theirs)]
        assert answers[0].body == answers[1].body
        for header in ("content-type", "content-length", "cache-control"):
            assert answers[0].headers[header] == answers[1].headers[header]
    name = names[0]
    passed = [f"/{name}x", "/static/js/../index.html", "/static/js", "/app", f"//{name}"]
    assert {get(path, app=ours).status for path in passed} == {418}
    assert get(f"/{name}", headers={"if-none-match": "x"}, app=ours).status == 418


def test_streamlits_scripts_that_a_page_shows_are_known_before() -> None:
    first = assets._STATIC.joinpath("index.html").read_text()
    names = {Path(link).name.split(".")[0] for link in assets.chunks()}
    assert {"BidiComponent", "Selectbox", "recordbatch"} <= names, "what is shown, and what that imports"
    for link in assets.chunks():
        assert (assets._STATIC / link).is_file()
        assert link not in first


def test_what_is_imported_is_not_looked_through_for_rubbish() -> None:
    with opening.importing():
        with opening.importing():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), opening.importing():
        importlib.import_module("pages.nothing")
    assert gc.isenabled()


def test_requests_wait_for_the_app_and_its_scripts_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = threading.Event()
    monkeypatch.setattr(opening, "_imported", lambda: going_on.wait(20))
    opening._router.cache_clear()
    app = Starlette(routes=opening.API_ROUTES)
    try:
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(get, "/api/nothing", app=app)
            assert get(f"/{modules.folder()}/explore/map.js", app=app).status == 200
            assert not waiting.done()
            going_on.set()
            assert waiting.result(60).status == 404
    finally:
        opening._router.cache_clear()
