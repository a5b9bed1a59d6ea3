"""Play in a real browser: from a dropped sound to its first key, keys after that, macros, and sixteen voices without a gap.

    python benchmarks/instrument_live.py [--data path/to/nsynth] [--checkpoint timbre-space] [--sounds 20] [--work]

With --work no browser is started: what the server does for each is counted in seconds of one core, which other work on the
machine does not change.

What is missed while sounds are rendered is counted by the browser itself (`AudioContext.playbackStats`).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app_start import percentile
from shared import NSYNTH

from tests.browser.harness import browser, chromium_path, running_server
from timbre_core.datasets.library import open_library
from timbre_core.features.audio import encode_wav
from timbre_core.generation.macros import FINISHING

_PLAYER = "document.querySelector('.tx-play').timbrePlayer"
_KEYS = (48, 52, 55, 59, 60, 62, 64, 67, 69, 71, 72, 74, 76, 79, 81, 84)
_MACROS = tuple(FINISHING)
# A file is dropped, and a key is pressed as soon as the page plays it: milliseconds until that key sounds.
_DROP = """async ([name, bytes, key]) => {
  const player = document.querySelector('.tx-play').timbrePlayer;
  const file = new File([new Uint8Array(bytes)], name);
  const before = player.own;
  performance.clearMeasures("timbre:key-to-sound");
  const began = performance.now();
  const transfer = new DataTransfer();
  transfer.items.add(file);
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  const rest = () => new Promise((done) => setTimeout(done, 5));
  while (player.own === before) {
    await rest();
    if (performance.now() - began > 20000) return { refused: document.querySelector(".tx-told").textContent };
  }
  const heard = performance.now() - began;
  player.hands.press(key, 100, performance.now());
  while (!performance.getEntriesByName("timbre:key-to-sound").length) await rest();
  const sounded = performance.now() - began;
  player.hands.letGo(key);
  return { heard, sounded };
}"""
_PRESS = """async (key) => {
  const player = document.querySelector('.tx-play').timbrePlayer;
  performance.clearMeasures("timbre:key-to-sound");
  const began = performance.now();
  const own = player.hands.press(key, 100, began);
  while (!performance.getEntriesByName("timbre:key-to-sound").length) await new Promise((done) => setTimeout(done, 2));
  const [{ duration, detail }] = performance.getEntriesByName("timbre:key-to-sound");
  await own;
  const whole = performance.now() - began;
  player.hands.letGo(key);
  return { took: duration, whole, ready: detail.ready };
}"""
_SLIDE = """([name, value]) => {
  const slider = document.querySelector(`.tx-macro[data-macro='${name}'] input`);
  slider.value = value;
  for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type, { bubbles: true }));
}"""
_VOICES = """async ([keys, seconds]) => {
  const player = document.querySelector('.tx-play').timbrePlayer;
  const { context } = player.synth;
  await Promise.all(keys.map((key) => player.bank.get(player.soundUrl(key))));
  const told = () => {
    const stats = context.playbackStats ?? context.playoutStats;
    if (!stats) return null;
    const { underrunEvents, underrunDuration, fallbackFramesEvents, fallbackFramesDuration, totalDuration } = stats;
    return { events: underrunEvents ?? fallbackFramesEvents, seconds: underrunDuration ?? fallbackFramesDuration };
  };
  await new Promise((done) => setTimeout(done, 1500));
  const before = told(), clock = performance.now(), at = context.currentTime;
  for (const key of keys) player.hands.press(key, 90, performance.now());
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  const voices = [...player.synth.voices].filter((voice) => !voice.ending).length;
  const after = told();
  const late = (performance.now() - clock) / 1000 - (context.currentTime - at);
  player.hands.allOff();
  return { before, after, voices, late };
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(NSYNTH))
    parser.add_argument(
        "--checkpoint", default="timbre-space", help="model that plays (default: what the app opens with)"
    )
    parser.add_argument("--sounds", type=int, default=20)
    parser.add_argument("--work", action="store_true", help="count the server's work instead, without a browser")
    args = parser.parse_args()
    if not args.work and chromium_path() is None:
        print("no Chromium here: install the package `chromium`, or set CHROMIUM to a browser's path", file=sys.stderr)
        return 1
    library = open_library([args.data], progress=False)
    rng = random.Random(0)
    rows = [row for row in range(len(library.notes)) if 45 <= float(library.notes["pitch"].iloc[row]) <= 80]
    names = library.notes["note_id"]
    files = [
        (f"{names.iloc[row]}.wav", encode_wav(library.load(row, 16_000), 16_000))
        for row in rng.sample(rows, args.sounds)
    ]
    if args.work:
        count_work(files, args.checkpoint)
        return 0
    with tempfile.TemporaryDirectory() as home, running_server(Path(home)) as address, browser() as opened:
        page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(f"{address}/play?checkpoint={args.checkpoint}&family=organ")
        page.wait_for_selector(".tx-play[data-ready]", timeout=120_000)
        page.keyboard.press("a")
        page.wait_for_function(f"() => {_PLAYER}.synth.level() > 0.005", timeout=60_000)
        # What sliders of latents change is measured once, on the first visit.
        page.wait_for_function(f"() => {_PLAYER}.traits?.correlations || {_PLAYER}.traits?.failed", timeout=400_000)
        voices = page.evaluate(_VOICES, [list(_KEYS), 10])
        tell(page, files, rng, voices)
    return 0


