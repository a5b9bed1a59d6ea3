"""Error against rate: small models of the recipe timbre-space that spend 8, 16, 32, 64 and 128 nats on a note.

    python benchmarks/frontier.py --data path/to/nsynth [--notes 60] [--epochs 6] [--work FOLDER] [--write]

Each is trained for a few epochs on the starter library from the weights of the shipped timbre-space, with another
`objective.nats`, and measured on instruments of --data that none of them, and none of the baselines, was trained on:
reconstructed with the note's own playing (level, pitch and noise over time), and asked for the instrument's other notes.
Trained models are kept in --work and taken from there when the command runs again. --write puts table and picture into
docs/results/.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from shared import NSYNTH, ROOT

from timbre_core.analysis.evaluation import select_rows
from timbre_core.analysis.latents import spread_over
from timbre_core.analysis.yardsticks.cross_pitch import choose_pairs, measure_pairs, summarise_pairs
from timbre_core.analysis.yardsticks.shifters import shifters
from timbre_core.analysis.yardsticks.sound import Profile, sound_measures, summarise_sounds
from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.experiment import train
from timbre_core.files import write_text
from timbre_core.generation.timbre_code import decoded_at
from timbre_core.space import TimbreSpace

RATES = (8, 16, 32, 64, 128)
START = "timbre-space"
BASELINES = ("nsynth-cvae", "nsynth-vae")
RESULT = ROOT / "docs" / "results" / "frontier.md"
COLUMNS = ("nats", "stft", "log_mel_db", "onset_db", "above_4k_db", "cross_5", "cross_12")
_PAIRS = 40


def trained(nats: int, epochs: int, work: Path) -> TimbreSpace:
    """The model of a rate, from `work` or trained."""
    folder = work / f"{START}-{nats}"
    if not folder.is_dir():
        changes = [
            f"objective.nats={nats}",
            f"training.epochs={epochs}",
            f"training.start_from={START}",
            "training.learning_rate=0.0007",
            "training.pictures=0",
        ]
        train(START, "starter", folder, changes=changes, maps=[], map_notes=1, workers=1, resume=True, bars=True)
    return TimbreSpace(open_checkpoint(folder))


def measured(space: TimbreSpace, library: Library, rows: np.ndarray) -> dict[str, float]:
    """What a model costs and reaches on the notes of `rows`: COLUMNS."""
    sounds, nats = [], []
    for row in rows:
        note = library.notes.iloc[row]
        audio, pitch = library.load(int(row), space.sample_rate), float(note["pitch"])
        made = space.reconstruct(audio, pitch)
        nats.append(float(_kl(space, made.trajectory.mu, made.trajectory.logvar)))
        measures = sound_measures(Profile(made.original, space.sample_rate, pitch), made.reconstruction)
        sounds.append(measures | {"instrument": note["instrument"]})
    found: dict[str, Any] = summarise_sounds(pd.DataFrame(sounds))
    told = {"nats": float(np.mean(nats)), "stft": found["stft"]["median"], "log_mel_db": found["log_mel_db"]["median"]}
    told |= {name: found[name]["size"] for name in ("onset_db", "above_4k_db")}
    return told | cross_pitch(space, library, rows)


def cross_pitch(space: TimbreSpace, library: Library, rows: np.ndarray) -> dict[str, float]:
    """Errors in dB at 5 and 12 semitones over those of librosa's pitch_shift; NaN for a model that is not told the pitch."""
    if not space.recipe.uses_pitch:
        return {"cross_5": np.nan, "cross_12": np.nan}
    unseen = np.flatnonzero(library.notes["instrument"].isin(library.notes["instrument"].iloc[rows]))
    pairs = choose_pairs(library.notes, unseen, _PAIRS, (5, 12))
    methods = {
        "model": lambda audio, rate, pitch, to: decoded_at(space, audio, pitch, to),
        "pitch_shift": shifters()["pitch_shift"],
    }
    rate = space.sample_rate
    table = measure_pairs(pairs, library.notes, lambda row: library.load(row, rate), rate, methods)
    each = summarise_pairs(table, ("model",))["methods"]
    own, base = each["model"]["by_interval"], each["pitch_shift"]["by_interval"]
    return {"cross_5": own["5"] / base["5"], "cross_12": own["12"] / base["12"]}


def _kl(space: TimbreSpace, mu: np.ndarray, logvar: np.ndarray) -> np.floating:
    """Nats of a whole note, all its windows together, from a standard normal prior."""
    return 0.5 * (np.square(mu) + np.exp(logvar) - 1 - logvar).sum()


