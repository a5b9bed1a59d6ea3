"""How long people wait for the app: first page to map drawn, click to sound, click to reconstruction.

Each round starts a fresh server with an empty home folder and a fresh browser without a cache, opens the page as soon as
the server answers, clicks one note right away and then others. All times are taken inside the browser: the page from
the start of navigation to its first drawn map, a click from the release of the button to the sound playing.

    python benchmarks/app_start.py --servers 5 --clicks 12
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from shared import HEARD, WATCH_CLICKS, print_table

from tests.browser.harness import DRAWN, browser, chromium_path, running_server

_SPOTS = """(count) => {
  const view = document.querySelector(".tx-map").timbreMap;
  const spots = [];
  for (let k = 0; spots.length < count && k < view.points.count; k++) {
    const { x, y } = view.positionOf(view.points.map.ids[(k * 997) % view.points.count]);
    if (document.elementFromPoint(x, y) === view.canvas) spots.push([x, y]);
  }
  return spots;
}"""


def one_server(opened: Any, clicks: int) -> dict[str, list[float]]:
    """Milliseconds measured on one fresh server, by what was waited for."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as home, running_server(Path(home)) as address:
        context = opened.new_context(viewport={"width": 1280, "height": 720})
        page = context.new_page()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(DRAWN, timeout=60_000)
        drawn = page.evaluate("() => performance.getEntriesByName('timbre:map-drawn')[0].startTime")
        times["first page to map drawn"] = [drawn]
        page.evaluate(WATCH_CLICKS)
        for number, (x, y) in enumerate(page.evaluate(_SPOTS, clicks + 1)):
            page.mouse.click(x, y)
            page.wait_for_function(HEARD, timeout=60_000)
            heard = page.evaluate("() => window.heard")
            which = "first click" if number == 0 else "click"
            for event in ("sound", "reconstruction"):
                times.setdefault(f"{which} to {event}", []).append(heard[event] - heard["click"])
        context.close()
    return times


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[round(percent / 100 * (len(ordered) - 1))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=5, help="fresh servers (default: 5)")
    parser.add_argument("--clicks", type=int, default=12, help="clicks on each after the first (default: 12)")
    args = parser.parse_args()
    if chromium_path() is None:
        print("no Chromium here: install the package `chromium`, or set CHROMIUM to a browser's path", file=sys.stderr)
        return 1
    gathered: dict[str, list[float]] = {}
    with browser() as opened:
        for number in range(args.servers):
            for name, values in one_server(opened, args.clicks).items():
                gathered.setdefault(name, []).extend(values)
            print(f"server {number + 1} of {args.servers} measured", file=sys.stderr)
    rows = [
        (
            name,
            *(f"{value:.0f} ms" for value in (statistics.median(values), percentile(values, 95), max(values))),
            str(len(values)),
        )
        for name, values in gathered.items()
    ]
    print_table(("", "p50", "p95", "worst", "n"), rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
