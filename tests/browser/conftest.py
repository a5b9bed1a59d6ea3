"""A browser and a server for the browser tests."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.browser import harness  # noqa: E402


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real Chromium; tests that need one are skipped where there is none.

    Closed after each module: Playwright keeps an event loop running in this thread, which other tests may not expect.
    """
    if harness.chromium_path() is None:
        pytest.skip("no Chromium here: install the package `chromium`, or set CHROMIUM to a browser's path")
    with harness.browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def shipped() -> Path:
    """The checkpoints that come with the project."""
    from timbre_core.checkpoint import default_checkpoints_folder, list_checkpoints

    folder = default_checkpoints_folder()
    assert list_checkpoints(folder), "the project ships no checkpoint"
    return folder


@pytest.fixture(scope="session")
def app(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's address, serving the shipped checkpoints from a home folder that Streamlit has never seen."""
    with harness.running_server(tmp_path_factory.mktemp("home"), {"TIMBRE_CHECKPOINTS": str(shipped)}) as address:
        yield address


@pytest.fixture
def fresh_app(shipped: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts servers that nobody has visited: `fresh_app()`, or with a folder of checkpoints."""
    with ExitStack() as stack:

        def start(checkpoints: Path = shipped) -> str:
            home = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
            home.mkdir()
            return stack.enter_context(harness.running_server(home, {"TIMBRE_CHECKPOINTS": str(checkpoints)}))

        yield start


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A new page of a new visitor; an error in its scripts or a request to another machine fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, color_scheme="dark")
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))
            else problems.append(f"asked for {request.url}")
        ),
    )
    yield opened
    context.close()
    assert not problems


@pytest.fixture
def copied(shipped: Path, tmp_path: Path) -> Path:
    """One shipped checkpoint, copied to be broken."""
    folder = tmp_path / "copied"
    shutil.copytree(shipped / "nsynth-cvae", folder / "nsynth-cvae")
    return folder
