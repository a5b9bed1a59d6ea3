"""VaPar Synth's evaluation: plain and conditioned autoencoder side by side, with pitches left out of training.

Trains `vapar-cvae` and `vapar-ae` on all pitches, without MIDI 63, and on the ends of the octave alone, and prints

- the squared error of reconstructed frames of each pitch, and how MIDI 63 compares with its neighbours;
- pitch control: timbres of notes decoded at another pitch, against the same instrument at that pitch and velocity
  (log-spectral distance of mean envelopes), beside what comes of keeping the envelope as it is;
- how closely a generated vibrato note's measured pitch follows the contour asked for.

    python benchmarks/vapar.py --data notes48 --out runs/

Renders at 48 kHz are what to measure on (see recipes/vapar-cvae.yaml); a run that is in --out is not trained again. Settings are
chosen on validation instruments, so that the test instruments' figures stay blind to the choice:

    python benchmarks/vapar.py --data notes48 --out runs-0.1/ --systems vapar-cvae --unseen valid --set objective.beta=0.1
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from shared import print_table

from timbre_core.analysis.coding import Coder
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import recipe_library
from timbre_core.datasets.store_build import build_store
from timbre_core.features.frames import mean_error_db
from timbre_core.features.pitch_track import track_pitch
from timbre_core.inversion.any_kind import invert
from timbre_core.models.weights import load_weights
from timbre_core.recipes.networks import build_network
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.training.distributed import team
from timbre_core.training.trainer import train

RUNS = {"all pitches": "[]", "without 63": "[63]", "60, 61, 70, 71 alone": '["62-69"]'}
SYSTEMS = ("vapar-cvae", "vapar-ae")
_FRAMES = 24  # of a note, evenly spaced, that are measured
_SHIFTS = (3, 11)  # semitones


def model_of(system: str, left_out: str, store: FeatureStore, args: argparse.Namespace) -> Coder:
    """A system trained without the pitches that `left_out` names; the store's splits are changed to suit."""
    settings = [
        f"training.epochs={args.epochs}",
        "training.pictures=0",
        f"data.leave_out.pitches={left_out}",
        *args.set,
    ]
    recipe = load_recipe(system, settings)
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"roots": args.data})})
    notes = recipe_library(recipe.data, progress=False).notes
    store.notes["split"] = store.notes["note_id"].map(dict(zip(notes["note_id"], notes["split"], strict=True)))
    folder = Path(args.out) / system / "".join(letter for letter in left_out if letter.isalnum() or letter == "-")
    if not (folder / "model.safetensors").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with team("cpu") as members:
            train(recipe, store, folder, members)
    network = build_network(recipe)
    load_weights(folder / "model.safetensors", network)
    return Coder(network.eval(), torch.device("cpu"), recipe)


def measured_frames(store: FeatureStore) -> list[np.ndarray]:
    """Some frames (count, n_bins, 1) of every note."""
    chosen = []
    for row in range(len(store)):
        frames = store.note(row)
        places = np.linspace(0, frames.shape[1] - 1, _FRAMES).round().astype(int)
        chosen.append(np.ascontiguousarray(frames[:, places].T[..., None]))
    return chosen


def reconstruction(coder: Coder, notes: pd.DataFrame, frames: list[np.ndarray]) -> pd.Series:
    """Mean squared error of each note, mu decoded."""
    errors = []
    for pitch, windows in zip(notes["pitch"], frames, strict=True):
        each = np.full(len(windows), pitch)
        errors.append(np.square(coder.decode(coder.encode(windows, each)[0], each) - windows).mean())
    return pd.Series(errors, index=notes.index)


def control(coder: Coder | None, notes: pd.DataFrame, frames: list[np.ndarray]) -> float:
    """Mean distance in dB between envelopes moved to another pitch and the true ones there; None keeps them as they are."""
    rng = np.random.default_rng(0)
    means = [windows.mean(axis=0) for windows in frames]
    settings = load_recipe("vapar-cvae").features
    distances = []
    for _, group in notes.groupby(["instrument", "velocity"]):
        rows = group.index.to_numpy()
        for row in rows:
            away = np.abs(notes["pitch"][rows] - notes["pitch"][row])
            others = rows[(away >= _SHIFTS[0]) & (away <= _SHIFTS[1])]
            if not len(others):
                continue
            other = rng.choice(others)
            moved = means[row]
            if coder is not None:
                here, there = (np.full(_FRAMES, notes["pitch"][each]) for each in (row, other))
                moved = coder.decode(coder.encode(frames[row], here)[0], there).mean(axis=0)
            distances.append(mean_error_db(moved, means[other], settings))
    return float(np.mean(distances))


