"""Trajectories: a note as the latents of its windows, encoded, decoded, stretched, and decoded along a pitch contour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.frames import bin_frequencies
from timbre_core.features.holding import at_places, held_places
from timbre_core.features.numbers_given import number_given, pitch_given
from timbre_core.features.sounding import windows_with_sound
from timbre_core.features.windows import SILENCE, cut_windows, overlap_add, turns
from timbre_core.models.coder import WindowCoder
from timbre_core.recipes.schema import Recipe

# Windows decoded or encoded at once: large enough to fill two cores, small enough for a laptop's memory.
_BATCH = 256


@dataclass(frozen=True)
class Trajectory:
    """A note in the latent space.

    Attributes
    ----------
    mu, logvar : ndarray (n_windows, latent_dim)
        Of the latents of its windows.
    starts : ndarray (n_windows,)
        The frames that its windows start at.
    sounding : ndarray of bool (n_windows,)
        Which of them hold sound (see `windows_with_sound`).
    n_frames : int
        The note's length.

    Examples
    --------
    >>> import timbre_core
    >>> space, library = timbre_core.open_space("nsynth-cvae"), timbre_core.open_library(["starter"], progress=False)
    >>> trajectory = space.encode(space.analyse(library.load(0, space.sample_rate))[0], pitch=60)
    >>> trajectory.mu.shape[1], trajectory.mean.shape
    (32, (32,))
    """

    mu: np.ndarray
    logvar: np.ndarray
    starts: np.ndarray
    sounding: np.ndarray
    n_frames: int

    @property
    def mean(self) -> np.ndarray:
        """The note's point on the map, the mean of the windows that hold sound: (latent_dim,)."""
        return self.mu[self.sounding].mean(axis=0)


