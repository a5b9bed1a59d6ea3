"""Labels that are a fixed interval off what sounds: libraries that call middle C `C3`, written pitches, keys of other stops.

Some notes of each instrument are listened to. One note may be heard wrongly, so what counts is the shift that most of an
instrument's clear notes share; instruments of few notes are taken together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from timbre_core.datasets.heard import CLEAR, heard_in, spread

_NOTES_EACH = 6  # of an instrument that are listened to
_MOST_NOTES = 240  # of a folder, where labels are checked alone; instruments are drawn then
_FEWEST = 3  # clear notes that can agree
_AGREEMENT = 0.75  # share of an instrument's clear notes with one shift
_NAMED = 3


@dataclass(frozen=True)
class Shift:
    """Instruments whose notes sound `semitones` above their labels, in `agreed` of `clear` clear notes."""

    instruments: tuple[str, ...]
    semitones: int
    agreed: int
    clear: int


def find_shifts(
    root: Path,
    notes: pd.DataFrame,
    load: Callable[[str], np.ndarray],
    every_instrument: bool = False,
    progress: bool = True,
) -> list[Shift]:
    """Consistent shifts between the pitches of a root's note table and what is heard.

    load: reads the audio (n_samples,) of a place in column `audio`, at measured_pitch.RATE. every_instrument: listen to all
    of them, however many. Measured pitches are not checked.
    """
    labelled = notes[notes["pitch"].notna() & ~notes["pitch_estimated"]]
    chosen = _chosen(labelled, every_instrument)
    heard = heard_in(root, [str(place) for place in chosen["audio"]], load, progress)
    off: dict[str, list[int]] = {}
    for instrument, pitch, note in zip(chosen["instrument"], chosen["pitch"], heard, strict=True):
        if note.confidence >= CLEAR:
            off.setdefault(str(instrument), []).append(round(note.pitch - pitch))
    few = {name: shifts for name, shifts in off.items() if len(shifts) < _FEWEST}
    found = [
        shift for name, shifts in off.items() if name not in few and (shift := _shared((name,), shifts)) is not None
    ]
    together = _shared(tuple(few), [shift for shifts in few.values() for shift in shifts])
    return _merged([*found, *([together] if together else [])])


def transposed(notes: pd.DataFrame, shifts: Sequence[Shift]) -> pd.DataFrame:
    """A note table with the labels of instruments that are octaves off corrected."""
    by_instrument = {
        name: shift.semitones for shift in shifts for name in shift.instruments if not shift.semitones % 12
    }
    added = notes["instrument"].map(by_instrument).fillna(0.0).where(~notes["pitch_estimated"], 0.0)
    return notes.assign(pitch=notes["pitch"] + added)


def tell_shifts(root: str, notes: pd.DataFrame, shifts: Sequence[Shift], corrected: bool) -> list[str]:
    """A sentence for each shift, with its size and the cure."""
    labelled = notes.loc[notes["pitch"].notna() & ~notes["pitch_estimated"], "instrument"].nunique()
    return [_sentence(root, shift, labelled, corrected) for shift in shifts]


def _sentence(root: str, shift: Shift, labelled: int, corrected: bool) -> str:
    count, names = len(shift.instruments), ", ".join(shift.instruments[:_NAMED])
    who = f"{count} instruments ({names}{', ...' if count > _NAMED else ''})" if count > 1 else names
    size, way = abs(shift.semitones), "above" if shift.semitones > 0 else "below"
    octaves = f" ({size // 12} octave{'s' if size > 12 else ''})" if size % 12 == 0 else ""
    fact = f"{root}: {who} sound {size} semitones{octaves} {way} their labels, in {shift.agreed} of {shift.clear} clear notes"
    if corrected and octaves:
        return f"{fact}: the labels are corrected"
    cures = (
        ["--octave auto corrects that"] if octaves else ["perhaps the labels are written for transposing instruments"]
    )
    cures.append(
        f"--transpose {shift.semitones} does so for all notes"
        if count == labelled
        else "a column 'transpose' of metadata.csv adds semitones"
    )
    return f"{fact}: {', or '.join(cures)}"


def _chosen(notes: pd.DataFrame, every_instrument: bool) -> pd.DataFrame:
    """Some notes of each instrument, over its range; of very many instruments those whose turn it is."""
    ordered = notes.sort_values(["instrument", "pitch", "audio"], kind="stable")
    rows: list[int] = []
    groups = [group.index.to_numpy() for _, group in ordered.groupby("instrument", sort=True)]
    if not every_instrument:
        each = sum(min(len(group), _NOTES_EACH) for group in groups)
        step = max(1, -(-each // _MOST_NOTES))
        groups = groups[::step]
    for group in groups:
        rows += [int(group[place]) for place in spread(len(group), _NOTES_EACH)]
    return notes.loc[rows]


def _shared(instruments: tuple[str, ...], shifts: Sequence[int]) -> Shift | None:
    """The shift that most notes share, None where it is none or they do not agree."""
    if len(shifts) < _FEWEST:
        return None
    (semitones, agreed), *_ = Counter(shifts).most_common(1)
    if not semitones or agreed < _AGREEMENT * len(shifts):
        return None
    return Shift(instruments, semitones, agreed, len(shifts))


def _merged(shifts: Sequence[Shift]) -> list[Shift]:
    """Instruments with one shift together, the most frequent shift first."""
    by_size: dict[int, list[Shift]] = {}
    for shift in shifts:
        by_size.setdefault(shift.semitones, []).append(shift)
    merged = [
        Shift(
            tuple(name for shift in alike for name in shift.instruments),
            semitones,
            sum(shift.agreed for shift in alike),
            sum(shift.clear for shift in alike),
        )
        for semitones, alike in by_size.items()
    ]
    return sorted(merged, key=lambda shift: -len(shift.instruments))
