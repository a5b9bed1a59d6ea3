"""How long a player waits on the Play page: key to sound and slider to sound.

Measured inside a real browser, from the event of the key or the slider to the moment the sound is handed to the audio
hardware; what the browser says its output adds is told beside it. "Not decoded yet" are first presses of keys with
decoding ahead of time switched off, so that the model, the inverter and the network are all in it.

    python benchmarks/play_latency.py --keys 40 --slides 40
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from app_start import percentile
from shared import print_table

from tests.browser.harness import browser, chromium_path, running_server

_PLAYER = "document.querySelector('.tx-play').timbrePlayer"
_FAMILIES = ("flute", "string", "guitar", "reed", "organ", "mallet", "bass", "vocal")
_KEYS = "awsedftgyhujkolp"
_SLIDE = """([axis, value]) => {
  const slider = document.querySelector(`.tx-axis[data-axis='${axis}'] input`);
  slider.value = value;
  for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type, { bubbles: true }));
}"""


def measured(page: Any, name: str) -> list[dict[str, Any]]:
    """What the page measured under that name, and forget it."""
    entries: list[dict[str, Any]] = page.evaluate(
        "(name) => performance.getEntriesByName(name).map(({ duration, detail }) => ({ duration, ...detail }))", name
    )
    page.evaluate("(name) => performance.clearMeasures(name)", name)
    return entries


def play(page: Any, keys: int, slides: int) -> tuple[dict[str, list[float]], float]:
    """Milliseconds by what was waited for, and the milliseconds that the browser's output adds."""
    rng = random.Random(0)
    # The first key opens the sound, and the server has its model ready behind it.
    page.keyboard.press("a")
    page.wait_for_function("() => performance.getEntriesByName('timbre:key-to-sound').length > 0", timeout=60_000)
    page.evaluate(f"() => {{ {_PLAYER}.prefetch = () => {{}}; }}")
    page.wait_for_timeout(1500)
    measured(page, "timbre:key-to-sound")
    times: dict[str, list[float]] = {}
    each = max(1, round(keys / len(_FAMILIES)))
    for family in _FAMILIES:
        page.locator(f".tx-chip[data-family={family}]").click()
        page.wait_for_timeout(900)
        for key in 2 * rng.sample(_KEYS, min(each, len(_KEYS))):
            page.keyboard.press(key, delay=60)
            page.wait_for_timeout(300)
    pressed = measured(page, "timbre:key-to-sound")
    for entry in pressed:
        times.setdefault("key, decoded" if entry["ready"] else "key, not decoded yet", []).append(entry["duration"])
    measured(page, "timbre:slider-to-sound")
    for number in range(slides):
        page.evaluate(_SLIDE, [number % 8, rng.uniform(-2, 2)])
        page.wait_for_timeout(400)
    times["slider"] = [entry["duration"] for entry in measured(page, "timbre:slider-to-sound")]
    return times, 1000 * max(entry["latency"] for entry in pressed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=40, help="keys pressed for the first time (default: 40)")
    parser.add_argument("--slides", type=int, default=40, help="slider moves (default: 40)")
    args = parser.parse_args()
    if chromium_path() is None:
        print("no Chromium here: install the package `chromium`, or set CHROMIUM to a browser's path", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as home, running_server(Path(home)) as address, browser() as opened:
        page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(f"{address}/play?checkpoint=nsynth-cvae&family=brass")
        page.wait_for_selector(".tx-play[data-ready]", timeout=60_000)
        # What sliders change is measured once, on the first visit; players of the second do not meet it.
        page.wait_for_function(f"() => {_PLAYER}.traits?.correlations", timeout=300_000)
        times, output = play(page, args.keys, args.slides)
    rows = [
        (name, str(len(values)), *(f"{percentile(values, p):.0f} ms" for p in (50, 95)), f"{max(values):.0f} ms")
        for name, values in times.items()
    ]
    print_table(("to sound", "n", "p50", "p95", "longest"), rows)
    print(f"the browser's audio output adds {output:.0f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
