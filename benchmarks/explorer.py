"""How long the explorer lets people wait, beside the plainest explorer that Streamlit and Plotly give.

In real browser runs, each with a fresh server, a fresh browser and no cache: opening the page until its map is drawn, with more
and more points; pointing at a point until it sounds, also where the model must decode it; clicking one until it sounds; and a key
or a slider of the Play page, or a slider of the Transfer page, until it sounds. The plain explorer (plain_explorer.py:
st.plotly_chart and st.audio) has no sound under the pointer.

    python benchmarks/explorer.py --points 2000 10000 50000 300000 --rounds 3
    python benchmarks/explorer.py --beside ../another-checkout   # two builds in turns, instead of the plain one
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from app_start import percentile
from play_latency import play
from shared import WATCH_CLICKS, print_table

from tests.browser.harness import DRAWN, ROOT, browser, chromium_path, running_server
from timbre_core.checkpoint import default_checkpoints_folder, open_checkpoint, write_latents

_NAME = "nsynth-cvae"
_DECODED = ("fsdd-stft-vae", "beta-vae")  # their recordings are not in the repository
_PLAIN = ROOT / "benchmarks" / "plain_explorer.py"
_ARRIVED, _SOUNDING = "timbre:pointed", "timbre:pointer-sounding"
_RESULT = "timbre:result"
Times = dict[str, list[float]]

_TRANSFER_SLIDE = """([value, mark]) => {
  const { input } = document.querySelector(".tx-transfer").timbreTransfer.view.amount;
  performance.clearMarks(mark);
  input.value = value;
  window.slid = performance.now();
  for (const type of ["input", "change"]) input.dispatchEvent(new Event(type, { bubbles: true }));
}"""

# Plotly draws synchronously: the first look at a chart whose traces are calculated, one frame later, is after it.
_PLAIN_WATCH = """() => {
  window.heard = {};
  const timer = setInterval(() => {
    const chart = document.querySelector(".js-plotly-plot");
    if (!chart?.calcdata?.length) return;
    clearInterval(timer);
    requestAnimationFrame(() => requestAnimationFrame(() => (window.heard.drawn = performance.now())));
  }, 10);
  document.addEventListener("playing", () => (window.heard.sound = performance.now()), { capture: true });
  document.addEventListener("pointerup", () => (window.heard = { ...window.heard, click: performance.now(), sound: 0 }), {
    capture: true,
  });
}"""
_PLAIN_SPOTS = """(count) => {
  const chart = document.querySelector(".js-plotly-plot");
  const box = chart.getBoundingClientRect(), { xaxis, yaxis, _size } = chart._fullLayout;
  return Array.from({ length: count }, (_, k) => {
    const trace = chart._fullData[k % chart._fullData.length];
    const i = (k * 97) % trace.x.length;
    return [box.left + _size.l + xaxis.l2p(trace.x[i]), box.top + _size.t + yaxis.l2p(trace.y[i])];
  });
}"""
_SPOTS = """(count) => {
  const view = document.querySelector(".tx-map").timbreMap;
  const spots = [];
  for (let k = 0; spots.length < count && k < view.points.count; k++) {
    const { x, y } = view.positionOf(view.points.map.ids[(k * 997) % Math.min(1600, view.points.count)]);
    if (document.elementFromPoint(x, y) === view.canvas) spots.push([x, y]);
  }
  return spots;
}"""


def crowded(folder: Path, count: int) -> Path:
    """The shipped checkpoint with a map of `count` notes: its own first, then ones near them that have no recording.

    0: as it ships. Notes without a recording are decoded when the pointer rests on them, and take longer to sound.
    """
    target = folder / _NAME
    shutil.copytree(default_checkpoints_folder() / _NAME, target)
    if not count:
        return target
    shipped = open_checkpoint(target)
    own, roots = shipped.latents, shipped.latents_roots
    assert own is not None
    rng = np.random.default_rng(0)
    rows = np.concatenate([np.arange(len(own)), rng.integers(len(own), size=max(0, count - len(own)))])[:count]
    table = own.iloc[rows].reset_index(drop=True)
    copies = np.arange(len(table)) >= len(own)
    table["note_id"] = [f"{name}~{i}" if copies[i] else name for i, name in enumerate(table["note_id"])]
    for column in table.columns[table.columns.str.match(r"(pca|umap3?|tsne)_\d")]:
        spread = 0.05 * float(own[column].std())
        table.loc[copies, column] += rng.normal(0, spread, int(copies.sum())).astype(table[column].dtype)
    write_latents(target, table, roots)
    return target


def crowded_by(root: Path, folder: Path, count: int) -> Path:
    """What `crowded` of that checkout makes: builds may write their maps in different ways."""
    code = "import sys; from pathlib import Path; from explorer import crowded; crowded(Path(sys.argv[1]), int(sys.argv[2]))"
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", code, str(folder), str(count)], cwd=root / "benchmarks", check=True)
    return folder / _NAME


def served(root: Path, home: str, environment: dict[str, str] | None = None) -> AbstractContextManager[str]:
    """The app of that checkout."""
    return running_server(Path(home), environment, cwd=root, script=root / "app.py")


def ours(root: Path, opened: Any, checkpoint: Path, clicks: int) -> Times:
    """Milliseconds in the explorer of that checkout of this project."""
    times: Times = {}
    with (
        tempfile.TemporaryDirectory() as home,
        served(root, home, {"TIMBRE_CHECKPOINTS": str(checkpoint.parent)}) as address,
    ):
        page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(DRAWN, timeout=180_000)
        times["opening to map drawn"] = [
            page.evaluate("() => performance.getEntriesByName('timbre:map-drawn')[0].startTime")
        ]
        page.evaluate(WATCH_CLICKS)
        spots = page.evaluate(_SPOTS, 2 * clicks + 1)
        times["click to sound"] = clicked(page, spots[: clicks + 1])
        times["pointing to sound"] = pointed(page, spots[clicks + 1 :])
        page.context.close()
    return times


def plain(opened: Any, checkpoint: Path, clicks: int) -> Times:
    """Milliseconds in the plain one."""
    times: Times = {}
    with (
        tempfile.TemporaryDirectory() as home,
        running_server(Path(home), script=_PLAIN, arguments=(str(checkpoint),)) as address,
    ):
        page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.add_init_script(f"({_PLAIN_WATCH})()")
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => window.heard?.drawn", timeout=300_000)
        times["opening to map drawn"] = [page.evaluate("() => window.heard.drawn")]
        page.wait_for_timeout(1000)
        times["click to sound"] = clicked(page, page.evaluate(_PLAIN_SPOTS, clicks + 1))
        page.context.close()
    return times


def clicked(page: Any, spots: list[list[float]]) -> list[float]:
    """Milliseconds from a click to its sound at each spot but the first, which wakes the server; a miss is left out."""
    waits = []
    for x, y in spots:
        page.mouse.click(x, y)
        try:
            page.wait_for_function("() => window.heard.click && window.heard.sound", timeout=15_000)
        except Exception:  # overlapping points: Plotly may see no click
            continue
        waits.append(page.evaluate("() => window.heard.sound - window.heard.click"))
        page.wait_for_timeout(1500)
    return waits[1:]


def pointed(page: Any, spots: list[list[float]]) -> list[float]:
    """Milliseconds from the pointer's arrival at a point to its sound, at each spot."""
    waits = []
    for x, y in spots:
        page.mouse.move(5, 400)
        page.wait_for_timeout(900)
        page.evaluate("(names) => names.forEach((name) => performance.clearMarks(name))", [_ARRIVED, _SOUNDING])
        page.mouse.move(x, y)
        page.wait_for_function("(name) => performance.getEntriesByName(name).length", arg=_SOUNDING, timeout=15_000)
        start, end = (
            page.evaluate("(name) => performance.getEntriesByName(name)[0].startTime", name)
            for name in (_ARRIVED, _SOUNDING)
        )
        waits.append(end - start)
    return waits


