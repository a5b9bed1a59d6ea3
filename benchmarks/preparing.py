"""Preparing a library at 44.1 kHz: the whole feature store, against a loop over its files with librosa; and peak memory.

Ours is `build_store` with two workers, from files to a finished store: workers started, notes checked for doubles, frames
written. librosa's loop has one thread and keeps nothing: librosa.load, melspectrogram, power_to_db. Both read the same notes
of 4 s, as FLAC, as WAV or as Ogg Vorbis (whose decoding takes most of our time and cannot be hastened), and take turns. Times
are CPU seconds of all processes, so that other work on the machine does not count; that two cores do twice the work of one
is assumed. The features are those of the recipe note-shift. Memory is of all processes together, at two sizes. With
`--workers 1` the store is built in one process, whose start takes no time, so that few notes suffice.

    python benchmarks/preparing.py --notes 2000 --memory 2000 6000
    python benchmarks/preparing.py --notes 400 --workers 1 --memory --write
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # librosa's loop is to have one thread, each worker is one

import librosa  # noqa: E402
import numpy as np  # noqa: E402
import soundfile  # noqa: E402
from memory import WORKERS, peak_memory  # noqa: E402
from shared import ROOT, publish  # noqa: E402

from timbre_core.datasets.library import open_library  # noqa: E402
from timbre_core.datasets.store_build import build_store  # noqa: E402
from timbre_core.features.settings import LogMelSettings  # noqa: E402

RATE, SECONDS = 44_100, 4
KINDS = {"flac": "PCM_16", "wav": "PCM_16", "ogg": "VORBIS"}
FEW = 16  # notes: almost nothing but the start
LIBRARY = 20_000
CORES = 2
RESULT = ROOT / "docs" / "results" / "preparing.md"
SETTINGS = LogMelSettings(sample_rate=RATE, n_fft=2048, hop_length=512, n_mels=128, fmax=20_000, seconds=SECONDS)


def note(index: int) -> np.ndarray:
    """A decaying note (n_samples,) with partials of its own; no two are the same recording."""
    rng = np.random.default_rng(index)
    n = RATE * SECONDS
    lines = np.zeros(n // 2 + 1, dtype=np.complex64)
    hz = 440 * 2 ** ((21 + index % 88 - 69) / 12)
    harmonics = np.arange(1, min(40, int(RATE / 2 / hz)) + 1)
    places = (harmonics * hz * SECONDS).astype(int) + rng.integers(-2, 3, len(harmonics))
    lines[np.clip(places, 1, n // 2)] = rng.uniform(0.2, 1, len(harmonics)) / harmonics
    lines *= np.exp(2j * np.pi * rng.uniform(size=len(lines)))
    audio = np.fft.irfft(lines, n) * np.exp(-np.arange(n) / RATE * rng.uniform(0.5, 3))
    return np.asarray(0.9 * audio / np.abs(audio).max(), dtype=np.float32)


def write_notes(folder: Path, count: int, kind: str) -> Path:
    """A folder of `count` notes and their labels."""
    folder.mkdir(parents=True)
    lines = ["file,instrument,family,pitch"]
    for index in range(count):
        soundfile.write(folder / f"{index:05}.{kind}", note(index), RATE, subtype=KINDS[kind])
        lines.append(f"{index:05}.{kind},synthetic_{index // 88:03},other,{21 + index % 88}")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def with_librosa(folder: Path) -> None:
    """Frames of every file, as one computes them with librosa."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv":
            continue
        audio, _ = librosa.load(path, sr=RATE, mono=True)
        audio = librosa.util.fix_length(audio, size=RATE * SECONDS)
        mel = librosa.feature.melspectrogram(
            y=audio, sr=RATE, n_fft=SETTINGS.n_fft, hop_length=SETTINGS.hop_length, n_mels=SETTINGS.n_mels, fmax=20_000
        )
        librosa.power_to_db(mel, ref=np.max, top_db=SETTINGS.top_db).astype(np.float32)


def with_store(folder: Path, workers: int = WORKERS) -> None:
    """A finished feature store of every file."""
    store = folder.parent / "store"
    shutil.rmtree(store, ignore_errors=True)
    build_store(open_library([folder], progress=False), SETTINGS, store, workers=workers, progress=False)


def cpu_seconds() -> float:
    """Of this process and of all its children that have ended."""
    return sum(os.times()[:4])


def cost(work: Callable[[Path], None], folder: Path) -> float:
    """CPU seconds of a piece of work."""
    start = cpu_seconds()
    work(folder)
    return cpu_seconds() - start


def speed(temporary: Path, kind: str, count: int, repeats: int, workers: int) -> list[tuple[str, ...]]:
    """Rows of the table: CPU milliseconds a note, and notes a second of two cores against librosa's one thread."""
    few, many = (write_notes(temporary / f"{kind}{n}" / "notes", n, kind) for n in (FEW, count))
    store = partial(with_store, workers=workers)
    with_librosa(few)
    store(few)
    rounds = [(cost(with_librosa, many), cost(store, few), cost(store, many)) for _ in range(repeats)]
    loop, start, all_of_it = np.median(rounds, axis=0)
    each = (all_of_it - start) / (count - FEW)
    whole = (start - FEW * each) / LIBRARY + each
    for folder in (few, many):
        shutil.rmtree(folder.parent)
    return [
        (f"librosa, a loop over {kind} files", f"{1e3 * loop / count:.2f}", ""),
        (f"feature store of {kind} files", f"{1e3 * each:.2f}", f"{CORES * loop / count / each:.2f}x"),
        (f"the same, {LIBRARY:,} notes with the start", f"{1e3 * whole:.2f}", f"{CORES * loop / count / whole:.2f}x"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=2000, help="for the speed (2000)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["flac", "wav"], help="of files (flac wav)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; medians are printed (3)")
    parser.add_argument("--memory", type=int, nargs="*", default=[2000, 6000], help="numbers of notes (2000 6000)")
    parser.add_argument("--workers", type=int, default=WORKERS, help=f"processes that build the store ({WORKERS})")
    parser.add_argument("--write", action="store_true", help=f"to {RESULT.relative_to(ROOT)}")
    parser.add_argument("--only-store", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only_store:
        with_store(args.only_store)
        return
    with tempfile.TemporaryDirectory() as temporary:
        rows = [
            row for kind in args.kinds for row in speed(Path(temporary), kind, args.notes, args.repeats, args.workers)
        ]
        header = (f"{args.notes} notes of {SECONDS} s at {RATE:,} Hz", "CPU ms a note", f"{CORES} cores against 1")
        lines = ["# Preparing a library", "", *_markdown(header, rows)]
        peaks = {}
        for count in args.memory:
            folder = write_notes(Path(temporary) / str(count) / "notes", count, "flac")
            peaks[count] = peak_memory([sys.executable, __file__, "--only-store", str(folder)])
            shutil.rmtree(folder.parent)
        if peaks:
            sizes = [f"{count} notes" for count in peaks]
            peak = ("feature store", *(f"{size:.0f}" for size in peaks.values()))
            lines += ["", *_markdown(("peak memory, MiB", *sizes), [peak])]
        options = f"--notes {args.notes} --repeats {args.repeats} --workers {args.workers}"
        lines += ["", f"`python benchmarks/preparing.py {options}`: see there what is measured."]
        publish(lines, RESULT, args.write)


def _markdown(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    rule = ("---", *("---:" for _ in header[1:]))
    return [f"| {' | '.join(row)} |" for row in (header, rule, *rows)]


if __name__ == "__main__":
    main()