def vibrato_cents(coder: Coder, windows: np.ndarray, centre: float) -> float:
    """Median distance in cents of a vibrato note's measured pitch from its contour; the timbre is held."""
    features = coder.recipe.features
    time = np.arange(round(2 * features.frame_rate)) / features.frame_rate
    contour = centre + 0.5 * np.sin(2 * np.pi * 5 * time)
    mu, _ = coder.encode(windows, np.full(len(windows), centre))
    z = np.repeat(mu.mean(axis=0)[None], len(contour), axis=0)
    frames = coder.decode(z, contour)[..., 0].T
    audio = invert(frames, -6.0, features, coder.recipe.inversion, pitch=contour)
    heard = track_pitch(audio, features.sample_rate, features.hop_length).midi
    count = min(len(heard), len(contour))
    cents = 100 * (heard[:count] - contour[:count])
    return float(np.nanmedian(np.abs(cents)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True, help="notes of MIDI 60-71 at 48 kHz")
    parser.add_argument("--epochs", type=int, default=150, help="of each training (default: 150)")
    parser.add_argument("--out", default="vapar-runs", help="folder for the trainings (default: vapar-runs)")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS, help="default: both")
    parser.add_argument(
        "--trained-on", nargs="+", choices=RUNS, default=RUNS, metavar="RUN", help=f"default: all of {', '.join(RUNS)}"
    )
    parser.add_argument(
        "--unseen",
        choices=("valid", "test"),
        default="test",
        help="split whose instruments are measured (default: test)",
    )
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="change the recipes")
    args = parser.parse_args()
    recipe = load_recipe(SYSTEMS[0], args.set)
    library = recipe_library(recipe.data.model_copy(update={"roots": args.data}), progress=False)
    store = build_store(library, recipe.features)
    frames = measured_frames(store)
    notes = store.notes
    subsets = [np.flatnonzero(notes["split"] == split) for split in ("train", args.unseen)]
    pitches = sorted(set(notes["pitch"].astype(int)))
    errors, figures = [], []
    for run in args.trained_on:
        for system in args.systems:
            coder = model_of(system, RUNS[run], store, args)
            error = reconstruction(coder, notes, frames)
            by_pitch = error.groupby(notes["pitch"].astype(int)).mean()
            errors.append((f"{system}, {run}", *(f"{1e4 * by_pitch[pitch]:.2f}" for pitch in pitches)))
            moved = [
                control(coder, notes.iloc[rows].reset_index(drop=True), [frames[row] for row in rows])
                for rows in subsets
            ]
            at = next(row for row in subsets[1] if notes["pitch"][row] == 63)
            figures.append(
                (
                    f"{system}, {run}",
                    *(f"{1e4 * error[rows].mean():.2f}" for rows in subsets),
                    f"{by_pitch[63] / by_pitch[[62, 64]].mean():.2f}",
                    *(f"{distance:.2f}" for distance in moved),
                    f"{vibrato_cents(coder, frames[at], 63):.1f}",
                )
            )
    kept = [control(None, notes.iloc[rows].reset_index(drop=True), [frames[row] for row in rows]) for rows in subsets]
    figures.append(("envelope kept as it is", "-", "-", "-", *(f"{distance:.2f}" for distance in kept), "-"))
    print(
        f"{len(notes)} notes; seen: {len(subsets[0])} of training instruments, unseen: {len(subsets[1])} of {args.unseen} "
        f"instruments; {args.epochs} epochs\n"
    )
    print("squared error x 10^4 by MIDI pitch")
    print_table(("system, trained on", *map(str, pitches)), errors)
    print("\nerrors x 10^4, 63 against the mean of 62 and 64, envelopes moved 3 to 11 semitones (dB), vibrato (cents)")
    columns = ("error, seen", "unseen", "63 / neighbours", "moved, seen", "moved, unseen", "vibrato, cents")
    print_table(("system, trained on", *columns), figures)


if __name__ == "__main__":
    main()
