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
from timbre_core.wording import counted

_NOTES_EACH = 6  # of an instrument that are listened to
_NOTES_DOUBTED = 18  # of one whose notes do not agree with each other
_MOST_NOTES = 240  # of a folder, where labels are checked alone; instruments are drawn then
_FEWEST = 3  # clear notes that can agree
_AGREEMENT = 0.75  # share of an instrument's clear notes with one shift
_PART = 0.45  # share of them from which on it is told that they differ
_NAMED = 3


@dataclass(frozen=True)
class Shift:
    """Instruments whose notes sound `semitones` above their labels, in `agreed` of `clear` clear notes.

    whole: whether that holds for all of an instrument; else its other notes are as they are labelled. Where notes differ from
    their labels by intervals of their own, semitones is 0.
    """

    instruments: tuple[str, ...]
    semitones: int
    agreed: int
    clear: int
    whole: bool = True


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
    off = _differences(root, _chosen(labelled, every_instrument), load, progress)
    doubted = [name for shift in _found(off) if not shift.whole for name in shift.instruments]
    if doubted:
        more = _chosen(labelled[labelled["instrument"].isin(doubted)], True, _NOTES_DOUBTED)
        off |= _differences(root, more, load, progress)
    return _merged(_found(off))


def _differences(
    root: Path, notes: pd.DataFrame, load: Callable[[str], np.ndarray], progress: bool
) -> dict[str, list[int]]:
    """Of each instrument by how many semitones its clear notes sound above their labels."""
    heard = heard_in(root, [str(place) for place in notes["audio"]], load, progress)
    off: dict[str, list[int]] = {}
    for instrument, pitch, note in zip(notes["instrument"], notes["pitch"], heard, strict=True):
        if note.confidence >= CLEAR:
            off.setdefault(str(instrument), []).append(round(note.pitch - pitch))
    return off


def _found(off: dict[str, list[int]]) -> list[Shift]:
    """The shifts of all instruments, those of few clear notes taken together."""
    few = {name: shifts for name, shifts in off.items() if len(shifts) < _FEWEST}
    found = [_differing((name,), shifts) for name, shifts in off.items() if name not in few]
    found.append(_differing(tuple(few), [shift for shifts in few.values() for shift in shifts]))
    return [shift for shift in found if shift is not None]


def transposed(notes: pd.DataFrame, shifts: Sequence[Shift]) -> pd.DataFrame:
    """A note table with the labels of instruments that are octaves off corrected."""
    by_instrument = {
        name: shift.semitones
        for shift in shifts
        for name in shift.instruments
        if shift.whole and not shift.semitones % 12
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
    if not shift.semitones:
        return (
            f"{root}: {who}: what is heard is not the label, by no one interval, in {shift.agreed} of {shift.clear} clear notes: "
            "listen to some, and correct them in metadata.csv; where names are no pitches, give --pattern without {pitch}"
        )
    size, way = abs(shift.semitones), "above" if shift.semitones > 0 else "below"
    octaves = f" ({size // 12} octave{'s' if size > 12 else ''})" if size % 12 == 0 else ""
    verb, labels = ("sound", "their labels") if count > 1 else ("sounds", "its labels")
    far = f"{counted(size, 'semitone')}{octaves} {way} {labels}"
    fact = f"{root}: {who} {verb} {far}, in {shift.agreed} of {shift.clear} clear notes"
    if not shift.whole:
        return f"{fact}, and the others as they are labelled: a column 'transpose' of metadata.csv corrects these notes"
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


def _chosen(notes: pd.DataFrame, every_instrument: bool, notes_each: int = _NOTES_EACH) -> pd.DataFrame:
    """Some notes of each instrument, over its range; of very many instruments those whose turn it is."""
    ordered = notes.sort_values(["instrument", "pitch", "audio"], kind="stable")
    rows: list[int] = []
    groups = [group.index.to_numpy() for _, group in ordered.groupby("instrument", sort=True)]
    if not every_instrument:
        each = sum(min(len(group), notes_each) for group in groups)
        step = max(1, -(-each // _MOST_NOTES))
        groups = groups[::step]
    for group in groups:
        rows += [int(group[place]) for place in spread(len(group), notes_each)]
    return notes.loc[rows]


def _differing(instruments: tuple[str, ...], shifts: Sequence[int]) -> Shift | None:
    """How notes differ from their labels: by the shift that most of them share, else many of them; None where few do."""
    if len(shifts) < _FEWEST:
        return None
    (semitones, agreed), *_ = Counter(shifts).most_common(1)
    if agreed >= _AGREEMENT * len(shifts):
        return Shift(instruments, semitones, agreed, len(shifts)) if semitones else None
    off = [shift for shift in shifts if shift]
    if len(off) < max(_FEWEST, _PART * len(shifts)):
        return None
    (semitones, agreed), *_ = Counter(off).most_common(1)
    if agreed == len(off) and not semitones % 12:
        return Shift(instruments, semitones, agreed, len(shifts), whole=False)
    return Shift(instruments, 0, len(off), len(shifts), whole=False)


def _merged(shifts: Sequence[Shift]) -> list[Shift]:
    """Instruments with one shift together, the most frequent shift first."""
    by_size: dict[tuple[int, bool], list[Shift]] = {}
    for shift in shifts:
        by_size.setdefault((shift.semitones, shift.whole), []).append(shift)
    merged = [
        Shift(
            tuple(name for shift in alike for name in shift.instruments),
            semitones,
            sum(shift.agreed for shift in alike),
            sum(shift.clear for shift in alike),
            whole,
        )
        for (semitones, whole), alike in by_size.items()
    ]
    return sorted(merged, key=lambda shift: -len(shift.instruments))