@dataclass
class TrajectoryCoder:
    """Frames of whole notes to trajectories and back, through a model. Thread-safe: the model is only read.

    name: of the checkpoint, for messages.
    """

    windows: WindowCoder
    recipe: Recipe
    name: str

    @property
    def size(self) -> int:
        """Frames of a decoded window."""
        return self.recipe.window.frames

    def encode_many(self, notes: Sequence[np.ndarray], pitches: Sequence[float | None]) -> list[Trajectory]:
        """Several notes' frames at once, each (n_bins, n_frames); notes may differ in length."""
        window = self.recipe.window
        notes = [self._checked_frames(frames) for frames in notes]
        cut = [cut_windows(frames, window.frames, window.hop) for frames in notes]
        counts = [len(starts) for _, starts in cut]
        windows = np.concatenate([windows for windows, _ in cut])
        needed = self.recipe.encodes_with_pitch
        pitch = np.repeat([self.checked_pitch(value, needed) for value in pitches], counts)
        mu, logvar = self._encode_windows(windows, pitch)
        ends = np.cumsum(counts)[:-1]
        parts = zip(np.split(mu, ends), np.split(logvar, ends), cut, notes, strict=True)
        return [
            Trajectory(m, v, starts, self._sounding(frames, starts), frames.shape[1])
            for m, v, (_, starts), frames in parts
        ]

    def _checked_frames(self, frames: np.ndarray) -> np.ndarray:
        frames, n_bins = np.asarray(frames), self.recipe.features.n_bins
        fits = frames.ndim == 2 and frames.shape[0] == n_bins and frames.shape[1] and frames.dtype.kind in "fiu"
        if not fits or not np.isfinite(frames).all():
            raise TimbreError(f"frames must be finite numbers of shape ({n_bins}, n_frames), got {frames.shape}.")
        return frames

    def _sounding(self, frames: np.ndarray, starts: np.ndarray) -> np.ndarray:
        return windows_with_sound(frames, starts, self.recipe.window.frames, self.recipe.features)

    def _encode_windows(self, windows: np.ndarray, pitch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mus, logvars = [], []
        for first in range(0, len(windows), _BATCH):
            part = slice(first, first + _BATCH)
            mu, logvar = self.windows.encode(windows[part], pitch[part])
            mus.append(mu)
            logvars.append(logvar)
        return np.concatenate(mus), np.concatenate(logvars)

    def decode_windows(
        self, z: np.ndarray, pitch: np.ndarray | float | None = None, velocity: float | None = None
    ) -> np.ndarray:
        """Latents (n, latent_dim), and one MIDI pitch or one each, -> windows (n, n_bins, T).

        velocity: MIDI, for models that are told it; None leaves it open.
        """
        z = np.ascontiguousarray(z, dtype=np.float32)
        if z.ndim != 2 or z.shape[1] != self.recipe.model.latent_dim or not np.isfinite(z).all():
            raise TimbreError(
                f"latents must be finite numbers of shape (windows, {self.recipe.model.latent_dim}), got {z.shape}."
            )
        each = pitch if isinstance(pitch, np.ndarray) and pitch.ndim else np.full(len(z), self.checked_pitch(pitch))
        out = []
        for first in range(0, len(z), _BATCH):
            part = slice(first, first + _BATCH)
            out.append(self.windows.decode(z[part], each[part], math.nan if velocity is None else velocity))
        return np.concatenate(out)

    def decode(
        self,
        z: np.ndarray,
        starts: np.ndarray,
        n_frames: int,
        pitch: float | np.ndarray | None = None,
        shares: np.ndarray | None = None,
        velocity: float | None = None,
    ) -> np.ndarray:
        """Latents of a note's windows -> its frames (n_bins, n_frames), overlap-added (with `shares`: see `overlap_add`).

        pitch: MIDI, or a contour, one for each frame (n_frames,). velocity: MIDI, for models that are told it, with one pitch.
        """
        check_windows(z, starts, n_frames)
        if isinstance(pitch, np.ndarray) and pitch.ndim:
            return decode_along(self, z, starts, n_frames, pitch, shares)
        return overlap_add(self.decode_windows(z, pitch, velocity), starts, n_frames, shares)

    def decode_blocks(
        self, z: np.ndarray, starts: np.ndarray, n_frames: int, pitch: float | None = None
    ) -> Iterator[np.ndarray]:
        """What `decode` gives, in consecutive blocks (n_bins, n): what the first window settles, then ever more at once."""
        ends = np.append(starts[1:], n_frames)
        windows = np.empty((0, self.recipe.features.n_bins, self.recipe.window.frames), dtype=np.float32)
        done, first = 0, 0  # windows decoded; the first of them that is still needed
        while done < len(z):
            upto = min(2 * done + 1, len(z))
            windows = np.concatenate([windows, self.decode_windows(z[done:upto], pitch)])
            origin = starts[first]
            frames = overlap_add(windows, starts[first:upto] - origin, ends[upto - 1] - origin)
            yield frames[:, starts[done] - origin :]
            done = upto
            if done < len(z):
                needed = int(np.argmax(starts + windows.shape[2] > starts[done]))
                windows, first = windows[needed - first :], needed

    def checked_pitch(self, pitch: float | np.ndarray | None, needed: bool | None = None) -> float:
        """The MIDI pitch to tell the model; 0 where it needs none. Raises TimbreError for what is no pitch.

        needed: whether there must be one; None where the model is told the pitch anywhere.
        """
        number = math.nan if pitch is None else number_given(pitch, "pitch")
        if math.isnan(number):
            if self.recipe.uses_pitch if needed is None else needed:
                raise TimbreError(f"{self.name} is conditioned on pitch: give the note's MIDI pitch (0-127).")
            return 0.0
        return pitch_given(number)


def check_windows(z: np.ndarray, starts: np.ndarray, n_frames: int) -> None:
    """Raise TimbreError unless there is a start for each of the latents (n, latent_dim), and a frame."""
    places = np.asarray(starts)
    if not len(z) or places.shape != (len(z),) or places.dtype.kind not in "iu" or places.min() < 0:
        raise TimbreError(f"starts must be whole numbers from 0, one for each of the {len(z)} windows.")
    if not isinstance(n_frames, int | np.integer) or n_frames < 1:
        raise TimbreError(f"n_frames must be a whole number from 1, got {str(n_frames)[:40]}.")


@dataclass
class HeldCoder(TrajectoryCoder):
    """As a `TrajectoryCoder` of a model of whole notes, whose windows are notes held for `n_frames` (see `held_places`).

    always: also notes that die away by themselves.
    """

    n_frames: int
    always: bool

    @property
    def size(self) -> int:
        return self.n_frames

    def decode_windows(
        self, z: np.ndarray, pitch: np.ndarray | float | None = None, velocity: float | None = None
    ) -> np.ndarray:
        return np.stack([self._held(each) for each in super().decode_windows(z, pitch, velocity)])

    def _held(self, window: np.ndarray) -> np.ndarray:
        features = self.recipe.features
        level = 10 * np.log10(np.sum(10 ** ((window - 1) / 20 * features.top_db), axis=0) + 1e-12)
        places = held_places(level, self.n_frames, features.frame_rate, self.always)
        held = at_places(window, places)
        held[:, places > len(level) - 1] = SILENCE
        return held


def decode_held(
    coder: TrajectoryCoder, z: np.ndarray, n_frames: int, pitch: float | np.ndarray | None, always: bool
) -> np.ndarray:
    """Codes of whole notes (n, latent_dim), which take turns, -> frames (n_bins, n_frames) of one note held so long."""
    held = HeldCoder(coder.windows, coder.recipe, coder.name, n_frames, always)
    return held.decode(z, np.zeros(len(z), dtype=np.int64), n_frames, pitch, turns(len(z), n_frames, n_frames))


def stretch(trajectory: np.ndarray, count: int) -> np.ndarray:
    """A trajectory (n, latent_dim) at `count` evenly spaced places from its first window to its last."""
    places = np.linspace(0, len(trajectory) - 1, count) if count > 1 else np.zeros(1)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, len(trajectory) - 1)
    weight = (places - below)[:, None].astype(np.float32)
    return trajectory[below] * (1 - weight) + trajectory[above] * weight


