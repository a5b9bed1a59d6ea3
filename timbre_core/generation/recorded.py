"""An instrument played from its recordings: at any key the one nearest in pitch, moved there by `note_at`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from timbre_core.errors import TimbreError
from timbre_core.features.audio import SILENT_PEAK
from timbre_core.generation.in_tune import in_tune
from timbre_core.generation.instrument import Instrument, checked_key
from timbre_core.generation.levels import levelled
from timbre_core.generation.note_at import note_at
from timbre_core.space import TimbreSpace

_REAL = 0.5  # semitones: keys nearer to a recording than this are the recording itself, tuned
_MIDDLE = 60.0


class RecordedInstrument(Instrument):
    """As an `Instrument`, but what sounds are recordings with their own life; the model's decoder is not asked.

    recordings: of one instrument, note ids of the space's map and their MIDI pitches. read: gives one's audio (n_samples,) at
    the space's sample rate, its onset at the start. like: the id of the one whose latents say where the sound lies.
    """

    def __init__(
        self,
        space: TimbreSpace,
        like: str,
        recordings: Sequence[tuple[str, float]],
        read: Callable[[str], np.ndarray],
        used: tuple[str, ...] | None = None,
    ) -> None:
        """`used` names the recordings' sources, by default the library's folders.

        Raises TimbreError for a note that is not on the map, and without a recording whose pitch is known.
        """
        super().__init__(space, space.mean_of(like))
        self.recordings = [(note, pitch) for note, pitch in recordings if np.isfinite(pitch)]
        if not self.recordings:
            raise TimbreError(f"no pitch is known of the notes of {like[:80]}: they cannot be moved to other keys.")
        self.read = read
        self._used = used
        self.like = like
        self._softer: tuple[RecordedInstrument, ...] = ()
        self._sound: tuple[float, np.ndarray] | None = None

    def with_softer(self, softer: Sequence[RecordedInstrument]) -> RecordedInstrument:
        """The same instrument, which was recorded more softly, too: `softer`, the loudest first."""
        changed = copy(self)
        changed._softer = tuple(softer)
        return changed

    @property
    def layers(self) -> tuple[Instrument, ...]:
        """Its layers of velocity, the softest first; itself the last."""
        return (*(each.with_shape(self.shape) for each in reversed(self._softer)), self)

    @property
    def conditioned(self) -> bool:
        """Each key sounds by itself."""
        return True

    @property
    def recordings_used(self) -> tuple[str, ...]:
        """The recordings' sources, by name."""
        if self._used is not None:
            return self._used
        return tuple(Path(root).name for root in self.space.checkpoint.latents_roots) or ("the map's library",)

    @property
    def nearest(self) -> str:
        """Id of the map note that the sound lies at."""
        return self.like

    def carrier(self, key: float) -> tuple[str, float]:
        """The recording that is moved to a key, and its pitch: the nearest, of two equally near the higher one."""
        return min(self.recordings, key=lambda each: (abs(each[1] - key), -each[1]))

    @cached_property
    def sustained(self) -> bool:
        """Whether the sound goes on while a key is held, as the recording nearest to middle C does, unmoved."""
        note, pitch = self.carrier(_MIDDLE)
        return self.goes_on(self.space.analyse(self._read(note), pitch)[0])

    def frames(self, key: float) -> np.ndarray:
        """The features of what sounds at a key: (n_bins, n_frames) in [-1, 1]."""
        return self.space.analyse(self._at(checked_key(key)), key)[0]

    def whole(self, key: float) -> np.ndarray:
        """A key's audio (n_samples,), as long as the recording."""
        rate = self.space.sample_rate
        return self._shaped(levelled(in_tune(self._at(checked_key(key)), rate, key), rate), key)

    def _sounding(self, frames: np.ndarray, key: float, last: int) -> np.ndarray:
        hop = self.space.recipe.features.hop_length
        rate = self.space.sample_rate
        return in_tune(self._at(key)[: max(last * hop, round(self.shortest * rate))], rate, key)

    def _at(self, key: float) -> np.ndarray:
        kept = self._sound  # frames and audio of a key are asked for one after the other
        if kept is not None and kept[0] == key:
            return kept[1]
        note, pitch = self.carrier(key)
        audio = self._read(note)
        made = (
            _near(audio, self.space.sample_rate, key - pitch)
            if abs(key - pitch) < _REAL
            else note_at(self.space, audio, pitch, key)
        )
        self._sound = (key, made)
        return made

    def _read(self, note: str) -> np.ndarray:
        audio = self.read(note)
        if np.abs(audio).max(initial=0) < SILENT_PEAK:
            raise TimbreError(f"the recording of {note[:80]} is silent: choose another note.")
        return audio


def _near(audio: np.ndarray, rate: int, semitones: float) -> np.ndarray:
    """The recording (n_samples,) played a little faster or slower: that changes nothing else that is heard."""
    if not semitones:
        return audio.copy()
    import soxr

    made = np.asarray(soxr.resample(audio, rate * 2 ** (semitones / 12), rate, quality="HQ"), dtype=np.float32)
    return np.pad(made, (0, max(0, len(audio) - len(made))))[: len(audio)]


def recordings_of(space: TimbreSpace, like: str) -> list[tuple[str, float]]:
    """Notes of a map note's instrument, played about as hard, with their MIDI pitches: of each pitch the one nearest in
    velocity. The note alone where the map does not say what instruments there are."""
    return recordings_among(space.map_notes, space.row_of(like))


def recordings_among(notes: pd.DataFrame, row: int) -> list[tuple[str, float]]:
    """The same of a table of notes, for the one in a row."""
    pitches = notes["pitch"].to_numpy(np.float64) if "pitch" in notes else np.full(len(notes), np.nan)
    if "instrument" not in notes:
        return [(str(notes["note_id"].iloc[row]), float(pitches[row]))]
    same = np.flatnonzero((notes["instrument"] == notes["instrument"].iloc[row]).to_numpy())
    velocity = notes["velocity"].to_numpy(np.float64) if "velocity" in notes else np.full(len(notes), np.nan)
    off = np.nan_to_num(np.abs(velocity[same] - velocity[row]), nan=127.0)
    nearest: dict[float, int] = {}
    for place in same[np.lexsort((same != row, off))]:
        nearest.setdefault(float(pitches[place]), int(place))
    return sorted(
        ((str(notes["note_id"].iloc[place]), pitch) for pitch, place in nearest.items()), key=lambda each: each[1]
    )
