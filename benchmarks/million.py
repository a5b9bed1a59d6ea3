"""Words, lists and neighbours among a million notes: how long one waits for an answer.

    python benchmarks/million.py [--notes 1000000] [--write]

Words are typed into the search, and the list is filled with what is found, by the page's own modules in Node.js, whose engine is
Chromium's; the first word, and the first time that the list is sorted, make what all later ones use. Neighbours are those of
`timbre_core.analysis.near_index` in 32 dimensions, 300 clusters; how many of the true ten are among the ten found is beside.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from shared import publish

_ROOT = Path(__file__).parents[1]
_RESULT = _ROOT / "docs" / "results" / "million.md"
_WORDS = ("kick", "999", "sample", "a", "zzz", "c#4", "violin")
_TIMES = 9

_NODE = """
import { finds, textOf } from "ROOT/pages/explore/finds.js";
import { litOf, orderOfNames, orderOfNumbers } from "ROOT/pages/explore/orders.js";
const n = COUNT;
const kinds = ["bass", "piano", "violin", "flute", "kick", "snare"];
const ids = Array.from({ length: n }, (_, i) => `own-3-${((i * 7919) % 1000003).toString(16)}`);
const details = Array.from({ length: n }, (_, i) => `${kinds[i % 6]} sample ${(i * 31) % n}`);
const family = new Uint16Array(n).map((_, i) => i % 6);
const pitch = new Float32Array(n).map((_, i) => 20 + (i % 88));
const columns = { family: { kind: "category", names: kinds, values: kinds }, pitch: { kind: "number" } };
const map = { ids, details, columns, arrays: { label_family: family, label_pitch: pitch } };
const lit = new Uint8Array(n);
const took = (work) => {
  const begun = performance.now();
  work();
  return performance.now() - begun;
};
const search = (word) => {
  lit.fill(1);
  const holds = finds(word, map);
  for (let i = 0; i < n; i++) if (lit[i] && !holds(i)) lit[i] = 0;
};
const first = took(() => textOf(map));
const words = {};
for (let time = 0; time < TIMES; time++)
  for (const word of WORDS) (words[word] ??= []).push(took(() => search(word)));
let names, numbers;
const byName = took(() => { names = orderOfNames(details); });
const byNumber = took(() => { numbers = orderOfNumbers(pitch); });
search("kick");
const fills = Array.from({ length: TIMES }, () => took(() => litOf(names, (i) => lit[i], false, () => true)));
console.log(JSON.stringify({ first, words, byName, byNumber, fills }));
"""


def typed(count: int) -> dict[str, object]:
    """Milliseconds of all that the browser does."""
    text = _NODE.replace("ROOT", _ROOT.as_uri()).replace("COUNT", str(count)).replace("TIMES", str(_TIMES))
    program = text.replace("WORDS", json.dumps(_WORDS))
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program], capture_output=True, text=True, check=False, cwd=_ROOT
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def neighbours(count: int) -> tuple[float, list[float], float]:
    """Seconds in which the index is made, milliseconds of 200 questions, and the share of the true ten that are found."""
    from timbre_core.analysis.near_index import NearIndex

    rng = np.random.default_rng(0)
    centres = 2 * rng.normal(size=(300, 32)).astype(np.float32)
    points = centres[rng.integers(300, size=count)] + 0.7 * rng.normal(size=(count, 32)).astype(np.float32)
    begun = time.perf_counter()
    index = NearIndex(points)
    index.ready()
    made = time.perf_counter() - begun
    took, hits, asked = [], 0, rng.integers(count, size=200)
    for number, row in enumerate(asked):
        begun = time.perf_counter()
        found = index.nearest(points[row], 10)
        took.append(1000 * (time.perf_counter() - begun))
        if number < 20:
            true = np.argsort(np.linalg.norm(points - points[row], axis=1))[:10]
            hits += len(set(true.tolist()) & {each for each, _ in found})
    return made, took, hits / 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true", help=f"write {_RESULT.name}")
    args = parser.parse_args()
    told = typed(args.notes)
    words: dict[str, list[float]] = told["words"]  # type: ignore[assignment]
    made, took, share = neighbours(args.notes)

    def row(what: str, times: list[float]) -> str:
        return f"| {what} | {np.median(times):.1f} | {np.percentile(times, 95):.1f} |"

    lines = [
        "# A million notes: words, lists, neighbours",
        "",
        *(__doc__ or "").splitlines()[2:],
        "",
        f"{args.notes:,} notes, load average {os.getloadavg()[0]:.1f} from other work meanwhile. Milliseconds:",
        "",
        "| | median | p95 |",
        "| --- | ---: | ---: |",
        *(row(f"search “{word}”", times) for word, times in words.items()),
        row("list filled with what is found", told["fills"]),  # type: ignore[arg-type]
        row("ten nearest", took),
        "",
        f"Once for each map: text to search in {told['first']:.0f} ms, list by name {told['byName']:.0f} ms, by a number "
        f"{told['byNumber']:.0f} ms; index of neighbours {made:.1f} s, in a thread of its own "
        f"({100 * share:.0f} % of the true ten found).",
    ]
    publish(lines, _RESULT, args.write)


if __name__ == "__main__":
    main()
