"""Peak memory of preparing features, of reading them, and of training, at 2,000 and at 20,000 notes.

Each phase runs in a fresh process whose memory (resident, all its worker processes added up) is sampled from outside. The
notes are synthesised as they are read, so that neither a data set nor its download is needed.

    python benchmarks/memory.py --notes 2000 20000
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from shared import print_table, synthetic_note

WORKERS = 2  # also for few notes, which would be analysed in one process: the same work at both sizes


class SyntheticLibrary:
    """What build_store needs of a library: notes that are made up when they are loaded."""

    def __init__(self, count: int) -> None:
        from timbre_core.datasets.notes import note_table

        names = [f"note_{index:06}" for index in range(count)]
        self.notes = note_table(
            {
                "note_id": names,
                "instrument": [f"instrument_{index // 88:04}" for index in range(count)],
                "pitch": [float(21 + index % 88) for index in range(count)],
                "split": ["train" if index % 10 else "valid" for index in range(count)],
                "audio": names,
            }
        )
        self.base = [synthetic_note(index) for index in range(64)]

    def load(self, index: int, sample_rate: int, remarks: list[str] | None = None) -> np.ndarray:
        """One of 64 notes, shifted by an amount of its own: synthesising each anew would take longer than analysing it."""
        return np.roll(self.base[index % len(self.base)], index)

    def fingerprint(self) -> str:
        return f"synthetic {len(self.notes)}"


def prepare(count: int, folder: Path) -> None:
    """Analyse all notes into a feature store."""
    from timbre_core.datasets.store_build import build_store
    from timbre_core.features.settings import LogMelSettings

    library: Any = SyntheticLibrary(count)
    build_store(library, LogMelSettings(), folder, workers=WORKERS, progress=False)


def read(count: int, folder: Path) -> None:
    """Read an epoch of training batches: a random window of every note."""
    from timbre_core.datasets.feature_store import FeatureStore

    store = FeatureStore.open(folder)
    rng = np.random.default_rng(0)
    for notes in np.array_split(rng.permutation(len(store)), -(-len(store) // 128)):
        store.crops(notes, rng.integers(0, 100, len(notes)), 128)


def train(count: int, folder: Path) -> None:
    """Train one epoch, as train_cli.py does."""
    import torch

    from timbre_core.datasets.feature_store import FeatureStore
    from timbre_core.recipes.recipe_files import load_recipe
    from timbre_core.training import trainer
    from timbre_core.training.distributed import Team

    recipe = load_recipe("nsynth-cvae", ["training.epochs=1"])
    trainer.train(recipe, FeatureStore.open(folder), folder, Team(torch.device("cpu")))


PHASES: dict[str, Callable[[int, Path], None]] = {"prepare": prepare, "read": read, "train": train}
"""Run one after the other in the same folder, each in a process of its own."""


def peak_memory(command: list[str]) -> float:
    """MiB that a command and its children took at most, sampled every 20 ms."""
    import psutil

    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        total = 0
        for one in (process, *_children(process)):
            try:
                total += one.memory_info().rss
            except psutil.Error:  # it ended meanwhile
                continue
        peak = max(peak, total)
        time.sleep(0.02)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return peak / 2**20


def _children(process: Any) -> list[Any]:
    import psutil

    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, nargs="+", default=[2000, 20000], help="sizes (default: 2000 20000)")
    parser.add_argument("--phase", choices=PHASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.phase:
        PHASES[args.phase](args.notes[0], args.folder)
        return
    peaks: dict[str, list[float]] = {name: [] for name in PHASES}
    for count in args.notes:
        with tempfile.TemporaryDirectory() as folder:
            for name in PHASES:
                command = [sys.executable, __file__, "--phase", name, "--notes", str(count), "--folder", folder]
                peaks[name].append(peak_memory(command))
    rows = [(name, *(f"{peak:.0f}" for peak in row), f"{row[-1] / row[0]:.2f}x") for name, row in peaks.items()]
    print_table(("peak memory, MiB", *(f"{count} notes" for count in args.notes), "last / first"), rows)


if __name__ == "__main__":
    main()
