"""Notes of a library through a model: audio to frames to latents and back, batch by batch, in constant memory."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np
import torch
from tqdm import tqdm

from timbre_core.datasets.library import Library
from timbre_core.datasets.signals import read_signal
from timbre_core.datasets.threads import ahead
from timbre_core.devices import chosen_device
from timbre_core.errors import TimbreError
from timbre_core.features.frames import signal_frames
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.sounding import windows_with_sound
from timbre_core.features.windows import cut_windows
from timbre_core.models.coder import WindowCoder
from timbre_core.models.vae import VAE
from timbre_core.recipes.schema import Recipe

_BATCH_WINDOWS = 64  # more do not fit a core's cache and take 1.7 times as long on a CPU
_LOADERS = 2
_READ_AHEAD = 128  # notes
_MIDDLE_C = 60.0


class Trained(Protocol):
    """What analysis needs of a checkpoint."""

    @property
    def name(self) -> str: ...
    @property
    def recipe(self) -> Recipe: ...
    def model(self, device: torch.device | str = "cpu") -> VAE: ...


@dataclass(frozen=True)
class Note:
    """A note as the model sees it.

    index: row in the library. pitch: MIDI, NaN where it is unknown and the model does not need it. frames: (n_bins,
    n_frames) in [-1, 1]. windows: (n_windows, n_bins, T), beginning at `starts`. ref_db: see `log_mel`.
    """

    index: int
    pitch: float
    frames: np.ndarray
    ref_db: float
    windows: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True)
class CodedNote:
    """Which of a note's windows hold sound (see `windows_with_sound`), their mu and logvar (n_windows, latent_dim), and them
    (n_windows, n_bins, T) decoded from mu and from z."""

    note: Note
    sounding: np.ndarray
    mu: np.ndarray
    logvar: np.ndarray
    decoded: np.ndarray
    sampled: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The note's point on the map, the mean of the windows that hold sound: (latent_dim,)."""
        return self.mu[self.sounding].mean(axis=0)


@dataclass
class Coder(WindowCoder):
    """A model with its recipe, ready to encode and decode a library's notes.

    skipped: (note id, reason) of every note that could not be used.
    """

    recipe: Recipe
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, checkpoint: Trained, device: torch.device | str | None = None) -> Coder:
        """Load a checkpoint's model onto `device`; by default the best there is.

        Raises TimbreError when the device cannot be used here, or the weights cannot.
        """
        chosen = chosen_device(device)
        return cls(checkpoint.model(chosen), chosen, checkpoint.recipe)

    def notes(self, library: Library, indices: Sequence[int] | np.ndarray, unpitched: bool = False) -> Iterator[Note]:
        """Load notes in order, a few ahead on other threads. Bad ones go to `skipped` with a line on stderr.

        unpitched: also those without a pitch of a model that is told it in the decoder alone; what is decoded of them is at
        another pitch than theirs.
        """
        ids = library.notes["note_id"].to_numpy()
        pitches = library.notes["pitch"].to_numpy(np.float64)

        def load(index: int) -> Note:
            return self._load(library, index, pitches[index], unpitched)

        # One torch thread in each loader: short transforms are faster that way, and the model keeps the cores.
        for index, future in ahead(load, map(int, indices), _LOADERS, _READ_AHEAD, partial(torch.set_num_threads, 1)):
            try:
                note = future.result()
            except TimbreError as error:
                self.skipped.append((str(ids[index]), str(error)))
                tqdm.write(f"skipped {ids[index]}: {error}", file=sys.stderr)
            else:
                yield note

    def coded(self, notes: Iterable[Note], seed: int | None = None) -> Iterator[CodedNote]:
        """Encode notes and decode them from mu, and from z = mu + sigma * noise; the noise hangs on seed and note alone.

        Without a seed nothing is sampled: `sampled` is `decoded`.
        """
        batch: list[Note] = []
        count = 0
        for note in notes:
            batch.append(note)
            count += len(note.starts)
            if count >= _BATCH_WINDOWS:
                yield from self._code(batch, seed)
                batch, count = [], 0
        if batch:
            yield from self._code(batch, seed)

    def _load(self, library: Library, index: int, pitch: float, unpitched: bool) -> Note:
        features, window = self.recipe.features, self.recipe.window
        if math.isnan(pitch) and self.recipe.uses_pitch:
            pitch = estimate_f0(library.load(index, features.sample_rate), features.sample_rate).midi
            if math.isnan(pitch) and (self.recipe.encodes_with_pitch or not unpitched):
                raise TimbreError("it has no pitch label and no pitch can be heard: label it, or use another model.")
        frames, ref_db = signal_frames(read_signal(library, index, features), features, pitch)
        windows, starts = cut_windows(frames, window.frames, window.hop)
        return Note(index, pitch, frames, ref_db, windows, starts)

    def _code(self, batch: list[Note], seed: int | None) -> Iterator[CodedNote]:
        counts = [len(note.starts) for note in batch]
        pitch = np.repeat([_MIDDLE_C if math.isnan(note.pitch) else note.pitch for note in batch], counts)
        mu, logvar = self.encode(np.concatenate([note.windows for note in batch]), pitch)
        decoded = sampled = self.decode(mu, pitch)
        if self.recipe.model.sampling and seed is not None:
            noise = np.concatenate([_noise(seed, note.index, len(note.starts), mu.shape[1]) for note in batch])
            sampled = self.decode(mu + np.exp(0.5 * logvar) * noise, pitch)
        ends = np.cumsum(counts)[:-1]
        parts = (np.split(array, ends) for array in (mu, logvar, decoded, sampled))
        for note, *arrays in zip(batch, *parts, strict=True):
            yield CodedNote(note, self._sounding(note), *arrays)

    def _sounding(self, note: Note) -> np.ndarray:
        return windows_with_sound(note.frames, note.starts, self.recipe.window.frames, self.recipe.features)


def _noise(seed: int, index: int, count: int, latent_dim: int) -> np.ndarray:
    return np.random.default_rng([seed, index]).standard_normal((count, latent_dim), dtype=np.float32)
