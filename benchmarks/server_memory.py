"""What the server's memory is after a fixed visit, and whether it grows with clicks.

    python benchmarks/server_memory.py [--app FOLDER] [--clicks 10000] [--libraries SOUNDS] [--no-pages]

A browser opens every page with every checkpoint that `--app` (a checkout of the project, by default this one) ships; then 200
notes of all checkpoints are heard (recording, inversion, reconstruction and their pictures, as a click asks for them), then
`--clicks` further ones. Each figure is told at once, and after some seconds of rest. --libraries: three parts of a folder of
recordings are added first, where that checkout can. Memory is what the server's processes hold themselves (USS) and with what
they share (RSS), in MiB; the kernel's own figures.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import psutil
from shared import ROOT

from tests.browser.harness import browser, running_server

_PAGES = ("", "library", "play", "morph", "transfer", "listen", "compare", "training")
_IDLE = "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
_REST = 0.6  # seconds on each page
_HEARD = 200
_AT_REST = 12  # seconds that nobody asks for anything


def memory() -> tuple[float, float]:
    """MiB of the server and its children: USS and RSS."""
    server = next(child for child in psutil.Process().children(recursive=True) if "streamlit" in child.cmdline())
    found = [process.memory_full_info() for process in (server, *server.children(recursive=True))]
    return sum(each.uss for each in found) / 2**20, sum(each.rss for each in found) / 2**20


def notes_of(app: Path) -> dict[str, list[str]]:
    """The notes of each map, by checkpoint."""
    import pandas as pd

    files = sorted((app / "checkpoints").glob("*/latents.parquet"))
    return {file.parent.name: pd.read_parquet(file, columns=["note_id"])["note_id"].tolist() for file in files}


def visit_pages(address: str, checkpoints: list[str]) -> None:
    with browser() as opened:
        for name in checkpoints:
            page = opened.new_context(viewport={"width": 1280, "height": 720}).new_page()
            for where in _PAGES:
                page.goto(f"{address}/{where}?checkpoint={quote(name)}", wait_until="commit")
                page.wait_for_function(_IDLE, timeout=120_000)
                page.wait_for_timeout(1000 * _REST)
            page.context.close()


def asked(checkpoint: str, note: str) -> Iterator[str]:
    about: dict[str, Any] = {"checkpoint": checkpoint, "note": note}
    yield f"/api/note?{urlencode(about)}"
    for kind in ("original", "inversion", "reconstruction"):
        yield f"/api/audio?{urlencode({**about, 'kind': kind})}"
    for kind in ("original", "reconstruction"):
        yield f"/api/frames?{urlencode({**about, 'kind': kind})}"


def hear(address: str, notes: list[tuple[str, str]], each: int = 0) -> list[tuple[float, float]]:
    """Click notes, one after the other; memory after every `each`."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=300)
    found = []
    for number, (checkpoint, note) in enumerate(notes, start=1):
        for path in asked(checkpoint, note):
            connection.request("GET", path)
            connection.getresponse().read()
        if each and number % each == 0:
            found.append(memory())
            print(f"  {number:,}: RSS {found[-1][1]:.0f}", flush=True)
    return found


def add_libraries(app: Path, home: Path, sounds: Path) -> int:
    """Three libraries of 100 sounds; 0 where that checkout has none."""
    if not (app / "timbre_core" / "catalogue").is_dir():
        return 0
    files = sorted(path for path in sounds.rglob("*") if path.suffix in (".flac", ".wav"))
    for number in range(3):
        folder = home / f"sounds{number}"
        folder.mkdir()
        for path in files[number * 100 : number * 100 + 100]:
            shutil.copy(path, folder)
        command = [sys.executable, "-m", "timbre_core", "library", "add", str(folder), "--name", f"own {number}"]
        subprocess.run(
            [*command, "--octave", "off"],
            check=True,
            cwd=app,
            env={**os.environ, "HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--app", type=Path, default=ROOT)
    parser.add_argument("--clicks", type=int, default=10_000)
    parser.add_argument("--libraries", type=Path, metavar="SOUNDS")
    parser.add_argument("--no-pages", action="store_true", help="hear notes alone, without a browser")
    parser.add_argument("--json", type=Path, help="write what was measured")
    args = parser.parse_args()
    app = args.app.resolve()
    notes = notes_of(app)
    clicks = random.Random(0)
    told: dict[str, Any] = {}

    def tell(what: str) -> None:
        for when in ("", ", at rest"):
            if when:
                time.sleep(_AT_REST)
            told[what + when] = memory()
            print(f"{what + when:50s} USS {told[what + when][0]:6.0f}  RSS {told[what + when][1]:6.0f}", flush=True)

    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        added = add_libraries(app, home, args.libraries) if args.libraries else 0
        with running_server(home, cwd=app, script=app / "app.py") as address:
            time.sleep(12)  # it loads the first model where nobody comes
            tell("started")
            if not args.no_pages:
                visit_pages(address, [*notes])
                tell(f"pages with {len(notes)} checkpoints, {added} libraries")
            turns = itertools.islice(itertools.cycle(notes), _HEARD)
            hear(address, [(name, clicks.choice(notes[name])) for name in turns])
            tell(f"{_HEARD} notes heard")
            if args.clicks:
                all_notes = [("nsynth-cvae", note) for note in notes["nsynth-cvae"]]
                along = hear(address, clicks.choices(all_notes, k=args.clicks), max(1, args.clicks // 10))
                print("RSS along the clicks:", ", ".join(f"{rss:.0f}" for _, rss in along), flush=True)
                told["along"] = along
                tell(f"{args.clicks:,} clicks")
    if args.json:
        args.json.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
