"""The map's own point renderer beside regl-scatterplot (WebGL), in headless Chromium.

For so many points of ten colours in clusters: until they are drawn, from the data on; a frame while zooming; the look-up of the
point under the pointer; and the memory of the browser's processes.
npm brings regl-scatterplot and esbuild into a temporary folder.

    python benchmarks/point_renderers.py --points 10000 300000 1000000 > docs/results/point_renderers.md
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from app_start import percentile
from shared import ROOT

from tests.browser.harness import browser

_PACKAGES = ("regl-scatterplot@1.16.0", "esbuild@0.28.2")
_PAGE = """<!doctype html><meta charset="utf-8"><style>canvas{width:900px;height:560px}</style>
<canvas></canvas><script type="module" src="measure.js"></script>"""

# Both: data -> drawn, zoom frames, look-ups. A frame is over when its pixels can be read back.
_MEASURE = """
import createScatterplot from "regl-scatterplot";
import { Points } from "@pages/explore/points.js";

const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999", "#44aa99", "#882255"];
const canvas = document.querySelector("canvas");

function made(count) {
  let state = 7;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const [x, y, code] = [new Float32Array(count), new Float32Array(count), new Uint16Array(count)];
  for (let i = 0; i < count; i++) {
    const cluster = i % 40;
    x[i] = Math.cos(cluster) * (1 + (cluster % 7)) + 0.5 * (random() + random() - 1);
    y[i] = Math.sin(1.7 * cluster) * (1 + (cluster % 5)) + 0.5 * (random() + random() - 1);
    code[i] = cluster % 10;
  }
  return { x, y, code };
}

function own({ x, y, code }) {
  const points = new Points(canvas);
  const values = COLOURS.map((_, i) => String(i));
  const family = { kind: "category", colours: COLOURS, names: values, values };
  const ids = Array.from(x, (_, i) => `n${i}`);
  const context = canvas.getContext("2d");
  const done = () => context.getImageData(0, 0, 1, 1);
  const start = performance.now();
  const arrays = { p_1: x, p_2: y, label_family: code };
  points.fill({ ids, arrays, columns: { family }, projections: ["p"] }, "p");
  points.paint("family", true);
  points.draw();
  done();
  return {
    drawn: performance.now() - start,
    zoom: async (ratio) => {
      points.view = points.zoomed(450, 280, ratio);
      points.draw();
      done();
    },
    look: async (px, py) => points.nearest(px, py, 14),
  };
}

async function regl({ x, y, code }) {
  const start = performance.now();
  const plot = createScatterplot({ canvas, width: 900, height: 560, pointSize: 3, pointColor: COLOURS, colorBy: "valueA" });
  // It draws into a WebGL canvas of its own and copies that here.
  const context = canvas.getContext("2d");
  const done = () => context.getImageData(0, 0, 1, 1);
  const scaled = (values, reach) => Float32Array.from(values, (value) => value / reach);
  await plot.draw({ x: scaled(x, 8), y: scaled(y, 6), valueA: code });
  done();
  const drawn = performance.now() - start;
  let size = 1;
  return {
    drawn,
    zoom: async (ratio) => {
      size /= ratio;
      await plot.zoomToArea({ x: -size, y: -size, width: 2 * size, height: 2 * size });
      done();
    },
    look: async (px, py) => {
      const box = canvas.getBoundingClientRect();
      const at = { clientX: box.left + px, clientY: box.top + py, bubbles: true };
      canvas.dispatchEvent(new MouseEvent("mouseenter", at));
      window.dispatchEvent(new MouseEvent("mousemove", at));
      canvas.dispatchEvent(new MouseEvent("mousemove", at));
    },
  };
}

window.measure = async (kind, count) => {
  const drawing = await { own, regl }[kind](made(count));
  const timed = async (act, times) => {
    const taken = [];
    for (let k = 0; k < times; k++) {
      const start = performance.now();
      await act(k);
      taken.push(performance.now() - start);
    }
    return taken;
  };
  const zoom = await timed((k) => drawing.zoom(k < 20 ? 1.12 : 1 / 1.12), 40);
  await drawing.zoom(1);
  const look = await timed((k) => drawing.look(40 + ((k * 37) % 820), 40 + ((k * 53) % 480)), 40);
  return { drawn: drawing.drawn, zoom, look };
};
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: Any) -> None:
        return


def bundled(folder: Path) -> None:
    """index.html and measure.js in `folder`."""
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    (folder / "entry.js").write_text(_MEASURE)
    (folder / "index.html").write_text(_PAGE)
    quiet = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", *_PACKAGES], **quiet)  # type: ignore[call-overload]
    options = [
        "--bundle",
        "--format=esm",
        "--outfile=measure.js",
        f"--alias:@pages={ROOT / 'pages'}",
        "--log-level=error",
    ]
    subprocess.run(["npx", "esbuild", "entry.js", *options], **quiet)  # type: ignore[call-overload]


def resident(pids: list[int]) -> float:
    """MiB of memory that processes have, what they share counted in each."""
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids if Path(f"/proc/{pid}").exists())
    return sum(pages) * 4096 / 2**20


def measured(address: str, kind: str, count: int) -> dict[str, float]:
    """Milliseconds and MiB of one renderer in a fresh browser."""
    with browser() as opened:
        page = opened.new_page(viewport={"width": 960, "height": 620})
        page.goto(address)
        page.wait_for_function("() => window.measure")
        session = opened.new_browser_cdp_session()
        pids = [each["id"] for each in session.send("SystemInfo.getProcessInfo")["processInfo"]]
        before = resident(pids)
        told: Any = page.evaluate("([kind, count]) => window.measure(kind, count)", [kind, count])
        pids = [each["id"] for each in session.send("SystemInfo.getProcessInfo")["processInfo"]]
        return {
            "drawn": told["drawn"],
            "zoom": percentile(told["zoom"], 95),
            "look": statistics.median(told["look"]),
            "memory": resident(pids) - before,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 300_000, 1_000_000])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        bundled(folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=temporary))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print("# Point renderers\n")
        print(
            "`python benchmarks/point_renderers.py`, headless Chromium, WebGL in software (SwiftShader), 900 x 560 pixels.\n"
        )
        print("| points | renderer | drawn (ms) | zoom frame p95 (ms) | look-up (ms) | memory (MiB) |")
        print("| ---: | --- | ---: | ---: | ---: | ---: |")
        for count in args.points:
            for kind, name in (("own", "own, 2-D canvas"), ("regl", "regl-scatterplot")):
                got = measured(f"http://127.0.0.1:{server.server_port}/", kind, count)
                figures = f"{got['drawn']:,.0f} | {got['zoom']:.1f} | {got['look']:.2f} | {got['memory']:,.0f}"
                print(f"| {count:,} | {name} | {figures} |", flush=True)
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
