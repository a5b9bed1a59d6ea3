"""Training batches from the feature store, against one .pt file per note.

Both give the same random windows as a float32 tensor (batch, 80, T) in memory. The files hold each note's float32 log-mel
(80, 251) as torch.save writes it and are read as a data set's __getitem__ does: torch.load, cut, stack. All of it is in the
file cache, so that what is compared is the work per batch and not the disk.

    python benchmarks/store.py --notes 1000 --repeats 7
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from shared import note_folder, print_table, side_by_side

from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import open_library
from timbre_core.datasets.store_build import build_store
from timbre_core.features.settings import LogMelSettings


def from_store(store: FeatureStore, notes: np.ndarray, starts: np.ndarray, T: int) -> torch.Tensor:
    """A batch (B, n_bins, T) from the memory map."""
    return torch.from_numpy(store.crops(notes, starts, T))


def from_files(folder: Path, notes: np.ndarray, starts: np.ndarray, T: int) -> torch.Tensor:
    """The same batch, reading a file for each note."""
    return torch.stack(
        [
            torch.load(folder / f"{note}.pt", weights_only=True)[:, start : start + T]
            for note, start in zip(notes.tolist(), starts.tolist(), strict=True)
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of notes (default: the NSynth subset, or synthetic notes)")
    parser.add_argument("--notes", type=int, default=1000, help="how many of them (default: 1000)")
    parser.add_argument("--batch", type=int, default=128, help="windows in a batch (default: 128)")
    parser.add_argument("--frames", type=int, default=128, help="frames in a window (default: 128)")
    parser.add_argument("--batches", type=int, default=20, help="batches in a round (default: 20)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds; medians are printed (default: 7)")
    args = parser.parse_args()
    with note_folder(args.data, args.notes) as data, tempfile.TemporaryDirectory() as temporary:
        library = open_library([data])
        step = max(1, len(library.notes) // args.notes)
        library.notes = library.notes.iloc[::step].head(args.notes).reset_index(drop=True)
        store = build_store(library, LogMelSettings(), Path(temporary) / "store")
        folder = Path(temporary) / "files"
        folder.mkdir()
        for note in range(len(store)):
            torch.save(torch.from_numpy(store.note(note)), folder / f"{note}.pt")
        rng = np.random.default_rng(0)
        lengths = store.notes["n_frames"].to_numpy()
        plan = []
        for _ in range(args.batches):
            notes = rng.integers(0, len(store), args.batch)
            plan.append((notes, rng.integers(0, lengths[notes] - args.frames + 1)))
        assert torch.equal(from_store(store, *plan[0], args.frames), from_files(folder, *plan[0], args.frames))
        seconds = side_by_side(
            {
                "one .pt file per note": lambda: [from_files(folder, *batch, args.frames).shape for batch in plan],
                "feature store": lambda: [from_store(store, *batch, args.frames).shape for batch in plan],
            },
            args.repeats,
        )
    base = seconds["one .pt file per note"]
    print(f"{len(library.notes)} notes, batches of {args.batch} windows of {args.frames} frames")
    print_table(
        ("training batches", "ms/batch", "windows/s", "against files"),
        [
            (name, f"{1e3 * s / args.batches:.2f}", f"{args.batches * args.batch / s:.0f}", f"{base / s:.1f}x")
            for name, s in seconds.items()
        ],
    )


if __name__ == "__main__":
    main()
