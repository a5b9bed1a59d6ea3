"""What timbre transfer keeps and what it moves: pitch, loudness over time, and how near the result comes to its target.

    python benchmarks/transfer.py --data path/to/nsynth [--checkpoint nsynth-cvae] [--notes 20]

Notes of the test split are moved toward other families by growing amounts; each result is analysed and encoded as any sound.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from timbre_core.analysis.latents import spread_over
from timbre_core.checkpoint import find_checkpoint
from timbre_core.datasets.library import open_library
from timbre_core.features.loudness import loudness, loudness_correlation
from timbre_core.features.pitch_track import track_pitch
from timbre_core.space import TimbreSpace
from timbre_core.transfer import open_sound, target_mean, transfer

AMOUNTS = (0.0, 0.25, 0.5, 0.75, 1.0)
SHIFTS = (-12.0, -5.0, 7.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--checkpoint", default="nsynth-cvae")
    parser.add_argument("--notes", type=int, default=20)
    args = parser.parse_args()
    space = TimbreSpace(find_checkpoint(args.checkpoint))
    library = open_library([args.data], progress=False)
    rows = np.flatnonzero(
        (library.notes["split"] == "test").to_numpy() & library.notes["pitch"].between(40, 84).to_numpy()
    )
    rows = rows[spread_over(library.notes.iloc[rows], args.notes)]
    families = sorted(set(space.checkpoint.latents["family"]))
    rng = np.random.default_rng(0)
    found = {amount: [] for amount in AMOUNTS}
    seconds, falls, shifted = [], [], []
    for row in rows:
        audio = library.load(int(row), space.sample_rate)
        began = time.perf_counter()
        sound = open_sound(space, audio)
        opened = time.perf_counter() - began
        family = rng.choice([name for name in families if name != library.notes["family"].iloc[row]])
        target = target_mean(space, family, sound.pitch.median)
        distances = []
        for amount in AMOUNTS:
            began = time.perf_counter()
            result = transfer(space, sound, family, amount)
            seconds.append(time.perf_counter() - began)
            again = open_sound(space, result.audio)
            distances.append(float(np.linalg.norm(again.trajectory.mean - target)))
            near = space.neighbours(again.trajectory.mean, 5)["family"]
            found[amount].append(
                (
                    _cents(sound.pitch.midi, again.pitch.midi),
                    _loudness(audio, result.audio, space),
                    distances[-1],
                    (near == family).mean(),
                )
            )
        falls.append(all(np.diff(distances) < 0))
        for shift in SHIFTS:
            wanted = sound.pitch.shifted(shift)
            result = transfer(space, sound, family, 0.5, wanted)
            measured = track_pitch(result.audio, space.sample_rate, space.recipe.features.hop_length).midi
            shifted.append(_cents(wanted.midi, measured))
    print(
        f"{args.checkpoint}: {len(rows)} notes, opened in {1000 * opened:.0f} ms, moved in {1000 * np.median(seconds):.0f} ms"
    )
    print(
        "amount | cents off (median) | within 50 cents | loudness correlation | distance to target | neighbours of its family"
    )
    for amount, values in found.items():
        cents, level, distance, share = np.array(values).T
        print(
            f"{amount:6.2f} | {np.nanmedian(cents):8.1f} | {np.nanmean(cents < 50):6.2f} | {np.median(level):6.3f} | "
            f"{distance.mean():6.2f} | {share.mean():6.2f}"
        )
    print(f"distance falls at every step: {np.mean(falls):.2f} of the notes")
    within = np.nanmean(np.array(shifted) < 50)
    print(f"at other pitches {SHIFTS}: {np.nanmedian(shifted):.1f} cents off, {within:.2f} within 50 cents")


def _cents(a: np.ndarray, b: np.ndarray) -> float:
    size = min(len(a), len(b))
    both = ~np.isnan(a[:size]) & ~np.isnan(b[:size])
    return float(np.median(np.abs(100 * (a[:size] - b[:size])[both]))) if both.any() else float("nan")


def _loudness(a: np.ndarray, b: np.ndarray, space: TimbreSpace) -> float:
    return loudness_correlation(loudness(a, space.sample_rate), loudness(b, space.sample_rate))


if __name__ == "__main__":
    main()
