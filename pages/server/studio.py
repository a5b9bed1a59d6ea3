"""The sounds behind the map: a note's original, its inversion and its reconstruction, computed once and kept.

Nothing here imports torch until a sound needs the model, or until the first map has been drawn and `warming.warm_up` is asked
for: then it happens in a background thread, so that neither the first page nor the first click waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pages.server.catalog import NoteMap, version_of
from pages.server.memo import Memo
from pages.server.note_map import read_columns
from timbre_core.checkpoint import Checkpoint, default_checkpoints_folder
from timbre_core.errors import TimbreError
from timbre_core.features.settings import has_sound

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library
    from timbre_core.features.settings import FeatureSettings
    from timbre_core.inverters import Inverter
    from timbre_core.space import TimbreSpace

Kind = Literal["original", "inversion", "reconstruction"]
KINDS: tuple[Kind, ...] = ("original", "inversion", "reconstruction")

# Playback level of a note whose recording, and so whose loudness, is not on this machine.
_PEAK = 0.6
_MOST_HEARD = 60.0  # seconds of a recording
PREVIEW_SECONDS = 1.5
_PREVIEW_FADE = 0.15


class RecordingMissing(TimbreError):
    """The note's recording is not on this machine; the model can still be heard."""


@dataclass(frozen=True)
class Frames:
    """Frames (n_bins, n_frames) in [-1, 1], and the level in dB that +1 stands for (None where it is not known)."""

    values: np.ndarray
    ref_db: float | None


def _weight(value: Any) -> int:
    return int(value.values.nbytes if isinstance(value, Frames) else value.nbytes)


_results = Memo.of_bytes(_weight)
_spaces = Memo(2)
_layered_spaces = Memo(2)
_inverters = Memo(8)
_libraries = Memo(4)
_saved = Memo(2)
_starter = Memo(1)
_reading = threading.Lock()


