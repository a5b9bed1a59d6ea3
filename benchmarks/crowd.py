"""Many people at once: what each waits for a click, and whether the server's memory grows with clicks.

First real browser pages, each a visitor of its own (all in one Chromium, whose own work is in the figures), open Explore and
click notes at the same moment, round after round; a wait lasts from the button's release to the recording sounding, and
to the reconstruction being ready. Then the requests that clicks make, from as many clients at once, without a browser:
the server's resident memory is read along the way.

    python benchmarks/crowd.py --browsers 20 --rounds 5 --clicks 10000
"""

from __future__ import annotations

import argparse
import http.client
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil
from app_start import percentile
from shared import HEARD, WATCH_CLICKS, print_table
from tqdm import tqdm

from tests.browser.harness import DRAWN, browser, chromium_path, running_server
from timbre_core.checkpoint import default_checkpoints_folder, open_checkpoint

_CHECKPOINT = "nsynth-cvae"
_CLICK = """(number) => {
  const view = document.querySelector(".tx-map").timbreMap;
  window.heard = { click: performance.now() };
  view.select(number % view.points.count);
}"""


def together(address: str, opened: Any, count: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds that each of `count` pages waits, clicking all at once `rounds` times."""
    rng = random.Random(0)
    times: dict[str, list[float]] = {"click to sound": [], "click to reconstruction": []}
    pages = []
    for _ in tqdm(range(count), desc="opening", unit="browser", file=sys.stderr):
        page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(DRAWN, timeout=120_000)
        page.mouse.click(5, 5)
        page.evaluate(WATCH_CLICKS)
        pages.append(page)
    for _ in tqdm(range(rounds), desc="clicking", unit="round", file=sys.stderr):
        for page in pages:
            page.evaluate(_CLICK, rng.randrange(10**6))
        for page in pages:
            page.wait_for_function(HEARD, timeout=120_000)
            heard = page.evaluate("() => window.heard")
            times["click to sound"].append(heard["sound"] - heard["click"])
            times["click to reconstruction"].append(heard["reconstruction"] - heard["click"])
    for page in pages:
        page.context.close()
    return times


def requests_of_a_click(note: str) -> Iterator[str]:
    """What the Explore page asks for when a note is clicked."""
    about = {"checkpoint": _CHECKPOINT, "note": note}
    yield f"/api/note?{urlencode(about)}"
    for kind in ("original", "inversion", "reconstruction"):
        yield f"/api/audio?{urlencode({**about, 'kind': kind})}"
    for kind in ("original", "reconstruction"):
        yield f"/api/frames?{urlencode({**about, 'kind': kind})}"


def hammer(address: str, notes: list[str], clients: int, clicks: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds to each click's recording and to all it asks for, and the server's memory in MiB along the way."""
    server = _server()
    order = random.Random(1).choices(notes, k=clicks)
    heard: list[float] = []
    waits: list[float] = []
    memory = [server.memory_info().rss / 2**20]
    bar = tqdm(total=clicks, desc="requests", unit="click", file=sys.stderr)
    lock = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
        while True:
            with lock:
                if not order:
                    return
                note = order.pop()
            started = time.perf_counter()
            for path in requests_of_a_click(note):
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{path}: {answer.status}")
                if "kind=original" in path and "/audio" in path:
                    to_sound = 1000 * (time.perf_counter() - started)
            with lock:
                heard.append(to_sound)
                waits.append(1000 * (time.perf_counter() - started))
                bar.update()
                if len(waits) % max(1, clicks // 20) == 0:
                    memory.append(server.memory_info().rss / 2**20)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bar.close()
    return heard, waits, memory


def _server() -> psutil.Process:
    return next(child for child in psutil.Process().children(recursive=True) if "streamlit" in child.cmdline())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browsers", type=int, default=20, help="at once (default: 20; 0 leaves the browsers out)")
    parser.add_argument("--rounds", type=int, default=5, help="clicks of each browser (default: 5)")
    parser.add_argument("--clicks", type=int, default=10_000, help="without a browser (default: 10000)")
    args = parser.parse_args()
    if args.browsers and chromium_path() is None:
        print("no Chromium here: install the package `chromium`, or set CHROMIUM to a browser's path", file=sys.stderr)
        return 1
    latents = open_checkpoint(default_checkpoints_folder() / _CHECKPOINT).latents
    notes = [] if latents is None else latents["note_id"].tolist()
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as home, running_server(Path(home)) as address:
        if args.browsers:
            with browser() as opened:
                times = together(address, opened, args.browsers, args.rounds)
        heard, waits, memory = hammer(address, notes, args.browsers or 20, args.clicks)
    times["click to recording, no browser"] = heard
    times["click to all it shows, no browser"] = waits
    rows = [
        (name, str(len(values)), *(f"{percentile(values, p):.0f} ms" for p in (50, 95)), f"{max(values):.0f} ms")
        for name, values in times.items()
    ]
    print_table((f"{args.browsers} at once", "n", "p50", "p95", "longest"), rows)
    print("server's memory, MiB:", ", ".join(f"{value:.0f}" for value in memory))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