def picture(table: pd.DataFrame) -> str:
    """Log-mel error against rate, as an SVG."""
    width, height, left, bottom = 560, 320, 60, 270
    top = 1.1 * float(table["log_mel_db"].max())

    def place(nats: float, error: float) -> tuple[float, float]:
        return left + 95 * float(np.log2(nats / 4)), bottom - (bottom - 20) * error / top

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{width / 2}" y="{height - 8}" text-anchor="middle">nats a note</text>',
        f'<text x="16" y="{bottom / 2}" text-anchor="middle" transform="rotate(-90 16 {bottom / 2})">log-mel error, dB</text>',
    ]
    for nats in (4, 8, 16, 32, 64, 128):
        x, _ = place(nats, 0)
        lines.append(f'<path d="M{x:.0f} 20V{bottom}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:.0f}" y="{bottom + 18}" text-anchor="middle">{nats}</text>')
    for error in range(int(top) + 1):
        _, y = place(4, error)
        lines.append(f'<path d="M{left} {y:.0f}H{width - 20}" stroke="#ddd"/>')
        lines.append(f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{error}</text>')
    own = table[~table.index.isin(BASELINES)].sort_values("nats")
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in map(place, own["nats"], own["log_mel_db"]))
    lines.append(f'<polyline points="{points}" fill="none" stroke="#1f6feb" stroke-width="2"/>')
    for name, row in table.iterrows():
        x, y = place(row["nats"], row["log_mel_db"])
        lines.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{"#b35900" if name in BASELINES else "#1f6feb"}"/>'
        )
        lines.append(f'<text x="{x + 6:.0f}" y="{y - 8:.0f}">{name}</text>')
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=NSYNTH, help="an NSynth folder to measure on")
    parser.add_argument("--notes", type=int, default=60, help="that are reconstructed (60)")
    parser.add_argument("--epochs", type=int, default=6, help="of each model (6)")
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="nats a note")
    parser.add_argument("--work", type=Path, default=Path("frontier-work"), help="where trained models are kept")
    parser.add_argument("--write", action="store_true", help=f"write {RESULT.relative_to(ROOT)} and its picture")
    args = parser.parse_args()
    library = open_library([args.data])
    baselines = {name: open_checkpoint(name) for name in BASELINES}
    rows = np.arange(len(library.notes))
    for checkpoint in (open_checkpoint(START), *baselines.values()):
        rows = np.intersect1d(rows, select_rows(checkpoint, library, "unseen"))
    instruments = library.notes["instrument"].iloc[rows].nunique()
    rows = rows[spread_over(library.notes.iloc[rows], args.notes)]
    found = {name: measured(TimbreSpace(each), library, rows) for name, each in baselines.items()}
    found |= {f"{nats} nats": measured(trained(nats, args.epochs, args.work), library, rows) for nats in args.rates}
    table = pd.DataFrame(found, index=COLUMNS).T
    lines = [
        "# Error against rate",
        "",
        f"Written by `python benchmarks/frontier.py --notes {args.notes} --epochs {args.epochs} --write`.",
        f"{len(rows)} notes of {instruments} instruments that no model here was trained on; medians. Reconstructions of the",
        "models of timbre-space have the note's own playing (level, pitch and noise over time, some 370 numbers a second, no",
        "spectrum) and through z everything else; the baselines, at 16 kHz, have nothing but z. Each is trained for a few epochs",
        "from the shipped weights; 5 / 12 semitones are log-mel errors of the instrument's own note there, over those of",
        "librosa's pitch_shift.",
        "",
        "| | nats a note | STFT distance | log-mel, dB | first 50 ms, dB | above 4 kHz, dB | 5 / 12 semitones |",
        "| --- " * 7 + "|",
    ]
    for name, row in table.iterrows():
        shares = "not told the pitch" if np.isnan(row["cross_5"]) else f"{row['cross_5']:.2f} / {row['cross_12']:.2f}"
        lines.append(
            f"| {name} | {row['nats']:.0f} | {row['stft']:.2f} | {row['log_mel_db']:.2f} | {row['onset_db']:.1f} "
            f"| {row['above_4k_db']:.1f} | {shares} |"
        )
    text = "\n".join([*lines, "", "![Error against rate](frontier.svg)", ""])
    print(text)
    if args.write:
        write_text(RESULT.with_suffix(".svg"), picture(table))
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