class Studio:
    """One checkpoint with the recordings of its notes. Thread-safe; every result is kept for a while.

    inverter: one of `inverter_names` for its features; None takes the checkpoint's own. home: the map whose notes these are,
    where that is not the checkpoint's own: rows are its rows, and its recordings are sent through this checkpoint's model.
    """

    def __init__(self, notes: NoteMap, inverter: str | None = None, home: NoteMap | None = None) -> None:
        self.notes = notes
        self.home = notes if home is None else home
        self.settings = notes.checkpoint.recipe.features
        self._key = (notes.checkpoint.path, notes.version, self.home.checkpoint.path, self.home.version)
        self._inverter = inverter
        self._sound_key = (*self._key, inverter, None if inverter is None else inverter_version(inverter))

    def space(self) -> TimbreSpace:
        """The opened model. The first call imports torch and reads the weights."""
        home = self.notes.model_map
        opened = opened_space(home.checkpoint, home.version)
        return opened if home is self.notes else _layered_space(opened, self.notes)

    def inverter(self) -> Inverter:
        """The opened inverter."""
        return self.space().inverter if self._inverter is None else opened_inverter(self._inverter, self.settings)

    def recording(self, row: int) -> np.ndarray:
        """A note's recording (n_samples,) at the features' sample rate, cut to their length.

        Raises RecordingMissing when it is not on this machine.
        """
        return _results.get((*self._key, row, "recording"), partial(self._read, row))

    def audio(self, row: int, kind: Kind) -> np.ndarray:
        """Audio (n_samples,) of a variant at the features' sample rate."""
        if kind == "original":
            return self.recording(row)
        return _results.get((*self._sound_key, row, kind, "audio"), partial(self._invert, row, kind))

    def heard(self, row: int, kind: Kind) -> tuple[np.ndarray, int]:
        """What is played: audio (n_samples,) and its rate. A recording of somebody's own at its own rate and length."""
        own = self._own(row) if kind == "original" else None
        if own is None:
            return self.audio(row, kind), self.settings.sample_rate
        rate = own.native_rate(0)
        return own.load(0, rate)[: round(_MOST_HEARD * rate)], rate

    def preview(self, row: int, kind: Kind) -> np.ndarray:
        """The first PREVIEW_SECONDS of a variant, faded out at their end."""
        rate = self.settings.sample_rate
        short = self.audio(row, kind)[: round(PREVIEW_SECONDS * rate)].copy()
        fade = min(len(short), round(_PREVIEW_FADE * rate))
        short[len(short) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
        return short

    def frames(self, row: int, kind: Kind) -> Frames:
        """Frames of a variant: of the recording, of its inversion (analysed again), or as the model decodes them."""
        make = self._decode if kind == "reconstruction" else self._analyse
        key = self._sound_key if kind == "inversion" else self._key
        return _results.get((*key, row, kind, "frames"), partial(make, row, kind))

    def pitch(self, row: int) -> float | None:
        """A note's MIDI pitch, None where it is unknown."""
        if "pitch" not in self.home.labels:
            return None
        value = self.home.labels["pitch"].to_numpy(dtype=float)[row]
        return float(value) if np.isfinite(value) else None

    def _library(self) -> Library:
        from timbre_core.datasets.library import STARTER, Library, open_library
        from timbre_core.datasets.notes import NOTE_COLUMNS

        home = self.home.model_map
        roots, pattern = home.checkpoint.latents_roots, home.checkpoint.recipe.data.pattern
        if roots == [STARTER] and pattern is None:
            return starter_library()
        try:
            return open_library(roots, pattern, progress=False)
        except TimbreError:
            # Some of its folders are not on this machine: the saved table still finds what is in the others.
            if not roots or not set(NOTE_COLUMNS) <= set(home.labels.columns):
                raise
            return Library(roots, home.labels[list(NOTE_COLUMNS)])

    def _read(self, row: int) -> np.ndarray:
        from timbre_core.features.preparation import prepare_audio

        rate = self.settings.sample_rate
        audio = self._from_library(row, lambda library, index: library.load(index, rate))
        return prepare_audio(audio, self.settings)[: len(audio)]

    def _from_library(self, row: int, read: Callable[[Library, int], np.ndarray]) -> np.ndarray:
        own = self._own(row)
        if own is not None:
            return read(own, 0)
        home = self.home.model_map
        try:
            library = _libraries.get((home.checkpoint.path, home.version), self._library)
            with _reading:
                return read(library, library.find(self.home.ids[row]))
        except TimbreError as error:
            raise RecordingMissing(_where_from(home, str(error))) from error

    def _own(self, row: int) -> Library | None:
        try:
            return self.home.own_sound(row)
        except TimbreError as error:
            raise RecordingMissing(str(error)) from error

    def _analyse(self, row: int, kind: Kind) -> Frames:
        if kind == "original" and not has_sound(self.settings):
            from timbre_core.features.frames import signal_frames

            picture = self._from_library(row, lambda library, index: library.picture(index))
            return Frames(*signal_frames(picture, self.settings))
        return Frames(*self.space().analyse(self.audio(row, kind), self.pitch(row)))

    def _decode(self, row: int, kind: Kind) -> Frames:
        space, pitch = self.space(), self.pitch(row)
        try:
            original = self.frames(row, "original")
        except RecordingMissing:
            if self.home is not self.notes or self.home.is_own(row):
                raise
            return Frames(self._decode_saved(row, pitch), None)
        trajectory = space.encode(original.values, pitch)
        return Frames(space.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, pitch), original.ref_db)

    def _decode_saved(self, row: int, pitch: float | None) -> np.ndarray:
        """What the model makes of a note from the latents saved with the map alone."""
        from timbre_core.features.windows import window_starts

        space = self.space()
        z = _saved_trajectory(self.notes.model_map, row)
        window, seconds = space.recipe.window, self.settings.seconds
        if seconds is None:
            n_frames = (len(z) - 1) * window.hop + window.frames
        else:
            n_frames = self.settings.n_frames(round(seconds * self.settings.sample_rate))
        return space.decode(z, window_starts(n_frames, window.frames, window.hop), n_frames, pitch)

    def _invert(self, row: int, kind: Kind) -> np.ndarray:
        frames = self.frames(row, "original" if kind == "inversion" else "reconstruction")
        pitch = self.pitch(row)
        if frames.ref_db is None:
            audio = self.inverter()(frames.values, 0.0, pitch)
            return audio * np.float32(_PEAK / max(float(np.abs(audio).max()), 1e-9))
        inverter, recording = self.inverter(), self.recording(row)
        if not inverter.performs or pitch is None:
            return inverter(frames.values, frames.ref_db, pitch, len(recording))
        from timbre_core.features.performance import performance_of

        features = self.settings
        played = performance_of(recording, features.sample_rate, pitch, features.hop_length)
        return inverter.perform(frames.values, frames.ref_db, played, len(recording), same_note=True)


