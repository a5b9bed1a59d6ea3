"""Error against rate: models of the recipe timbre-space that spend 8, 16, 32, 64 and 128 nats on a note.

    python benchmarks/frontier.py --data path/to/nsynth [--notes 60] [--epochs 6] [--work FOLDER] [--write]

The one of 128 nats is the shipped timbre-space. The others begin with its weights and are trained with another
`objective.nats`: they are taken from --work (FOLDER/timbre-space-64 and so on), and what is not there is trained for some
epochs on the starter library. Measured are instruments of --data that none of them, and none of the baselines, was trained on:
their notes reconstructed, with and without the note's own playing (level, pitch and noise over time), and the instrument's
other notes asked for. What was measured is kept in --work too, and taken from there when the command runs again. --write puts
table and picture into docs/results/.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from shared import NSYNTH, ROOT, measures_of, mel_error
from tqdm import tqdm

from timbre_core.analysis.evaluation import select_rows
from timbre_core.analysis.latents import spread_over
from timbre_core.analysis.yardsticks.cross_pitch import choose_pairs, measure_pairs, summarise_pairs
from timbre_core.analysis.yardsticks.parts import resampled
from timbre_core.analysis.yardsticks.shifters import shifters
from timbre_core.analysis.yardsticks.sound import summarise_sounds
from timbre_core.checkpoint import Checkpoint, open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.experiment import train
from timbre_core.files import write_json, write_text
from timbre_core.generation.timbre_code import decoded_at
from timbre_core.space import TimbreSpace

RATES = (8, 16, 32, 64, 128)
START = "timbre-space"
BASELINES = ("nsynth-cvae", "nsynth-vae")
RESULT = ROOT / "docs" / "results" / "frontier.md"
COLUMNS = ("nats", "stft", "log_mel_db", "drawn_db", "evenly_db", "onset_db", "above_4k_db", "cross_5", "cross_12")
IMPROVED = ", improved"
_PAIRS = 40


def trained(nats: int, epochs: int, work: Path) -> Checkpoint:
    """The model of a rate: the shipped one, or from `work`, or trained."""
    start = open_checkpoint(START)
    objective = start.recipe.objective
    if nats == objective.nats:
        return start
    folder = work / f"{START}-{nats}"
    if not folder.is_dir():
        changes = [
            f"objective.nats={nats}",
            # The fewer the nats, the more each mends: at the old price some more would pay than are asked for.
            f"objective.beta={objective.beta * (objective.nats or nats) / nats:g}",
            f"training.epochs={epochs}",
            f"training.start_from={START}",
            "training.learning_rate=0.0007",
            "training.pictures=0",
        ]
        train(START, "starter", folder, changes=changes, maps=[], map_notes=1, workers=1, resume=True, bars=True)
    return open_checkpoint(folder)


def as_encoded(checkpoint: Checkpoint) -> Checkpoint:
    """A checkpoint whose latents are not improved after encoding, which would spend other nats than are asked for."""
    model = checkpoint.recipe.model.model_copy(update={"refinement": 0})
    return replace(checkpoint, recipe=checkpoint.recipe.model_copy(update={"model": model}))


def measured(space: TimbreSpace, library: Library, rows: np.ndarray) -> dict[str, float]:
    """What a model costs and reaches on the notes of `rows`: COLUMNS but for other pitches."""
    random = np.random.default_rng(0)
    nats, sounds = [], []
    errors: dict[str, list[float]] = {"drawn_db": [], "evenly_db": []}
    for row in map(int, rows):
        audio, pitch = library.load(row, space.sample_rate), float(library.notes["pitch"].iloc[row])
        frames, ref_db = space.analyse(audio, pitch)
        found = space.encode(frames, pitch)
        nats.append(float(0.5 * (np.square(found.mu) + np.exp(found.logvar) - 1 - found.logvar).sum()))
        drawn = found.mu + np.exp(0.5 * found.logvar) * random.standard_normal(found.mu.shape)
        mean, other = (space.decode(z, found.starts, found.n_frames, pitch) for z in (found.mu, drawn))
        evenly = space.invert(mean, ref_db, pitch, len(audio))
        if space.performs:
            own = space.performance_of(audio, pitch)
            played, other = (space.perform(part, ref_db, own, len(audio), same_note=True) for part in (mean, other))
        else:
            played, other = evenly, space.invert(other, ref_db, pitch, len(audio))
        sounds.append(measures_of(library, row, space, played))
        for name, heard in (("drawn_db", other), ("evenly_db", evenly)):
            errors[name].append(mel_error(library, row, space, heard))
    told = summarise_sounds(pd.DataFrame(sounds))
    return {
        "nats": float(np.mean(nats)),
        "stft": told["stft"]["median"],
        "log_mel_db": told["log_mel_db"]["median"],
        "onset_db": told["onset_db"]["size"],
        "above_4k_db": told["above_4k_db"]["size"],
        **{name: float(np.median(each)) for name, each in errors.items()},
    }


def kept(checkpoint: Checkpoint, library: Library, rows: np.ndarray, file: Path) -> dict[str, float]:
    """All COLUMNS of a model: from a file, where they are kept, or measured."""
    if not file.is_file():
        space = TimbreSpace(checkpoint)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, measured(space, library, rows) | cross_pitch(space, library, rows))
    told: dict[str, float] = json.loads(file.read_text("utf-8"))
    return told


def cross_pitch(space: TimbreSpace, library: Library, rows: np.ndarray) -> dict[str, float]:
    """Errors in dB at 5 and 12 semitones over those of librosa's pitch_shift; nothing of a model not told the pitch."""
    if not space.recipe.uses_pitch:
        return {}
    unseen = np.flatnonzero(library.notes["instrument"].isin(library.notes["instrument"].iloc[rows]))
    pairs = choose_pairs(library.notes, unseen, _PAIRS, (5, 12))
    own = space.sample_rate
    rate = min(own, library.native_rate(int(rows[0])))

    def model(audio: np.ndarray, rate: int, pitch: float, to_pitch: float) -> np.ndarray:
        return resampled(decoded_at(space, resampled(audio, rate, own), pitch, to_pitch), own, rate)

    methods = {"model": model, "pitch_shift": shifters()["pitch_shift"]}
    table = measure_pairs(pairs, library.notes, lambda row: library.load(row, rate), rate, methods)
    each = summarise_pairs(table, ("model",))["methods"]
    ours, base = each["model"]["by_interval"], each["pitch_shift"]["by_interval"]
    return {"cross_5": ours["5"] / base["5"], "cross_12": ours["12"] / base["12"]}


