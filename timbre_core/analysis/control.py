"""Does a model play the pitch it is asked for? Generate notes at other pitches than their timbre's, and measure f0."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from timbre_core.analysis.coding import Coder, Note
from timbre_core.analysis.latents import spread_over
from timbre_core.analysis.metrics import fold_octaves
from timbre_core.datasets.library import Library
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.windows import overlap_add
from timbre_core.inversion.any_kind import invert

RANGE = (36, 96)
"""MIDI pitches that are asked for: where every family plays, and where f0 is measured best."""

SHIFTS = (3, 12)
"""Semitones between the note that a timbre is taken from and the pitch asked for."""

IN_TUNE = 50.0
"""Cents: nearer to the key that was asked for than to any other."""

_BATCH = 8  # notes inverted at once


def measure_control(
    coder: Coder, library: Library, rows: np.ndarray, most: int, seed: int = 0, progress: bool = True
) -> dict[str, Any]:
    """Generate and measure at most `most` of the notes in `rows`; what is returned is told in `evaluate`."""
    rows = rows[~np.isnan(library.notes["pitch"].to_numpy(np.float64)[rows])]
    targets = requested_pitches(library.notes, rows, seed)
    rows = rows[~np.isnan(targets)]
    targets = targets[~np.isnan(targets)]
    chosen = spread_over(library.notes.iloc[rows], most) if most else np.arange(0)
    asked_for = dict(zip(rows[chosen].tolist(), targets[chosen].tolist(), strict=True))
    generated: list[float] = []
    recorded: list[float] = []
    inverted: list[float] = []
    if not len(chosen):
        return _summary(np.empty(0), np.empty(0), np.empty(0))
    rate = coder.recipe.features.sample_rate
    with tqdm(total=len(chosen), desc="control", unit="note", disable=not progress, file=sys.stderr) as bar:
        for batch in _batches(coder.notes(library, rows[chosen])):
            asked = [asked_for[note.index] for note in batch]
            labels = [note.pitch for note in batch]
            generated += _cents(generate_at(coder, batch, asked), asked, rate)
            inverted += _cents(_inverted(coder, batch, [note.frames for note in batch], labels), labels, rate)
            recorded += _cents((library.load(note.index, rate) for note in batch), labels, rate)
            bar.update(len(batch))
    return _summary(np.array(generated), np.array(inverted), np.array(recorded))


def requested_pitches(notes: pd.DataFrame, rows: np.ndarray, seed: int) -> np.ndarray:
    """A MIDI key for each row: another than its own, `SHIFTS` away, inside `RANGE`, NaN where there is none.

    Keys that the note's instrument plays in `notes` go before others. What is drawn hangs on the seed and the row alone.
    """
    lowest = notes.groupby("instrument")["pitch"].transform("min").to_numpy(np.float64)
    highest = notes.groupby("instrument")["pitch"].transform("max").to_numpy(np.float64)
    pitch = notes["pitch"].to_numpy(np.float64)
    keys = np.arange(RANGE[0], RANGE[1] + 1)
    chosen = np.full(len(rows), np.nan)
    for place, row in enumerate(rows):
        shift = np.abs(keys - pitch[row])
        possible = keys[(shift >= SHIFTS[0]) & (shift <= SHIFTS[1])]
        natural = possible[(possible >= lowest[row]) & (possible <= highest[row])]
        pool = natural if len(natural) else possible
        if len(pool):
            chosen[place] = np.random.default_rng([seed, int(row)]).choice(pool)
    return chosen


def generate_at(coder: Coder, notes: list[Note], pitches: list[float]) -> Iterator[np.ndarray]:
    """Audio (n_samples,) of each note's timbre at another pitch: mu of its windows, decoded there and inverted."""
    counts = [len(note.starts) for note in notes]
    mu, _ = coder.encode(np.concatenate([note.windows for note in notes]), np.repeat([n.pitch for n in notes], counts))
    windows = np.split(coder.decode(mu, np.repeat(pitches, counts)), np.cumsum(counts)[:-1])
    frames = [overlap_add(w, n.starts, n.frames.shape[1]) for w, n in zip(windows, notes, strict=True)]
    yield from _inverted(coder, notes, frames, pitches)


def _inverted(coder: Coder, notes: list[Note], frames: list[np.ndarray], pitches: list[float]) -> Iterator[np.ndarray]:
    """Audio of each of `frames`, at the level of its note; at once where all have one length.

    The inverter is not told the pitches, though it could use them: what is measured is to come from the frames alone. Only
    features that hold no pitch, and an inverter that is a source of that pitch, cannot sound without.
    """
    features, inversion = coder.recipe.features, coder.recipe.inversion
    levels = np.array([note.ref_db for note in notes], dtype=np.float32)
    told = pitches if features.needs_pitch or inversion.kind == "excited" else [math.nan] * len(pitches)
    if len({part.shape for part in frames}) == 1:
        yield from invert(np.stack(frames), levels, features, inversion, pitch=np.array(told))
    else:
        for part, level, pitch in zip(frames, levels, told, strict=True):
            yield invert(part, float(level), features, inversion, pitch=pitch)


def _cents(audio: Iterable[np.ndarray], pitches: list[float], sample_rate: int) -> list[float]:
    """Measured minus given pitch of each note in cents, NaN where none can be measured."""
    return [100 * (estimate_f0(note, sample_rate).midi - pitch) for note, pitch in zip(audio, pitches, strict=True)]


def _batches(notes: Iterable[Note]) -> Iterator[list[Note]]:
    batch: list[Note] = []
    for note in notes:
        batch.append(note)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _summary(cents: np.ndarray, inverted: np.ndarray, recorded: np.ndarray) -> dict[str, Any]:
    """Shares of errors in cents, NaN where no pitch could be measured; None without any note."""
    if not len(cents):
        names = ("within_50_cents", "within_octave_error", "unvoiced", "median_cents")
        return {**dict.fromkeys((*names, "inversion_within_50_cents", "recording_within_50_cents")), "notes": 0}
    voiced = np.abs(cents[~np.isnan(cents)])
    return {
        "within_50_cents": _in_tune(cents),
        "within_octave_error": _in_tune(fold_octaves(cents)),
        "unvoiced": float(np.isnan(cents).mean()),
        "median_cents": float(np.median(voiced)) if len(voiced) else None,
        "inversion_within_50_cents": _in_tune(inverted),
        "recording_within_50_cents": _in_tune(recorded),
        "notes": len(cents),
    }


def _in_tune(cents: np.ndarray) -> float:
    return float((np.abs(cents) <= IN_TUNE).mean())
