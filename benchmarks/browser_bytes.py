"""How many bytes of JavaScript each page asks for, beside what it was sent when scripts were glued together.

Bytes as browsers get them, without compression on the way. Before there were modules (commit 1300a5e) every component was sent
all scripts that it needed, as one text, and again at every visit.

    python benchmarks/browser_bytes.py > docs/results/browser_bytes.md
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pages.browser import modules

# The entry modules of each page, and the bytes of its glued scripts at commit 1300a5e.
PAGES = {
    "Explore": (("explore/map.js", "explore/note.js"), 72_954 + 50_675),
    "Play": (("play/play.js",), 84_337),
    "Morph": (("morph/morph.js",), 80_030),
    "Transfer": (("transfer/transfer.js",), 56_872),
    "Listen": (("listen/listen.js",), 22_958),
    "Compare": (("compare/models.js", "compare/linked_maps.js"), 23_503 + 17_564),
    "Training": (("browser/growing_plot.js",), 2_515),
}


def row(page: str, names: list[str], before: int) -> str:
    written = sum(len(modules._sources()[name].encode()) for name in names)
    sent = sum(len(modules.modules()[name]) for name in names)
    return f"| {page} | {len(names)} | {written:,} | {sent:,} | {before:,} | {sent / before:.2f} |"


def main() -> None:
    print("# Bytes of JavaScript\n")
    print("`python benchmarks/browser_bytes.py`: what a page asks for on a first visit, all its modules once.\n")
    print("| page | modules | as written | as sent | glued, 1300a5e | sent / glued |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for page, (entries, before) in PAGES.items():
        print(row(page, list(dict.fromkeys(name for entry in entries for name in modules.needed(entry))), before))
    print(row("all of them", list(modules.modules()), sum(before for _, before in PAGES.values())))


if __name__ == "__main__":
    main()
