"""Starts the real server and a real Chromium, for browser tests, benchmarks and screenshots."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parents[2]
SEEN = ".tx-map[data-drawn]"
"""A map that is drawn, be it before the page around it is there."""
DRAWN = f"#root {SEEN}"
"""The same as part of the page."""
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A microphone that beeps, and that nobody is asked about.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]

_HEADLESS = ("--server.headless=true",)


def chromium_path() -> str | None:
    """The browser to drive: $CHROMIUM, or the system's; None where there is none."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen if Path(chosen).exists() else None
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def places(home: Path) -> dict[str, str]:
    """Environment variables of a machine with this home folder, for the server and for commands beside it."""
    return {"HOME": str(home), "USERPROFILE": str(home), "TIMBRE_DATA": str(home / "data")}


@contextmanager
def running_server(
    home: Path,
    environment: dict[str, str] | None = None,
    cwd: Path = ROOT,
    options: Sequence[str] = _HEADLESS,
    script: Path = ROOT / "app.py",
    arguments: Sequence[str] = (),
) -> Iterator[str]:
    """`streamlit run app.py` (or another script) as on a fresh machine, with an empty home folder; yields its address."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        f"--server.port={port}",
        *options,
        *(["--", *arguments] if arguments else []),
    ]
    log = home / "server.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **places(home), **(environment or {})},
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(address, process, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not come up:\n{log.read_text(encoding='utf-8', errors='replace')}")


def shown(selector: str, rest: int = 500) -> Callable[[Any], None]:
    """Waits until `selector` is on a page, and `rest` milliseconds longer, for what still moves."""

    def wait(page: Any) -> None:
        page.wait_for_selector(selector, timeout=120_000)
        page.wait_for_timeout(rest)

    return wait


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium that plays sound without asking for a gesture only where a page had one, as people's do."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path(), args=_FLAGS)
        try:
            yield opened
        finally:
            opened.close()


def link(page: Any) -> dict[str, str]:
    """What a page's address says, by parameter: the first value of each."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
