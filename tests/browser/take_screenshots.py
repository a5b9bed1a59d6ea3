"""Takes the README's screenshots from the real app in a real browser.

Run it after anything on a page changed: python tests/browser/take_screenshots.py [--out FOLDER] [--states explore ...]
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.harness import DRAWN, browser, places, running_server, shown  # noqa: E402
from timbre_core.checkpoint import default_checkpoints_folder, list_checkpoints  # noqa: E402
from timbre_core.datasets.library import open_library  # noqa: E402
from timbre_core.datasets.starter import starter_path  # noqa: E402

_COLOURS = 256  # of a picture: a quarter of the size, and hardly a difference that is seen


@dataclass(frozen=True)
class State:
    """One picture: which colours and size the browser has, what is done on the page, and what is in the folders."""

    scheme: str = "dark"
    size: tuple[int, int] = (1440, 960)
    act: Callable[[Any], None] = lambda page: None
    checkpoints: Callable[[Path], None] | None = field(default=None)
    query: str = ""
    home: Callable[[Path], None] = lambda home: None


def click_note(page: Any) -> None:
    """Click the note of a bright family that lies nearest to the middle of the map, and wait for all its pictures."""
    wait_for_map(page)
    spot = page.evaluate(
        """() => {
          const map = document.querySelector(".tx-map").timbreMap;
          const families = map.points.map.columns.family.values;
          const code = Math.max(0, families.indexOf("brass"));
          const rows = [...map.points.map.ids.keys()].filter((i) => map.points.map.arrays.label_family[i] === code);
          const pitch = map.points.map.arrays.label_pitch;
          const row = rows.sort((a, b) => Math.abs(pitch[a] - 60) - Math.abs(pitch[b] - 60))[0];
          return map.positionOf(map.points.map.ids[row]);
        }"""
    )
    page.mouse.click(spot["x"], spot["y"])
    wait_for_sounds(page)
    page.mouse.move(5, 5)


def click_first(page: Any) -> None:
    wait_for_map(page)
    page.evaluate("() => document.querySelector('.tx-map').timbreMap.select(0)")
    page.wait_for_timeout(5000)


def wait_for_sounds(page: Any) -> None:
    page.wait_for_function(
        "() => !document.querySelector('.tx-waiting') && document.querySelectorAll('.tx-track button:disabled').length === 0",
        timeout=60_000,
    )
    page.wait_for_timeout(500)


def hover_note(page: Any) -> None:
    page.wait_for_selector(DRAWN)
    spot = page.evaluate(
        "() => { const m = document.querySelector('.tx-map').timbreMap; return m.positionOf(m.points.map.ids[40]); }"
    )
    page.mouse.move(spot["x"], spot["y"])
    page.wait_for_timeout(400)


def open_curves(page: Any) -> None:
    page.wait_for_selector(DRAWN)
    page.get_by_role("button", name="Model and map").click()
    page.get_by_text("Researcher's words").click()
    page.get_by_text("How it was trained").click()
    page.wait_for_selector(".js-plotly-plot", timeout=30_000)
    page.wait_for_timeout(1500)
    page.get_by_text("How it was trained").scroll_into_view_if_needed()
    page.wait_for_timeout(300)


def wait_for_comparison(page: Any) -> None:
    page.wait_for_function(
        "() => document.querySelectorAll('figure[data-drawn]').length > 0 && !document.querySelector('.tx-waiting')"
        " && !document.querySelector('.tx-models button:disabled')",
        timeout=120_000,
    )
    page.wait_for_timeout(1500)


def show_sounds_and_maps(page: Any) -> None:
    wait_for_comparison(page)
    page.get_by_text("The same note through each model").scroll_into_view_if_needed()
    page.get_by_text("The same note through each model").evaluate("(title) => title.scrollIntoView({ block: 'start' })")
    page.wait_for_timeout(500)


wait_for_curves = shown(".js-plotly-plot .legend", rest=1500)
wait_for_transfer = shown(".tx-transfer[data-shown]")
wait_for_pad = shown(".tx-pad-panel[data-ready='49']")
wait_for_contour = shown(".tx-contour-panel[data-cents]")
turn_space = shown(".js-plotly-plot", rest=3000)
wait_for_map = shown(DRAWN, rest=600)
wait_for_library = shown("[class*='st-key-library_']", rest=1500)


def play_chord(page: Any) -> None:
    """Wait until the Play page knows everything, then hold two keys."""
    page.get_by_text("correlation over").wait_for(state="attached", timeout=300_000)
    for key in "dj":
        page.keyboard.down(key)
    page.wait_for_function("() => document.querySelectorAll('.tx-keyboard .tx-ready').length > 20", timeout=60_000)
    page.wait_for_timeout(500)


def wait_for_listening(page: Any) -> None:
    """Wait until every sound in view is there."""
    page.wait_for_selector(".tx-listen tbody tr", timeout=60_000)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.tx-listen td.tx-waiting')]"
        ".every((cell) => cell.getBoundingClientRect().top > innerHeight)",
        timeout=180_000,
    )
    page.wait_for_timeout(500)


def wait_for_path(page: Any) -> None:
    """Wait until the Morph page's path is drawn and the picture of its sound is there."""
    page.wait_for_function(
        "() => document.querySelector('.tx-morph')?.timbreMorph.panels.path.picture.frames", timeout=120_000
    )
    page.wait_for_timeout(500)


