"""A folder of sounds from drop to map: `library add` beside a plain script of librosa and umap-learn, one after the other.

    python benchmarks/own_library.py SOUNDS [--count 2000] [--write]

SOUNDS is a folder of recordings; `--count` of them, drawn at random, are written as WAV, FLAC, OGG and AIFF files of 3 s at 16,
22.05, 44.1 and 48 kHz, mono and stereo, named by instrument and pitch. The plain script reads each file with
`librosa.load` at 16 kHz, takes the mean and deviation of 80 log-mel bands, centroid, flatness, zero crossings, onset
strength and (of the whole sound) `librosa.yin`, and lays them out with `umap.UMAP()`. Ours: read, hashed, timbre code taken,
brightness, attack, noisiness and length measured, placed on the shipped map, doubles grouped, all of it confirmed in the
database. Seconds are of the wall, with the start of Python and the compiling that each needs; CPU seconds of all processes.
Latents, which playing and morphing need, are told after that (`library work`, or the app in the background): seconds apart.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import publish

_RESULT = Path(__file__).parents[1] / "docs" / "results" / "own_library.md"
_ROOT = Path(__file__).parents[1]
_KINDS = (("wav", "PCM_16"), ("flac", "PCM_16"), ("ogg", "VORBIS"), ("aiff", "PCM_24"), ("wav", "FLOAT"))
_RATES = (16_000, 22_050, 44_100, 48_000)

PLAIN = """
import sys, librosa, numpy as np, umap
from pathlib import Path
rows = []
for path in sorted(Path(sys.argv[1]).rglob("*.*")):
    y, sr = librosa.load(path, sr=16000)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr, n_fft=1024, hop_length=256, n_mels=80))
    more = [librosa.feature.spectral_centroid(y=y, sr=sr).mean(), librosa.feature.spectral_flatness(y=y).mean(),
            librosa.feature.zero_crossing_rate(y).mean(), librosa.onset.onset_strength(y=y, sr=sr).max(),
            np.median(librosa.yin(y, fmin=30, fmax=4000, sr=sr))]
    rows.append(np.concatenate([mel.mean(axis=1), mel.std(axis=1), more]))
print(umap.UMAP().fit_transform(np.stack(rows)).shape)
"""

WATCH = """
import sqlite3, sys, time
begun = float(sys.argv[2])
while True:
    try:
        with sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=1) as database:
            count = database.execute("SELECT count(*) FROM notes").fetchone()[0]
    except sqlite3.OperationalError:
        count = 0
    if count >= int(sys.argv[3]):
        print(time.time() - begun)
        break
    time.sleep(0.25)
"""


def make(sounds: Path, folder: Path, count: int) -> None:
    """The folder that both read."""
    import numpy as np
    import soundfile
    import soxr

    files = sorted(path for path in sounds.rglob("*") if path.suffix in (".flac", ".wav"))
    drawn = random.Random(0)
    for number in range(count):
        path = drawn.choice(files)
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        wanted, (ending, subtype) = _RATES[number % 4], _KINDS[number % 5]
        audio = soxr.resample(audio[: 3 * rate], rate, wanted) * drawn.uniform(0.3, 1)
        if number % 3 == 0:
            audio = np.repeat(audio[:, :1], 2, axis=1)
        instrument, _, rest = path.stem.partition("-")
        target = folder / instrument / f"{instrument}-{rest.partition('-')[0]}-{number:05d}.{ending}"
        target.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(target, np.clip(audio, -1, 1), wanted, subtype=subtype)


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds of the wall, CPU seconds of the process and all below it, and the MiB that they held at most (PSS: what they share
    counts once), looked at four times a second."""
    import psutil

    begun = time.perf_counter()
    process = psutil.Popen(command, env={**os.environ, **environment}, cwd=_ROOT, stdout=subprocess.DEVNULL)
    spent: dict[int, float] = {}
    peak = 0.0
    while process.poll() is None:
        held = 0.0
        with contextlib.suppress(psutil.Error):
            for each in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = each.cpu_times()
                    spent[each.pid] = times.user + times.system
                    held += each.memory_full_info().pss / 2**20
        peak = max(peak, held)
        time.sleep(0.25)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return time.perf_counter() - begun, sum(spent.values()), peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--write", action="store_true", help=f"write {_RESULT.name}")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder, data = Path(made) / "sounds", Path(made) / "data"
        make(args.sounds, folder, args.count)
        first = min(500, args.count)
        pattern = "{instrument}-{pitch}-{take}"
        add = [
            sys.executable,
            "-m",
            "timbre_core",
            "library",
            "add",
            str(folder),
            "--name",
            "sounds",
            "--pattern",
            pattern,
        ]
        watch = [sys.executable, "-c", WATCH, str(data / "library.sqlite"), str(time.time()), str(first)]
        watcher = subprocess.Popen(watch, stdout=subprocess.PIPE, text=True)
        ours, our_cpu, our_peak = timed(
            [*add, "--octave", "off"], {"TIMBRE_DATA": str(data), "TIMBRE_CACHE": f"{made}/cache"}
        )
        until = float(watcher.communicate()[0])
        later, later_cpu, later_peak = timed(
            [sys.executable, "-m", "timbre_core", "library", "work"],
            {"TIMBRE_DATA": str(data), "TIMBRE_CACHE": f"{made}/cache"},
        )
        shutil.rmtree(data)
        plain, plain_cpu, plain_peak = timed([sys.executable, "-c", PLAIN, str(folder)], {})
    lines = [
        "# A folder of sounds from drop to map",
        "",
        *(__doc__ or "").splitlines()[2:],
        "",
        f"{args.count:,} sounds, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} from other work meanwhile:",
        "",
        "| | seconds | CPU seconds | first 500 on the map | memory, at most |",
        "| --- | --- | --- | --- | --- |",
        f"| `library add` | {ours:.1f} | {our_cpu:.1f} | {until:.1f} s | {our_peak:.0f} MiB |",
        f"| then its latents, in the background | {later:.1f} | {later_cpu:.1f} | | {later_peak:.0f} MiB |",
        f"| librosa and umap-learn | {plain:.1f} | {plain_cpu:.1f} | with the last | {plain_peak:.0f} MiB |",
        f"| ratio, to the complete map | {plain / ours:.1f} | {plain_cpu / our_cpu:.1f} | | |",
    ]
    publish(lines, _RESULT, args.write)


if __name__ == "__main__":
    main()
