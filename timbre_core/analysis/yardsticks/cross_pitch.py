"""One note to its instrument's other notes: how near is it, against the real recordings there?"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from timbre_core.analysis.latents import spread_over
from timbre_core.analysis.yardsticks.intervals import bootstrap
from timbre_core.analysis.yardsticks.mel_error import sound_error
from timbre_core.analysis.yardsticks.shifters import Shifter
from timbre_core.errors import TimbreError

INTERVALS = (2, 5, 7, 12, 24)
"""Semitones, up and down."""


@dataclass(frozen=True)
class Pair:
    """Rows of two notes of one instrument, and how many semitones the second is above the first."""

    source: int
    target: int
    semitones: int


def choose_pairs(
    notes: pd.DataFrame, rows: np.ndarray, most: int | None = None, intervals: Sequence[int] = INTERVALS
) -> list[Pair]:
    """Pairs of notes among `rows` of one instrument at one velocity, `intervals` apart, up and down.

    At most `most`, spread over intervals and directions first, then over instruments and pitches; the same table gives the
    same pairs. Notes without a pitch have none. Where velocities are not known, they count as one.
    """
    table = notes.iloc[rows][["instrument", "pitch", "velocity"]].assign(row=rows).dropna(subset=["pitch"])
    table = table.assign(pitch=table["pitch"].round().astype(int), velocity=table["velocity"].fillna(-1))
    table = table.drop_duplicates(["instrument", "pitch", "velocity"])
    steps = [sign * step for step in sorted(set(intervals)) for sign in (1, -1)]
    by_step = {step: _pairs(table, step) for step in steps}
    available = [len(found) for found in by_step.values()]
    quotas = available if most is None else _shared_out(available, most)
    chosen: list[Pair] = []
    for (step, found), quota in zip(by_step.items(), quotas, strict=True):
        kept = found.iloc[spread_over(found, quota)] if quota else found.iloc[:0]
        places = kept[["row", "row_target"]].to_numpy(np.int64)
        chosen += [Pair(int(source), int(target), step) for source, target in places]
    return chosen


def _pairs(table: pd.DataFrame, step: int) -> pd.DataFrame:
    moved = table.assign(pitch=table["pitch"] - step)
    found = table.merge(moved, on=["instrument", "pitch", "velocity"], suffixes=("", "_target"))
    return found.assign(note_id=found["row"].astype(str))


def _shared_out(available: list[int], most: int) -> list[int]:
    """How many of each: as equal as what is available allows, together at most `most`."""
    given = [0] * len(available)
    while sum(given) < min(most, sum(available)):
        open_ = [i for i, (have, got) in enumerate(zip(available, given, strict=True)) if got < have]
        poorest = min(open_, key=lambda i: (given[i], i))
        given[poorest] += 1
    return given


def measure_pairs(
    pairs: Sequence[Pair],
    notes: pd.DataFrame,
    read: Callable[[int], np.ndarray],
    sample_rate: int,
    methods: Mapping[str, Shifter],
    progress: bool = True,
) -> pd.DataFrame:
    """Errors of each method at each pair: a row per pair and method that could make a sound of it.

    Args:
        notes: the note table that pairs are rows of, with `instrument`, `family`, `pitch`, `velocity`.
        read: a row's audio (n_samples,) at `sample_rate` Hz; TimbreError where there is none (the pair is left out).
        methods: by name, functions of (audio, sample_rate, pitch, to_pitch); what raises TimbreError has no row.

    Returns:
        columns `pair`, `method`, `semitones` (signed), `instrument`, `family`, `log_mel_db`, `stft`: loudness matched,
        and `own_level_db`: not; see `sound_error`.
    """
    pitch = notes["pitch"].to_numpy(np.float64)
    rows: list[dict[str, Any]] = []
    for number, pair in enumerate(tqdm(pairs, desc="cross-pitch", unit="pair", disable=not progress, file=sys.stderr)):
        try:
            source, target = read(pair.source), read(pair.target)
        except TimbreError as error:
            tqdm.write(f"skipped: {error}", file=sys.stderr)
            continue
        for name, method in methods.items():
            try:
                heard = method(source, sample_rate, float(pitch[pair.source]), float(pitch[pair.target]))
            except TimbreError as error:
                tqdm.write(f"{name}: {error}", file=sys.stderr)
                continue
            found = sound_error(target, heard, sample_rate)
            if math.isfinite(found.log_mel_db):
                labels = {name: notes[name].iat[pair.source] for name in ("instrument", "family")}
                rows.append({"pair": number, "method": name, "semitones": pair.semitones, **labels, **vars(found)})
    columns = ["pair", "method", "semitones", "instrument", "family", "log_mel_db", "stft", "own_level_db"]
    return pd.DataFrame(rows, columns=columns)


def summarise_pairs(table: pd.DataFrame, own: Sequence[str] = ("model",)) -> dict[str, Any]:
    """The figures of `measure_pairs`, ready for JSON.

    Args:
        own: methods that are not rivals to each other but, each alone, to all others.

    Returns:
        pairs, families: how many; methods: for each, mean `log_mel_db`, `stft` and `own_level_db` over pairs, `interval`
        (bootstrap over instruments, of log_mel_db), `by_interval` ("5": mean log_mel_db over both directions) and `by_family`;
        of the `own` also best_share, the share of pairs where it has the least log_mel_db, and families_won, families where
        its mean is the least.
        Ties are won by nobody.
    """
    table = table.assign(apart=table["semitones"].abs())
    methods: dict[str, dict[str, Any]] = {
        str(name): {
            "log_mel_db": float(part["log_mel_db"].mean()),
            "interval": bootstrap(part["log_mel_db"].to_numpy(), part["instrument"].to_numpy()),
            "stft": float(part["stft"].mean()),
            "own_level_db": float(part["own_level_db"].mean()),
            "by_interval": _means(part, "apart"),
            "by_family": _means(part, "family"),
        }
        for name, part in table.groupby("method", sort=False)
    }
    for name in own:
        if name in methods:
            rivals = table[(table["method"] == name) | ~table["method"].isin(own)]
            methods[name]["best_share"] = float(_won(rivals, "pair", name).mean())
            methods[name]["families_won"] = int(_won(rivals, "family", name).sum())
    return {"pairs": int(table["pair"].nunique()), "families": int(table["family"].nunique()), "methods": methods}


def _means(table: pd.DataFrame, column: str) -> dict[str, float]:
    return {str(name): float(value) for name, value in table.groupby(column)["log_mel_db"].mean().items()}


def _won(table: pd.DataFrame, column: str, name: str) -> pd.Series:
    """For each value of `column` whether a method's mean error is less than every other's."""
    errors = table.pivot_table(index=column, columns="method", values="log_mel_db").dropna(subset=[name])
    others = errors.drop(columns=name).min(axis=1)
    return (errors[name] < others) | others.isna()