def no_checkpoints(folder: Path) -> None:
    """An empty folder: nothing to show yet."""


def one_broken(folder: Path) -> None:
    first = next(path for path in list_checkpoints(default_checkpoints_folder()) if (path / "latents.parquet").exists())
    shutil.copytree(first, folder / first.name)
    shutil.copytree(first, folder / "half-copied")
    (folder / "half-copied" / "model.safetensors").unlink()


def one_without_map(folder: Path) -> None:
    one_broken(folder)
    (next(path for path in folder.iterdir() if path.name != "half-copied") / "latents.parquet").unlink()


def own_library(home: Path) -> None:
    """A library of somebody's own: every ninth note of the starter library as a file in a folder of its instrument."""
    import soundfile

    starter = open_library([str(starter_path())], progress=False)
    sounds = home / "Samples" / "Session"
    for row in range(0, len(starter.notes), 9):
        note = starter.notes.iloc[row]
        folder = sounds / str(note.family) / str(note.instrument)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{note.instrument}_{round(note.pitch)}.wav"
        soundfile.write(folder / name, starter.load(row, 44_100), 44_100)
    command = [sys.executable, "-m", "timbre_core", "library", "add", str(sounds), "--name", "Session"]
    subprocess.run(command, check=True, env={**os.environ, **places(home)})


def open_broken(page: Any) -> None:
    page.get_by_text("could not be opened").click()
    page.wait_for_timeout(700)
    page.get_by_text("could not be opened").scroll_into_view_if_needed()


