"""`streamlit run app.py` on a machine that has never seen Streamlit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

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
