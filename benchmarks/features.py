"""Audio files on disk to log-mel frames: notes per second, against a loop over files with librosa.

Ours is the code that builds the feature store (reading, checking, analysis, float16), in one process and in two worker
processes; starting those is not counted and printed beside. librosa's loop has one thread: librosa.load, melspectrogram,
power_to_db, scaling. All read the same files, which are in the file cache.

    python benchmarks/features.py --notes 400 --repeats 7
"""

from __future__ import annotations

import argparse
import collections
import os
import time
from collections.abc import Iterable

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # workers are threads of their own; librosa's loop is to have one

import librosa  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from shared import note_folder, print_table, side_by_side  # noqa: E402

from timbre_core.datasets.library import open_library, root_path  # noqa: E402
from timbre_core.datasets.workers import Workers  # noqa: E402
from timbre_core.features.settings import LogMelSettings  # noqa: E402

SETTINGS = LogMelSettings()


def librosa_frames(path: str) -> np.ndarray:
    """One note's frames (80, 251) float32, as one writes it with librosa."""
    audio, _ = librosa.load(path, sr=SETTINGS.sample_rate, mono=True)
    audio = librosa.util.fix_length(audio, size=4 * SETTINGS.sample_rate)
    mel = librosa.feature.melspectrogram(
        y=audio, sr=SETTINGS.sample_rate, n_fft=SETTINGS.n_fft, hop_length=SETTINGS.hop_length, n_mels=SETTINGS.n_mels
    )
    decibels = librosa.power_to_db(mel, ref=np.max, top_db=SETTINGS.top_db)
    return (2 * decibels / SETTINGS.top_db + 1).astype(np.float32)


def drop(results: Iterable[object]) -> None:
    """Compute all, keep none."""
    collections.deque(results, maxlen=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of notes (default: the NSynth subset, or synthetic notes)")
    parser.add_argument("--notes", type=int, default=400, help="how many of them (default: 400)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds; medians are printed (default: 7)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with note_folder(args.data, args.notes) as folder:
        library = open_library([folder])
        step = max(1, len(library.notes) // args.notes)
        library.notes = library.notes.iloc[::step].head(args.notes).reset_index(drop=True)
        paths = [str(root_path(library.roots[0]) / audio) for audio in library.notes["audio"]]
        with Workers(library, SETTINGS, 1) as one, Workers(library, SETTINGS, 2) as two:
            start = time.perf_counter()
            frames = next(two.analyse()).frames
            print(f"{len(paths)} notes of {folder}; two workers start in {time.perf_counter() - start:.1f} s")
            assert frames is not None
            print(f"largest difference {np.abs(frames.T - librosa_frames(paths[0])).max():.1e} (float16)")
            seconds = side_by_side(
                {
                    "librosa, 1 thread": lambda: drop(map(librosa_frames, paths)),
                    "ours, 1 process": lambda: drop(one.analyse()),
                    "ours, 2 workers": lambda: drop(two.analyse()),
                },
                args.repeats,
            )
    base = seconds["librosa, 1 thread"]
    rows = [
        (name, f"{len(paths) / s:.0f}", f"{1e3 * s / len(paths):.2f}", f"{base / s:.2f}x")
        for name, s in seconds.items()
    ]
    print_table(("audio file -> log-mel", "notes/s", "ms/note", "against librosa"), rows)


if __name__ == "__main__":
    main()