GLIDE = "0.4:60,2.8:67"
README_STATES = {
    "explore": State(act=click_note),
    "explore-light": State(scheme="light", act=click_note),
    "space": State(act=turn_space, query="?projection=3d"),
    "space-light": State(scheme="light", act=turn_space, query="?projection=3d&colour=pitch"),
    "digits": State(act=click_first, query="?checkpoint=fsdd-stft-vae&projection=tsne"),
    "digits-light": State(
        scheme="light", act=click_first, query="?checkpoint=fsdd-stft-vae&projection=tsne&colour=instrument"
    ),
    "listen": State(act=wait_for_listening, query="listen"),
    "listen-light": State(scheme="light", act=wait_for_listening, query="listen"),
    "compare": State(act=wait_for_comparison, query="compare"),
    "compare-light": State(scheme="light", act=show_sounds_and_maps, query="compare"),
    "training": State(act=wait_for_curves, query="training?run=nsynth-cvae&run=nsynth-vae&run=nsynth-ae"),
    "training-light": State(
        scheme="light", act=wait_for_curves, query="training?run=nsynth-cvae&run=nsynth-vae&run=nsynth-ae"
    ),
    "transfer": State(act=wait_for_transfer, query="transfer?toward=brass"),
    "transfer-light": State(scheme="light", act=wait_for_transfer, query="transfer?toward=organ&shift=-5"),
    "play": State(act=play_chord, query="play"),
    "play-light": State(scheme="light", act=play_chord, query="play?family=flute"),
    "library": State(act=wait_for_library, query="library", home=own_library),
    "library-light": State(scheme="light", act=wait_for_library, query="library", home=own_library),
    "morph": State(act=wait_for_path, query="morph"),
    "morph-light": State(
        scheme="light", act=wait_for_contour, query=f"morph?view=pitch&contour={GLIDE}&vibrato=50,5.5"
    ),
}
OTHER_STATES = {
    "morph-small": State(size=(1280, 720), act=wait_for_path, query="morph"),
    "morph-tablet": State(size=(820, 1180), scheme="light", act=wait_for_path, query="morph"),
    "morph-pad": State(size=(1280, 720), act=wait_for_pad, query="morph?view=pad"),
    "morph-pad-light": State(size=(1280, 720), scheme="light", act=wait_for_pad, query="morph?view=pad"),
    "morph-unconditioned": State(size=(1280, 720), query="morph?checkpoint=nsynth-vae&view=pitch"),
    "play-small": State(size=(1280, 720), act=play_chord, query="play"),
    "play-tablet": State(size=(900, 1180), scheme="light", act=play_chord, query="play?family=mallet"),
    "play-unconditioned": State(act=play_chord, query="play?checkpoint=nsynth-vae"),
    "transfer-small": State(size=(1280, 720), act=wait_for_transfer, query="transfer"),
    "transfer-tablet": State(size=(820, 1180), scheme="light", act=wait_for_transfer, query="transfer"),
    "transfer-unconditioned": State(act=wait_for_transfer, query="transfer?checkpoint=nsynth-vae"),
    "start": State(size=(1280, 720)),
    "hover": State(size=(1280, 720), act=hover_note),
    "small": State(size=(1280, 720), act=click_note),
    "small-light": State(scheme="light", size=(1280, 720), act=click_note),
    "tablet": State(size=(1000, 1180), act=click_note),
    "tablet-portrait": State(size=(800, 1180), scheme="light", act=click_note),
    "phone": State(size=(420, 1700), act=click_note),
    "wide": State(size=(1920, 1080), act=click_note),
    "pitch": State(act=click_note, query="?colour=pitch&projection=pca"),
    "pitch-light": State(scheme="light", act=click_note, query="?colour=pitch"),
    "instrument": State(act=click_note, query="?colour=instrument"),
    "error": State(scheme="light", query="?colour=recon_l1", act=click_note),
    "curves": State(act=open_curves, size=(1280, 1500)),
    "curves-light": State(act=open_curves, size=(1280, 1500), scheme="light"),
    "empty": State(size=(1280, 720), checkpoints=no_checkpoints),
    "empty-light": State(scheme="light", size=(1280, 720), checkpoints=no_checkpoints),
    "broken": State(size=(1280, 1000), act=open_broken, checkpoints=one_broken),
    "no-map": State(size=(1280, 900), checkpoints=one_without_map),
    "nonsense": State(size=(1280, 720), query="?checkpoint=../../etc&projection=9&colour=<b>x</b>&note=**no**"),
}


def take(name: str, state: State, out: Path, opened: Any) -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = {}
        state.home(Path(home))
        if state.checkpoints:
            folder = Path(home) / "checkpoints"
            folder.mkdir()
            state.checkpoints(folder)
            environment["TIMBRE_CHECKPOINTS"] = str(folder)
        with running_server(Path(home), environment) as address:
            context = opened.new_context(
                viewport={"width": state.size[0], "height": state.size[1]}, color_scheme=state.scheme
            )
            page = context.new_page()
            page.goto(f"{address}/{state.query}")
            page.wait_for_selector(".tx-title")
            page.wait_for_timeout(2000)
            state.act(page)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            # An octree keeps the colours of few dots; a median cut gives them to the spectrograms.
            few = picture.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            few.save(out / f"{name}.png", optimize=True)
            context.close()


def main() -> int:
    states = {**README_STATES, **OTHER_STATES}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / ".github" / "screenshots")
    parser.add_argument("--states", nargs="*", choices=sorted(states), default=sorted(README_STATES))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with browser() as opened:
        for name in args.states:
            take(name, states[name], args.out, opened)
            print(args.out / f"{name}.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