def count_work(files: list[tuple[str, bytes]], checkpoint: str) -> None:
    """Seconds of one core for what a dropped sound, its keys and macros take."""
    from timbre_core.errors import TimbreError
    from timbre_core.generation.macros import Shape
    from timbre_core.generation.own_sounds import own_instrument, own_note
    from timbre_core.generation.sampler import looped_wav
    from timbre_core.space import open_space

    space = open_space(checkpoint)
    times: dict[str, list[float]] = {}
    refused = 0

    def counted(kind: str, work: Callable[..., Any], *told: Any) -> Any:
        began = time.thread_time()
        done = work(*told)
        times.setdefault(kind, []).append(time.thread_time() - began)
        return done

    def played(made: Any, key: int) -> bytes:
        return looped_wav(made.note(key))

    def moved(note: Any, macro: str) -> bytes:
        return looped_wav(note.with_shape(Shape(**{macro: 2.0})))

    for number, (name, content) in enumerate(files):
        try:
            note = counted("sound heard, its pitch found", own_note, content, space, name)
        except TimbreError:
            refused += 1
            continue
        made = counted("instrument made of it", own_instrument, space, [note])
        key = round(note.pitch)
        counted("its recorded key", played, made, key)
        if number == 0:  # networks are loaded with the first
            made.note(key + 3)
        for away in (-7, 4, 9):
            counted("another key", played, made, key + away)
        first = made.note(key)
        for macro in _MACROS:
            counted("a macro moved", moved, first, macro)
    print("| seconds of one core | n | p50 | p95 | longest |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for kind, values in times.items():
        told = (f"{each:.3f}" for each in (percentile(values, 50), percentile(values, 95), max(values)))
        print(f"| {kind} | {len(values)} | {' | '.join(told)} |")
    print(f"\n{refused} of {len(files)} sounds were refused (chords, no pitch).")


def tell(page: Any, files: list[tuple[str, bytes]], rng: random.Random, voices: dict[str, Any]) -> None:
    times: dict[str, list[float]] = {}
    refused = 0
    for number, (name, content) in enumerate(files):
        dropped = page.evaluate(_DROP, [name, list(content), rng.choice(_KEYS)])
        if "refused" in dropped:
            refused += 1
            continue
        first = "first of all sounds, its first key heard" if not times else "sound dropped, its first key heard"
        times.setdefault(first, []).append(dropped["sounded"])
        for key in rng.sample(_KEYS, 3):
            page.wait_for_timeout(250)
            pressed = page.evaluate(_PRESS, key)
            kind = "a key after, decoded ahead" if pressed["ready"] else "a key after, a neighbour standing in"
            times.setdefault(kind, []).append(pressed["took"])
            times.setdefault("a key after, all", []).append(pressed["took"])
            if not pressed["ready"]:
                times.setdefault("... until its own sound is there", []).append(pressed["whole"])
        page.evaluate("() => performance.clearMeasures('timbre:slider-to-sound')")
        for macro in rng.sample(_MACROS, 2):
            page.evaluate(_SLIDE, [macro, rng.choice((1, 2, 3))])
            page.wait_for_timeout(500)
        moved = page.evaluate(
            "() => performance.getEntriesByName('timbre:slider-to-sound').map(({ duration }) => duration)"
        )
        times.setdefault("macro moved, heard", []).extend(moved)
        print(f"{number + 1} of {len(files)}", file=sys.stderr)
    print("| from ... to sound | n | p50, ms | p95, ms | longest, ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for kind, values in times.items():
        told = (f"{percentile(values, 50):.0f}", f"{percentile(values, 95):.0f}", f"{max(values):.0f}")
        print(f"| {kind} | {len(values)} | {' | '.join(told)} |")
    before, after = voices["before"], voices["after"]
    missed = "not told by this browser"
    if before and after:
        missed = f"{after['events'] - before['events']} ({1000 * (after['seconds'] - before['seconds']):.1f} ms)"
    print(
        f"\n{voices['voices']} voices for 10 s: render misses {missed}; the context's clock was {1000 * voices['late']:.0f} ms "
        f"behind the wall's at the end. {refused} of {len(files)} sounds were refused (chords, no pitch)."
    )


if __name__ == "__main__":
    raise SystemExit(main())