def curve(table: pd.DataFrame) -> pd.DataFrame:
    """The models of timbre-space as they encode, in the order of their nats."""
    return table[~table.index.isin(BASELINES) & ~table.index.str.endswith(IMPROVED)].sort_values("nats")


def at_equal_rate(table: pd.DataFrame) -> list[str]:
    """Lines on what the models of timbre-space reach at the baselines' rates, read between two of them."""
    own = curve(table)
    lines = []
    for name, row in table[table.index.isin(BASELINES)].iterrows():
        reached = {
            column: float(np.interp(np.log2(row["nats"]), np.log2(own["nats"]), own[column]))
            for column in ("log_mel_db", "drawn_db", "evenly_db")
        }
        lines.append(
            f"- At the {row['nats']:.0f} nats that {name} spends on a note ({row['log_mel_db']:.2f} dB; z drawn "
            f"{row['drawn_db']:.2f}), models of timbre-space are {reached['log_mel_db']:.2f} dB off (z drawn "
            f"{reached['drawn_db']:.2f}, played evenly {reached['evenly_db']:.2f})."
        )
    return lines


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
    own = curve(table)
    for column, dashes in (("log_mel_db", ""), ("evenly_db", ' stroke-dasharray="5 4"')):
        points = " ".join(f"{x:.0f},{y:.0f}" for x, y in map(place, own["nats"], own[column]))
        lines.append(f'<polyline points="{points}" fill="none" stroke="#1f6feb" stroke-width="2"{dashes}/>')
    for name, row in table.iterrows():
        x, y = place(row["nats"], row["log_mel_db"])
        colour = "#b35900" if name in BASELINES else "#2da44e" if str(name).endswith(IMPROVED) else "#1f6feb"
        lines.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{colour}"/>')
        if name in BASELINES:
            lines.append(f'<text x="{x + 6:.0f}" y="{y - 8:.0f}">{name}</text>')
    return "\n".join([*lines, "</svg>", ""])


