"""How much faster than real time a MIDI piece is performed: three minutes in four voices, as the command does it.

    python benchmarks/perform.py [--checkpoint checkpoints/nsynth-cvae] [--runs 3]

Each run is a process of its own: opening the model, sounding every key once, mixing, resampling and writing are all in it.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import ROOT

from timbre_core.generation.midi.pieces.build import Line, Part, pieces, written
from timbre_core.generation.midi.reading import read_midi

_SECONDS = 180.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default=str(ROOT / "checkpoints" / "nsynth-cvae"))
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "piece.mid"
        written(*_three_minutes()).save(file)
        piece = read_midi(file)
        command = [sys.executable, "-m", "timbre_core", "perform", args.checkpoint, str(file)]
        command += ["--out", str(Path(folder) / "piece.wav")]
        walls, cores = [], []
        for _ in range(args.runs):
            before, begun = os.times(), time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            walls.append(time.perf_counter() - begun)
            after = os.times()
            cores.append(after.children_user + after.children_system - before.children_user - before.children_system)
    wall, core = statistics.median(walls), statistics.median(cores)
    print(
        f"{piece.seconds:.0f} s, {len(piece.channels)} voices, {len(piece.notes)} notes, {len({n.key for n in piece.notes})} keys"
    )
    print("| | seconds | times real time |\n| --- | --- | --- |")
    print(f"| by the clock, median of {args.runs} | {wall:.1f} | {piece.seconds / wall:.0f} |")
    print(f"| of one core | {core:.1f} | {piece.seconds / core:.0f} |")


def _three_minutes() -> tuple[float, list[Part]]:
    """The canon, each voice repeated until three minutes are full."""
    tempo, parts = pieces()["pachelbel-canon"]
    quarters = _SECONDS / 60 * tempo

    def filled(part: Part) -> Line:
        line: Line = []
        now = part.begin
        for note in itertools.cycle(part.line):
            if now >= quarters:
                return line
            line.append(note)
            now += note[1]
        return line

    return tempo, [Part(filled(part), part.program, part.begin, part.velocity) for part in parts]


if __name__ == "__main__":
    main()
