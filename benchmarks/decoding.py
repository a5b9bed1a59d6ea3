"""How long notes of four seconds at 44.1 kHz take from frames, and from codes, to sound: this build and another, in turns.

Each build runs in a process of its own, on one thread; they take turns note by note, and processor time counts. Both turn the
same log-mel frames (128 bands, n_fft 2048, hop 512) into sound with their `fast`; this one does so with `excited`, too, and
from a code of timbre-space on. How near the sounds come to their frames and, of recordings, to these stands beside.

    git worktree add ../before 1300a5e
    python benchmarks/decoding.py --against ../before [--notes 24] [--rounds 5] [--write]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RATE, SECONDS, FRAMES = 44_100, 4, 345
LENGTH = RATE * SECONDS
FEATURES = {"sample_rate": RATE, "n_fft": 2048, "hop_length": 512, "n_mels": 128, "fmax": 20_000.0, "seconds": None}
WAYS = {
    "recording": "`fast`, recordings' frames, told the pitch",
    "unknown": "`fast`, recordings' frames, not told it",
    "decoded": "`fast`, timbre-space's frames, told the pitch",
    "excited": "`excited`, recordings' frames",
    "space": "timbre-space: a code to sound (`excited`)",
}
OLD_WAYS = ("recording", "unknown", "decoded")
RESULT = Path(__file__).resolve().parent.parent / "docs" / "results" / "decoding.md"
KEYS, VELOCITIES = range(21, 109), (40, 80, 120)


def work(checkout: str, folder: str) -> None:
    """A build at work: reads ways and notes, answers with seconds of processor time; `save` keeps the sound."""
    sys.path[0] = checkout
    import torch

    from timbre_core.features.settings import LogMelSettings
    from timbre_core.inverters import open_inverter

    torch.set_num_threads(1)
    notes = dict(np.load(Path(folder) / "notes.npz"))
    features = LogMelSettings.model_validate(FEATURES)
    fast = open_inverter("fast", features)
    for line in sys.stdin:
        asked = json.loads(line)
        way, index = asked["way"], asked["note"]
        kind = "decoded" if way in ("decoded", "space") else "recording"
        frames, level = notes[f"{kind}{index}"], float(notes[f"level{index}"])
        pitch = float(notes[f"pitch{index}"])
        told = None if way == "unknown" else pitch
        inverter = open_inverter("excited", features) if way == "excited" else fast
        if way in ("space", "instrument"):
            run = from_codes(notes[f"code{index}"], level, pitch, asked)
        elif asked["begin"]:
            run = lambda: next(inverter.stream(frames, level, told, LENGTH))  # noqa: B023, E731
        else:
            run = lambda: inverter(frames, level, told, LENGTH)  # noqa: B023, E731
        begun = time.process_time()
        audio = run()
        took = time.process_time() - begun
        if asked["save"]:
            np.save(asked["save"], audio)
        print(json.dumps(took), flush=True)


def from_codes(code: np.ndarray, level: float, pitch: float, asked: dict[str, Any]) -> Callable[[], np.ndarray]:
    """What timbre-space makes of a code (latent_dim,): a note, its beginning, or an instrument of 88 keys at three velocities."""
    from timbre_core.space import open_space

    space = _SPACES.setdefault("timbre-space", open_space("timbre-space")) if not _SPACES else _SPACES["timbre-space"]
    starts = np.zeros(1, dtype=np.int64)

    def note(key: float, velocity: float | None) -> np.ndarray:
        frames = space.decode(code[None], starts, FRAMES, key, velocity=velocity)
        return space.invert(frames, level, key, LENGTH, in_tune=True)

    if asked["way"] == "instrument":
        return lambda: np.stack([note(float(key), velocity) for key in KEYS for velocity in VELOCITIES])[-1]
    if asked["begin"]:
        return lambda: next(space.stream(code[None], starts, FRAMES, level, pitch, LENGTH, in_tune=True))
    return lambda: note(pitch, None)


_SPACES: dict[str, Any] = {}


class Build:
    """A checkout's process."""

    def __init__(self, name: str, checkout: Path, folder: str) -> None:
        self.name = name
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--worker", str(checkout.resolve()), folder]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def seconds(self, way: str, note: int, begin: bool = False, save: str = "") -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"way": way, "note": note, "begin": begin, "save": save}) + "\n")
        self._process.stdin.flush()
        return float(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def write_notes(folder: str, count: int) -> list[np.ndarray]:
    """Frames of recordings of the starter library, and of codes of timbre-space at their pitches; the recordings."""
    from timbre_core.datasets.library import open_library
    from timbre_core.space import open_space

    space, library = open_space("timbre-space"), open_library(["starter"], progress=False)
    found: dict[str, Any] = {}
    recordings = []
    for index, row in enumerate(np.linspace(0, len(library.notes) - 1, count).astype(int)):
        audio = library.load(int(row), RATE)[:LENGTH]
        audio = np.pad(audio, (0, LENGTH - len(audio)))
        pitch = float(library.notes["pitch"].iloc[row])
        frames, level = space.analyse(audio, pitch)
        code = space.means[37 * index % len(space.means)]
        decoded = space.decode(code[None], np.zeros(1, dtype=np.int64), FRAMES, pitch)
        each = {"recording": frames, "decoded": decoded, "level": level, "pitch": pitch, "code": code}
        found |= {f"{name}{index}": value for name, value in each.items()}
        recordings.append(audio)
    np.savez(Path(folder) / "notes.npz", **found)
    return recordings


def errors(folder: str, builds: list[Build], recordings: list[np.ndarray]) -> dict[tuple[str, str], list[float]]:
    """Of each build and way: mean log-mel error in dB, and multi-resolution STFT distance to the recordings, NaN without."""
    from timbre_core.analysis.inversion_measures import log_mel_mae_db, mel_db, stft_distance
    from timbre_core.features.settings import LogMelSettings

    features = LogMelSettings.model_validate(FEATURES)
    notes, path = np.load(Path(folder) / "notes.npz"), str(Path(folder) / "sound.npy")
    found: dict[tuple[str, str], list[float]] = {}
    for build in builds:
        for way in ways_of(build):
            each = []
            for index, recording in enumerate(recordings):
                build.seconds(way, index, save=path)
                audio, level = np.load(path), float(notes[f"level{index}"])
                frames = notes[f"{'decoded' if way in ('decoded', 'space') else 'recording'}{index}"]
                floor = level - features.top_db
                wanted = np.maximum((frames - 1) * (features.top_db / 2) + level, floor)
                apart = np.nan if way in ("decoded", "space") else stft_distance(recording, audio).total
                each.append((log_mel_mae_db(wanted, mel_db(audio, features, floor)), apart))
            found[build.name, way] = np.mean(each, axis=0).tolist()
    return found


def ways_of(build: Build) -> list[str]:
    return [way for way in WAYS if build.name == "this" or way in OLD_WAYS]


def measure(builds: list[Build], count: int, rounds: int) -> dict[tuple[str, str, bool], np.ndarray]:
    """Seconds (rounds, notes) of each build, way, and beginning or whole."""
    runs = [(build, way, begin) for build in builds for way in ways_of(build) for begin in (True, False)]
    for build, way, begin in runs:
        build.seconds(way, count, begin)  # a note of its own: what is loaded and compiled at first is no note's
    took: dict[tuple[str, str, bool], list[list[float]]] = {(b.name, way, begin): [] for b, way, begin in runs}
    for turn in range(rounds):
        for rows in took.values():
            rows.append([])
        for index in range(count):
            for build, way, begin in runs[turn % len(runs) :] + runs[: turn % len(runs)]:
                took[build.name, way, begin][-1].append(build.seconds(way, index, begin))
    return {key: np.array(rows) for key, rows in took.items()}


def table(
    took: dict[tuple[str, str, bool], np.ndarray], apart: dict[tuple[str, str], list[float]], old: str
) -> list[str]:
    """A row for each way: milliseconds a note, the least of the rounds, the other build's over it."""
    lines = [
        f"| | build | a note, ms | first sound, ms | never made, ms | {old} / it | log-mel error, dB | multi-resolution STFT |",
        "| --- | --- |" + " ---: |" * 6,
    ]
    for way, title in WAYS.items():
        for name in (old, "this"):
            if (name, way, False) not in took:
                continue
            whole, begun = took[name, way, False].min(axis=0), took[name, way, True].min(axis=0)
            first = np.median(took[name, way, True][0])
            other = took.get((old, way if way in OLD_WAYS else "decoded" if way == "space" else "recording", False))
            ratio = "-" if other is None or name == old else f"{np.mean(other.min(axis=0)) / np.mean(whole):.2f}"
            mel, stft = apart[name, way]
            lines.append(
                f"| {title} | {name} | {1000 * whole.mean():.1f} | {1000 * begun.mean():.1f} | {1000 * first:.1f} | {ratio} "
                f"| {mel:.2f} | {'-' if np.isnan(stft) else f'{stft:.3f}'} |"
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="a checkout of another build (default: this one alone)")
    parser.add_argument("--notes", type=int, default=24, help="of the starter library (default: 24)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each note (default: 5)")
    parser.add_argument("--write", action="store_true", help="write docs/results/decoding.md")
    args = parser.parse_args()
    from shared import ROOT

    from timbre_core.files import write_text

    with tempfile.TemporaryDirectory() as folder:
        recordings = write_notes(folder, args.notes + 1)[:-1]  # the last is to warm up with
        builds = [Build(args.against.name, args.against, folder)] if args.against else []
        builds.append(Build("this", ROOT, folder))
        took = measure(builds, args.notes, args.rounds)
        apart = errors(folder, builds, recordings)
        instrument = min(builds[-1].seconds("instrument", 0) for _ in range(2))
        for build in builds:
            build.close()
    old = args.against.name if args.against else ""
    count = len(KEYS) * len(VELOCITIES)
    lines = [
        "# From frames and from codes to sound",
        "",
        f"Written by `python benchmarks/decoding.py --against ../{old} --write`: notes of {SECONDS} s at 44.1 kHz, log-mels of",
        f"128 bands, on one thread, builds and ways in turn, {args.notes} notes, {args.rounds} rounds. Processor time: the least",
        "of the rounds, mean over the notes; *never made*: the beginning in the first round, when nothing of a note's pitch was",
        "kept, median.",
        "",
        *table(took, apart, old),
        "",
        f"An instrument of {len(KEYS)} keys at {len(VELOCITIES)} velocities, each 4 s, from a code of timbre-space on: "
        f"{instrument:.1f} s of processor time,",
        f"{1000 * instrument / count:.1f} ms a note.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if args.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(*sys.argv[2:])
    else:
        main()