def starter_library() -> Library:
    """The library that ships with the project, opened once for all. Raises TimbreError where this copy came without it."""
    from timbre_core.datasets.library import STARTER, open_library

    return _starter.get(STARTER, lambda: open_library([STARTER], progress=False))


def _saved_trajectory(notes: NoteMap, row: int) -> np.ndarray:
    """The latents (n_windows, latent_dim) that a map has of one of its notes, as `SpaceMap.trajectory_in` gives them."""
    from timbre_core.decoding import stretch

    def read() -> tuple[np.ndarray, np.ndarray]:
        column = read_columns(notes.checkpoint, ["trajectory"]).column("trajectory").combine_chunks()
        values = column.values.to_numpy(zero_copy_only=False).astype(np.float32)
        return values, column.offsets.to_numpy()

    values, places = _saved.get((notes.checkpoint.path, notes.version), read)
    z = values[places[row] : places[row + 1]].reshape(-1, notes.checkpoint.recipe.model.latent_dim)
    count = int(notes.labels["n_windows"].to_numpy()[row]) if "n_windows" in notes.labels else len(z)
    return z if count == len(z) else stretch(z, count)


def _where_from(notes: NoteMap, reason: str) -> str:
    """That recordings are missing, where they are to be had, and the command that brings them."""
    words, path = notes.words, notes.checkpoint.path
    if words.fetch:  # two lines of a track are all there is room for
        return f"The recordings are not on this machine: `{words.fetch}` fetches them."
    folder = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    command = f"python -m timbre_core project {folder} --data path/to/notes"
    return f"The recording of this {words.note} is not on this machine: {reason} `{command}` takes it from your folder."


def opened_space(checkpoint: Checkpoint, version: str) -> TimbreSpace:
    """A checkpoint's model, opened once for all; `version` is that of its files. What it reads of the map goes with it."""
    from timbre_core.space import TimbreSpace

    return _spaces.get((checkpoint.path, version), lambda: TimbreSpace(replace(checkpoint)))


def _layered_space(opened: TimbreSpace, notes: NoteMap) -> TimbreSpace:
    """The same with a map's layers on it, so that their notes can be played as the map's own can."""
    from pages.server.layered_space import LayeredSpace

    def make() -> TimbreSpace:
        return LayeredSpace(opened, notes.labels, notes.means, notes.places, Studio(notes).recording, notes.is_encoded)

    return _layered_spaces.get((notes.checkpoint.path, notes.version, id(opened)), make)


def mean_of(notes: NoteMap, row: int) -> np.ndarray:
    """A note's mean latent (latent_dim,), as good as its model can tell."""
    mean: np.ndarray = notes.means[row] if notes.is_encoded(row) else Studio(notes).space().mean_of(notes.ids[row])
    return mean


def opened_inverter(name: str, features: FeatureSettings) -> Inverter:
    """The inverter of one of `inverter_names`, opened once."""
    from timbre_core.inverters import open_inverter

    key = (name, features, inverter_version(name))
    return _inverters.get(key, lambda: open_inverter(name, features))


def inverter_version(name: str) -> str:
    """Changes with the files of a trained inverter; empty for a preset. `name` is one of `inverter_names`."""
    folder = default_checkpoints_folder() / name
    return version_of(folder) if folder.is_dir() else ""