def playing(root: Path, opened: Any) -> Times:
    """Milliseconds on the Play page: see play_latency.py."""
    with tempfile.TemporaryDirectory() as home, served(root, home) as address:
        page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(f"{address}/play?checkpoint={_NAME}&family=brass")
        page.wait_for_selector(".tx-play[data-ready]", timeout=60_000)
        page.get_by_text("correlation over").wait_for(state="attached", timeout=300_000)
        times, _ = play(page, 24, 24)
        page.context.close()
    return {f"{name} to sound": values for name, values in times.items()}


def decoding(root: Path, opened: Any, name: str, count: int) -> Times:
    """Milliseconds from the pointer's arrival to the sound on a map whose notes have no recordings here."""
    with tempfile.TemporaryDirectory() as home, served(root, home) as address:
        page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(f"{address}/?checkpoint={name}", wait_until="commit")
        page.wait_for_selector(DRAWN, timeout=180_000)
        page.mouse.click(5, 5)
        # The first one shows that the model is loaded, and tells the page that this map's notes are decoded.
        spots = page.evaluate(_SPOTS, count + 1)
        waits = pointed(page, spots)[1:]
        page.context.close()
    return {"pointing to sound": waits}


def transferring(root: Path, opened: Any, slides: int) -> Times:
    """Milliseconds from a move of the Transfer page's slider to the sound."""
    with tempfile.TemporaryDirectory() as home, served(root, home) as address:
        page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(f"{address}/transfer?checkpoint={_NAME}&toward=brass")
        page.wait_for_selector(".tx-transfer[data-ready]", timeout=180_000)
        page.mouse.click(5, 5)
        waits = []
        for number in range(slides + 1):
            page.wait_for_timeout(700)
            page.evaluate(_TRANSFER_SLIDE, [round(0.05 * (1 + 7 * number % 37), 2), _RESULT])
            page.wait_for_function("(name) => performance.getEntriesByName(name).length", arg=_RESULT, timeout=15_000)
            waits.append(
                page.evaluate("(name) => performance.getEntriesByName(name)[0].startTime - window.slid", _RESULT)
            )
        page.context.close()
    return {"slider to sound": waits[1:]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="*", default=[2_000, 10_000, 50_000, 300_000])
    parser.add_argument(
        "--rounds", type=int, default=3, help="servers and browsers for each number of points (default: 3)"
    )
    parser.add_argument("--clicks", type=int, default=8, help="clicks in each (default: 8)")
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="CHECKOUT",
        help="another checkout of this project, in turns, instead of the plain explorer",
    )
    args = parser.parse_args()
    if chromium_path() is None:
        print("no Chromium here: install the package `chromium`, or set CHROMIUM to a browser's path", file=sys.stderr)
        return 1
    found: dict[tuple[str, str], Times] = defaultdict(lambda: defaultdict(list))
    builds = {"explorer": ROOT} | ({"beside": args.beside.resolve()} if args.beside else {})
    for count in [0, *args.points]:
        title = f"{count:,} points" if count else "starter library"
        with tempfile.TemporaryDirectory() as folder:
            ways: dict[str, Callable[[Any], Times]] = {}
            for way, root in builds.items():
                ways[way] = partial(
                    ours, root, checkpoint=crowded_by(root, Path(folder, way), count), clicks=args.clicks
                )
            if not args.beside:
                ways["plain"] = partial(plain, checkpoint=Path(folder, "explorer", _NAME), clicks=args.clicks)
            for number in range(args.rounds):
                for way, measure in ways.items():
                    with browser() as opened:
                        for name, values in measure(opened).items():
                            found[title, way][name] += values
                print(f"{title}, round {number + 1} of {args.rounds} measured", file=sys.stderr)
    for _ in range(args.rounds):
        for way, root in builds.items():
            with browser() as opened:
                pages = {"Play page": playing(root, opened), "Transfer page": transferring(root, opened, 24)}
                for title, times in (pages | {name: decoding(root, opened, name, 24) for name in _DECODED}).items():
                    for name, values in times.items():
                        found[title, way][name] += values
    rows = [
        (
            f"{where}: {name}",
            way,
            str(len(values)),
            *(f"{value:.0f} ms" for value in (statistics.median(values), percentile(values, 95), max(values))),
        )
        for (where, way), times in found.items()
        for name, values in times.items()
        if values
    ]
    print_table(("", "way", "n", "p50", "p95", "longest"), rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