def how(checkpoint: Checkpoint) -> str:
    """How a model of timbre-space was trained, in words."""
    if checkpoint.name == START:
        return f"the shipped {START}"
    told = checkpoint.recipe.provenance.get("how")
    return (
        str(told)
        if told
        else f"from the shipped weights, {checkpoint.recipe.training.epochs} epochs of the starter library"
    )


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
    own = {f"{nats} nats": trained(nats, args.epochs, args.work) for nats in args.rates}
    every = baselines | {name: as_encoded(each) for name, each in own.items()}
    every |= {f"{name}{IMPROVED}": each for name, each in own.items()}
    found = {
        name: kept(
            each, library, rows, args.work / f"{name.replace(' ', '-').replace(',', '')}-{args.notes}-notes.json"
        )
        for name, each in tqdm(every.items(), unit="model")
    }
    table = pd.DataFrame(found, index=COLUMNS).T
    lines = [
        "# Error against rate",
        "",
        f"Written by `python benchmarks/frontier.py --notes {args.notes} --epochs {args.epochs} --work FOLDER --write`.",
        f"{len(rows)} notes of {instruments} instruments that no model here was trained on, at the recordings' own rate;",
        "medians, of signed errors without sign. Models of timbre-space have the note's own playing (level, pitch and noise",
        "over time, some 370 numbers a second, no spectrum) and through z everything else; played evenly, they too have nothing",
        "but z and the pitch, as the baselines have. Nats are measured: of a whole note, all its windows together. z is the mean",
        "of what the encoder says, told more exactly than those nats pay for; drawn from it, it is not. Improved: by",
        "`model.refinement`, as the program does with timbre-space, which spends nats of its own. 5 / 12 semitones: log-mel",
        "errors of the instrument's own note there, over those of librosa's pitch_shift; a model not told the pitch has none.",
        "The baselines learned from 30 instruments of NSynth, timbre-space from 25 of these and from two SoundFonts.",
        "",
        "| | nats a note | STFT distance | log-mel, dB | z drawn | played evenly | first 50 ms, dB | above 4 kHz, dB "
        "| 5 / 12 semitones |",
        "| --- " * 9 + "|",
    ]
    for name, row in table.iterrows():
        shares = "-" if np.isnan(row["cross_5"]) else f"{row['cross_5']:.2f} / {row['cross_12']:.2f}"
        lines.append(
            f"| {name} | {row['nats']:.0f} | {row['stft']:.2f} | {row['log_mel_db']:.2f} | {row['drawn_db']:.2f} "
            f"| {row['evenly_db']:.2f} | {row['onset_db']:.1f} | {row['above_4k_db']:.1f} | {shares} |"
        )
    lines += ["", *at_equal_rate(table)]
    ways: dict[str, list[str]] = {}
    for name, each in own.items():
        ways.setdefault(how(each), []).append(name)
    lines += [f"- {', '.join(names)}: {way}." for way, names in ways.items()]
    lines += ["", "Full line: with the note's own playing; dashed: played evenly; green: improved."]
    text = "\n".join([*lines, "", "![Error against rate](frontier.svg)", ""])
    print(text)
    if args.write:
        write_text(RESULT.with_suffix(".svg"), picture(table))
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
