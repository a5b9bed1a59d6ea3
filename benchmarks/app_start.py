"""How long people wait for the app: command to map drawn, page to map drawn, click to sound, click to reconstruction.

Each round starts a fresh server with an empty home folder and a fresh browser without a cache, opens the page as soon as
the server answers, clicks one note right away and then others. Times are taken inside the browser: the page from the start of
navigation to its first drawn map, a click from the release of the button to the sound playing. From the command on: that of the
page, and the seconds from `streamlit run app.py` until the server answers. The page is there once the map is part of it.

    python benchmarks/app_start.py --servers 5 --clicks 12 [--app CHECKOUT --app CHECKOUT] [--bare] [--write]

--app: checkouts of the project that take turns (default: this one). --bare: among them an app that only calls `st.write`, of
which the time to its text is told: what Streamlit itself takes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from shared import HEARD, ROOT, WATCH_CLICKS, publish

from tests.browser.harness import DRAWN, SEEN, browser, chromium_path, running_server

_RESULT = ROOT / "docs" / "results" / "start.md"
_BARE = "import streamlit as st\n\nst.write('drawn')\n"
_COMMAND, _PAGE = "command to map drawn", "first page to map drawn"
_THERE, _SOUND = "command to page there", "command to first sound"
_WATCH_PAGE = f"""{{ const there = setInterval(() => {{
  if (!document.querySelector('{DRAWN}')) return;
  clearInterval(there);
  window.there = performance.now();
}}, 5); }}"""

_SPOTS = """(count) => {
  const view = document.querySelector(".tx-map[data-drawn]").timbreMap;
  const spots = [];
  for (let k = 0; spots.length < count && k < view.points.count; k++) {
    const { x, y } = view.positionOf(view.points.map.ids[(k * 997) % view.points.count]);
    if (document.elementFromPoint(x, y) === view.canvas) spots.push([x, y]);
  }
  return spots;
}"""


def bare_server(opened: Any) -> dict[str, list[float]]:
    """The same of an app that only writes a word."""
    with tempfile.TemporaryDirectory() as home:
        script = Path(home) / "app.py"
        script.write_text(_BARE)
        begun = time.perf_counter()
        with running_server(Path(home), cwd=Path(home), script=script) as address:
            up = 1000 * (time.perf_counter() - begun)
            context = opened.new_context(viewport={"width": 1280, "height": 720})
            page = context.new_page()
            page.goto(address, wait_until="commit")
            page.wait_for_selector("text=drawn", timeout=60_000)
            drawn = page.evaluate("() => performance.now()")
            context.close()
    return {_COMMAND: [up + drawn], _PAGE: [drawn]}


def one_server(opened: Any, clicks: int, app: Path = ROOT) -> dict[str, list[float]]:
    """Milliseconds measured on one fresh server, by what was waited for."""
    times: dict[str, list[float]] = {}
    begun = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as home,
        running_server(Path(home), cwd=app, script=app / "app.py") as address,
    ):
        up = 1000 * (time.perf_counter() - begun)
        context = opened.new_context(viewport={"width": 1280, "height": 720})
        context.add_init_script(_WATCH_PAGE)
        page = context.new_page()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(SEEN, timeout=60_000)
        drawn = page.evaluate("() => performance.getEntriesByName('timbre:map-drawn')[0].startTime")
        times |= {_COMMAND: [up + drawn], _PAGE: [drawn]}
        page.evaluate(WATCH_CLICKS)
        for number, (x, y) in enumerate(page.evaluate(_SPOTS, clicks + 1)):
            page.mouse.click(x, y)
            page.wait_for_function(HEARD, timeout=60_000)
            heard = page.evaluate("() => window.heard")
            if number == 0:
                there = page.wait_for_function("() => window.there", timeout=60_000).json_value()
                times |= {_THERE: [up + there], _SOUND: [up + heard["sound"]]}
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
    parser.add_argument("--app", type=Path, action="append", metavar="CHECKOUT", help="default: this one")
    parser.add_argument("--bare", action="store_true", help="and an app that only calls `st.write`")
    parser.add_argument("--write", action="store_true", help=f"write {_RESULT.name}")
    args = parser.parse_args()
    if chromium_path() is None:
        print("no Chromium here: install the package `chromium`, or set CHROMIUM to a browser's path", file=sys.stderr)
        return 1
    apps: list[Path | None] = [*(app.resolve() for app in args.app or [ROOT]), *([None] if args.bare else [])]
    gathered: dict[tuple[str, str], list[float]] = {}
    with browser() as opened:
        for number in range(args.servers):
            for app in apps:
                found = one_server(opened, args.clicks, app) if app else bare_server(opened)
                for what, values in found.items():
                    gathered.setdefault((app.name if app else "st.write", what), []).extend(values)
            print(f"server {number + 1} of {args.servers} measured", file=sys.stderr)
    rows = [
        (
            *name,
            *(f"{value:.0f} ms" for value in (statistics.median(values), percentile(values, 95), max(values))),
            str(len(values)),
        )
        for name, values in gathered.items()
    ]
    lines = [
        "# From the command to the first map",
        "",
        *(__doc__ or "").splitlines(),
        "",
        f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, of other work and this:",
        "",
        "| | | p50 | p95 | worst | n |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    publish(lines, _RESULT, args.write)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
