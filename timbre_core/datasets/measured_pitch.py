"""Pitches that no label gives, measured once: the results are kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.datasets.cache import cache_dir
from timbre_core.datasets.parquet import parquet_place
from timbre_core.datasets.threads import in_threads
from timbre_core.errors import TimbreError
from timbre_core.features.audio import LEAVE_OUT, AudioError, load_audio
from timbre_core.files import read_json, write_json

RATE = 16_000  # Hz
_SAVE_EVERY = 500  # measurements between two writes of the cache


def measure_missing_pitches(
    root: Path, notes: pd.DataFrame, progress: bool = True
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Measure the pitch of every note of a folder that has none, to the semitone, and mark it in `pitch_estimated`.

    Notes in which no pitch is heard keep NaN. Files that turn out to be unusable are left out of the table returned and
    listed as (file, reason).
    """
    files = [str(file) for file in notes["audio"]]
    cache = PitchCache(root)
    pitches: dict[int, float] = {}
    broken: dict[int, str] = {}
    todo: list[int] = []
    for i in map(int, np.flatnonzero(notes["pitch"].isna())):
        known = cache.get(files[i])
        if known is None:
            todo.append(i)
        else:
            pitches[i] = _nearest(known)
    try:
        for i, outcome in in_threads(lambda i: _measure(root / files[i]), todo, "note", "pitch", progress):
            if isinstance(outcome, AudioError):
                broken[i] = str(outcome).removeprefix(f"{root / files[i]}: ").rstrip(".")
            else:
                pitches[i] = _nearest(outcome)
                cache.put(files[i], outcome)
    finally:
        cache.save()
    heard = [i for i, pitch in pitches.items() if not math.isnan(pitch)]
    notes = notes.copy()
    notes.loc[heard, "pitch"] = [pitches[i] for i in heard]
    notes.loc[heard, "pitch_estimated"] = True
    skipped = [(str(root / files[i]), reason) for i, reason in broken.items()]
    return notes.drop(index=list(broken)).reset_index(drop=True), skipped


def _nearest(heard: Heard) -> float:
    return heard.pitch if math.isnan(heard.pitch) else float(round(heard.pitch))


@dataclass(frozen=True)
class Heard:
    """The pitch of a recording, MIDI with cents (NaN where none is heard), and how sure it is, 0 to 1."""

    pitch: float
    confidence: float


NOTHING = Heard(math.nan, 0.0)


def hear(audio: np.ndarray) -> Heard:
    """What is heard in audio (n_samples,) at RATE."""
    from timbre_core.features.heard_pitch import note_pitch

    f0 = note_pitch(audio, RATE)
    return Heard(f0.midi, f0.confidence) if 0 <= f0.midi <= 127 else NOTHING


def _measure(path: Path) -> Heard | AudioError:
    try:
        return hear(load_audio(path, RATE, cure=LEAVE_OUT))
    except AudioError as error:
        return error


class PitchCache:
    """Measured pitches of one folder, by file path, size and time; a JSON file in the user's cache folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:24]
        self._path = cache_dir() / "pitch" / f"{name}.json"
        self._known: dict[str, list[Any]] = {}
        self._unsaved = 0
        if self._path.is_file():
            try:
                content = read_json(self._path)
            except TimbreError:
                content = None  # a damaged cache is measured again
            self._known = content if isinstance(content, dict) else {}

    def get(self, file: str) -> Heard | None:
        """What was heard, None if the file was not listened to since it changed."""
        match self._known.get(file):
            case [stamp, pitch, float(confidence)] if stamp == self._stamp(file):
                return NOTHING if pitch is None else Heard(float(pitch), confidence)
        return None

    def put(self, file: str, heard: Heard) -> None:
        """Remember what was heard in a file."""
        pitch = None if math.isnan(heard.pitch) else heard.pitch
        self._known[file] = [self._stamp(file), pitch, float(heard.confidence)]
        self._unsaved += 1
        if self._unsaved >= _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write what was measured; a cache that cannot be written only costs time."""
        if self._unsaved:
            try:
                write_json(self._path, self._known)
            except TimbreError:
                return
            self._unsaved = 0

    def _stamp(self, file: str) -> list[int]:
        place = parquet_place(self._root, file)
        status = os.stat(place[0] if place else self._root / file)
        return [status.st_size, status.st_mtime_ns]
