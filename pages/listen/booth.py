"""The listening page's notes and sounds: the starter library as recorded, and through every inverter.

Imports no torch and no librosa until a sound is asked for.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from pages.listen.elsewhere import BASELINE, WANTED, by_another, methods, moved, other_pitch
from pages.server.catalog import listing, version_of
from pages.server.memo import Memo
from pages.server.studio import inverter_version, opened_inverter, opened_space, starter_library
from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.settings import as_log_mel
from timbre_core.inverters import inverter_names

Source = Literal["clean", "reconstruction", "elsewhere"]
SOURCES: tuple[Source, ...] = ("clean", "reconstruction", "elsewhere")
ORIGINAL, LIBROSA = "original", "librosa"
DOZEN = 12
_LIBROSA_ITERATIONS = 32
_PLAYABLE = (36, 84)  # MIDI: where every family has notes, and small loudspeakers too

_results = Memo.of_bytes(lambda value: int(value.nbytes))
_reading = threading.Lock()


def dozen(seed: int) -> list[int]:
    """Rows of twelve notes of the starter library, at random by `seed`: one of each family, then of any, by family."""
    notes = starter_library().notes
    rng = np.random.default_rng(seed)
    playable = notes["pitch"].between(*_PLAYABLE).to_numpy()
    families = notes["family"].to_numpy()
    rows = [
        int(rng.choice(np.flatnonzero(playable & (families == family)))) for family in sorted(set(families[playable]))
    ]
    others = np.setdiff1d(np.flatnonzero(playable), rows)
    rows += rng.choice(others, max(0, DOZEN - len(rows)), replace=False).tolist()
    return sorted(rows[:DOZEN], key=lambda row: (str(families[row]), row))


def variants(checkpoint: Checkpoint, source: str) -> list[str]:
    """What a note can be heard as: the recording, and what each inverter (librosa's, ours) makes of `source`, or, elsewhere
    on the keyboard, each way to get there."""
    features = checkpoint.recipe.features
    if source == "elsewhere":
        beside = checkpoint.name != BASELINE and BASELINE in listing().checkpoints
        return [ORIGINAL, *methods(checkpoint.recipe.uses_pitch, beside)]
    return [ORIGINAL, *([LIBROSA] if features.kind == "log_mel" else []), *inverter_names(features)]


@dataclass(frozen=True)
class Booth:
    """Where notes are heard: a checkpoint for the features and the model. Thread-safe; results are kept for a while."""

    checkpoint: Checkpoint

    def audio(self, row: int, variant: str, source: Source) -> np.ndarray:
        """A note (n_samples,) at the features' sample rate, as one of `variants`.

        source: what is inverted, the recording's own frames or those the model makes of it; or elsewhere: the note at the
        pitch of `other_pitch`. The original is always the recording.
        """
        settings = self.checkpoint.recipe.features
        if variant == ORIGINAL:
            return _results.get((settings, row, ORIGINAL), partial(self._record, row))
        if source == "elsewhere":
            return _results.get((*self._source_key(source), row, variant), partial(self._move, row, variant))
        version = "" if variant == LIBROSA else inverter_version(variant)
        key = (*self._source_key(source), row, variant, version)
        return _results.get(key, partial(self._invert, row, variant, source))

    def frames(self, row: int, variant: str, source: Source) -> np.ndarray:
        """The features (n_bins, n_frames) in [-1, 1] of what `audio` gives."""
        from timbre_core.features.frames import note_frames

        there = source == "elsewhere" and variant != ORIGINAL
        pitch = self._pitch(other_pitch(starter_library().notes, row) if there else row)
        return note_frames(self.audio(row, variant, source), self.checkpoint.recipe.features, pitch)[0]

    def _pitch(self, row: int) -> float:
        return float(starter_library().notes["pitch"].to_numpy()[row])

    def _source_key(self, source: Source) -> tuple[object, ...]:
        if source == "clean":
            return (self.checkpoint.recipe.features, source)
        return (self.checkpoint.path, version_of(self.checkpoint.path), source)

    def _record(self, row: int) -> np.ndarray:
        from timbre_core.features.spectrum import prepare_audio

        settings = self.checkpoint.recipe.features
        with _reading:
            return prepare_audio(starter_library().load(row, settings.sample_rate), settings)

    def _move(self, row: int, variant: str) -> np.ndarray:
        there = other_pitch(starter_library().notes, row)
        if variant == WANTED:
            return self.audio(there, ORIGINAL, "elsewhere")
        recording = self.audio(row, ORIGINAL, "elsewhere")
        if variant == BASELINE:
            baseline = listing().checkpoints[BASELINE]
            other = opened_space(baseline, version_of(baseline.path))
            rate = self.checkpoint.recipe.features.sample_rate
            return by_another(other, recording, rate, self._pitch(row), self._pitch(there))
        space = opened_space(self.checkpoint, version_of(self.checkpoint.path))
        return moved(space, variant, recording, self._pitch(row), self._pitch(there))

    def _decode(self, frames: np.ndarray, pitch: float) -> np.ndarray:
        space = opened_space(self.checkpoint, version_of(self.checkpoint.path))
        trajectory = space.encode(frames, pitch)
        return space.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, pitch)

    def _invert(self, row: int, variant: str, source: Source) -> np.ndarray:
        from timbre_core.features.frames import note_frames

        settings = self.checkpoint.recipe.features
        recording = self.audio(row, ORIGINAL, source)
        pitch = self._pitch(row)
        frames, ref_db = note_frames(recording, settings, pitch)
        if source == "reconstruction":
            frames = self._decode(frames, pitch)
        if variant == LIBROSA:
            from timbre_core.analysis.librosa_inverter import LibrosaInverter

            return LibrosaInverter(as_log_mel(settings), _LIBROSA_ITERATIONS)(frames, ref_db, n_samples=len(recording))
        if variant not in inverter_names(settings):
            raise TimbreError(
                f"no inverter {variant[:80]!r} for these features: choose from {', '.join(variants(self.checkpoint, source))}."
            )
        return opened_inverter(variant, settings)(frames, ref_db, pitch, len(recording))