def decode_along(
    coder: TrajectoryCoder,
    z: np.ndarray,
    starts: np.ndarray,
    n_frames: int,
    contour: np.ndarray,
    shares: np.ndarray | None = None,
) -> np.ndarray:
    """Latents of windows (n_windows, latent_dim) -> frames (n_bins, n_frames) whose pitch is `contour` (n_frames,) MIDI;
    `shares` are those of `overlap_add`.

    A window of one frame is decoded at the frame's own pitch. Longer ones are decoded at whole keys, which is what models
    learn from, and each frame is made of the two keys around its pitch: their spectra are moved by the fraction of a
    semitone that they are off, so that their partials lie where they should, and faded one into the other.

    Raises TimbreError for a contour of another length, or outside 0 to 127.
    """
    if contour.shape != (n_frames,):
        raise TimbreError(
            f"a pitch contour of shape {contour.shape} does not fit {n_frames} frames: give one pitch a frame."
        )
    if not ((contour >= 0) & (contour <= 127)).all():
        raise TimbreError("a contour's pitch is outside MIDI's 0-127 (60 is middle C).")
    size = coder.size
    if size == 1:
        return overlap_add(coder.decode_windows(z, contour[starts]), starts, n_frames, shares)
    # What lies beyond the last frame is cut off again.
    told = np.pad(contour, (0, max(0, int(starts[-1]) + size - n_frames)), mode="edge")
    rows, keys = [], []
    for row, start in enumerate(starts):
        here = told[start : start + size]
        sounding = np.unique([np.floor(here), np.ceil(here)])
        rows += [row] * len(sounding)
        keys += sounding.tolist()
    windows = np.zeros((len(z), coder.recipe.features.n_bins, size), dtype=np.float32)
    for row, key, part in zip(rows, keys, coder.decode_windows(z[rows], np.array(keys)), strict=True):
        off = told[starts[row] : starts[row] + size] - key
        share = np.clip(1 - np.abs(off), 0, 1)
        here = share > 0
        if coder.recipe.features.is_spectrum:
            part[:, here] = moved_spectra(part[:, here], off[here], bin_frequencies(coder.recipe.features))
        windows[row] += share.astype(np.float32) * part
    return overlap_add(windows, starts, n_frames, shares)


def moved_spectra(frames: np.ndarray, semitones: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Spectra (n_bins, n) whose rows stand for `frequencies` (n_bins,) Hz, each moved up by `semitones` (n,)."""
    wanted = frequencies[:, None] * 2.0 ** (-semitones / 12)
    above = np.clip(np.searchsorted(frequencies, wanted), 1, len(frequencies) - 1)
    low, high = frequencies[above - 1], frequencies[above]
    share = np.clip((wanted - low) / (high - low), 0, 1).astype(np.float32)
    column = np.arange(frames.shape[1])
    return frames[above - 1, column] * (1 - share) + frames[above, column] * share
