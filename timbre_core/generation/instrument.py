"""A point of the latent space as an instrument: its sound at any key, ready to be held."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.frames import spectrogram
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.windows import window_starts
from timbre_core.generation.looping import find_loop, steady_frames
from timbre_core.inverters import Inverter
from timbre_core.space import TimbreSpace

KEYS = range(128)
"""MIDI keys that can be asked for."""

_LEVEL_DB = -17.0  # RMS of a note's loudest moment: eight keys at once stay below full scale most of the time
_PEAK_DB = -1.5
_MOMENT = 0.1  # seconds
_INAUDIBLE_DB = 66.0  # below the note's loudest band; what ends softer than this is not inverted
_SHORTEST = 0.25  # seconds
_AFTER_LOOP = 4  # frames decoded beyond a loop, so that the inverter's edge lies outside of it


@dataclass(frozen=True)
class PlayedNote:
    """One key of an instrument.

    Attributes:
        key: MIDI pitch that sounds.
        audio: (n_samples,) float32, of even loudness over keys, without what is too soft to hear.
        loop: first sample of the part to repeat while the key is held, and the one behind its last, where the audio
            ends; None for sounds that die away or do not repeat.
        frames: (n_bins, n_frames) as the model decoded them, in [-1, 1], of the whole note.
    """

    key: float
    audio: np.ndarray
    loop: tuple[int, int] | None
    frames: np.ndarray
    sample_rate: int


class Instrument:
    """The sound of a latent, key by key. Thread-safe; keeps nothing but what all keys share.

    How the sound unfolds in time comes from the map note whose mean is nearest, as in `TimbreSpace.generate`: its
    trajectory, moved to `mean`.
    """

    def __init__(self, space: TimbreSpace, mean: np.ndarray, inverter: Inverter | None = None) -> None:
        """`mean` is (latent_dim,); without an `inverter`, the space's own is used.

        Raises TimbreError for a mean of another shape and for values that are not finite.
        """
        mean = np.asarray(mean, dtype=np.float32)
        size = space.recipe.model.latent_dim
        if mean.shape != (size,) or not np.isfinite(mean).all():
            raise TimbreError(f"a point of this latent space is {size} finite numbers, not {mean.shape or 'one'}.")
        self.space = space
        self.mean = mean
        self.invert = inverter or space.inverter

    @property
    def conditioned(self) -> bool:
        """Whether the model itself plays each key; otherwise its one sound is resampled."""
        return self.space.recipe.uses_pitch

    @cached_property
    def nearest(self) -> str:
        """Id of the map note that the time course comes from."""
        return str(self._nearest["note_id"])

    @cached_property
    def trajectory(self) -> np.ndarray:
        """Latents of the note's windows (n_windows, latent_dim); the mean of those that hold sound is `mean`."""
        return self.mean + self.space.departures_of(self.nearest)

    @cached_property
    def root(self) -> float:
        """The MIDI pitch that an unconditioned model's sound has: measured, or else that of the nearest note.

        What is measured octaves away from the nearest note is taken to lie in the note's octave.
        """
        label = float(self._nearest["pitch"])
        measured = estimate_f0(self._root_audio, self.space.sample_rate).midi
        if not np.isfinite(measured):
            return label if np.isfinite(label) else 60.0
        octaves = 12 * round((label - measured) / 12) if np.isfinite(label) else 0
        return measured + octaves if abs(label - measured - octaves) < 1 else measured

    @cached_property
    def _nearest(self) -> pd.Series:
        return self.space.neighbours(self.mean, 1).iloc[0]

    def frames(self, key: float) -> np.ndarray:
        """What the model decodes for a key: (n_bins, n_frames) in [-1, 1]. All keys share it in unconditioned models."""
        if self.conditioned:
            return self._decode(_checked(key))
        return self._root_frames

    def whole(self, key: float) -> np.ndarray:
        """A key's audio (n_samples,) as long as the model makes it, its release included."""
        key = _checked(key)
        frames = self.frames(key)
        audio = self.invert(frames, 0.0, key, in_tune=True) if self.conditioned else self._resampled(key)
        return _levelled(audio, self.space.sample_rate)

    def note(self, key: float) -> PlayedNote:
        """A key to be held: as short as the sound allows, with a loop where it is steady enough."""
        key = _checked(key)
        frames = self.frames(key)
        rate = self.space.sample_rate
        features = self.space.recipe.features
        spectra = spectrogram(frames, features)
        steady = steady_frames(spectra, features)
        if steady is not None:
            audio = _levelled(self._sounding(frames, key, steady[1] + _AFTER_LOOP), rate)
            hop = features.hop_length / self._speed(key)
            looped = find_loop(audio, rate, round(steady[0] * hop), round(steady[1] * hop))
            if looped is not None:
                return PlayedNote(key, looped[0], looped[1], frames, rate)
        last = _audible(spectra, features.top_db)
        audio = _levelled(self._sounding(frames, key, last), rate)
        return PlayedNote(key, _faded(audio, rate), None, frames, rate)

    def _sounding(self, frames: np.ndarray, key: float, last: int) -> np.ndarray:
        """Audio of the first `last` frames of a key, at least _SHORTEST long."""
        features = self.space.recipe.features
        if self.conditioned:
            shortest = round(_SHORTEST * features.sample_rate / features.hop_length)
            return self.invert(frames[:, : max(last, shortest)], 0.0, key, in_tune=True)
        length = max(round(last * features.hop_length / self._speed(key)), round(_SHORTEST * features.sample_rate))
        return self._resampled(key)[:length]

    def _speed(self, key: float) -> float:
        """How much faster than the model made it a key's audio runs."""
        return 1.0 if self.conditioned else 2 ** ((key - self.root) / 12)

    def _decode(self, pitch: float | None) -> np.ndarray:
        window, features = self.space.recipe.window, self.space.recipe.features
        if features.seconds is None:
            n_frames = (len(self.trajectory) - 1) * window.hop + window.frames
        else:
            n_frames = features.n_frames(round(features.seconds * features.sample_rate))
        starts = window_starts(n_frames, window.frames, window.hop)
        return self.space.decode(self.trajectory, starts, n_frames, pitch)

    @cached_property
    def _root_frames(self) -> np.ndarray:
        return self._decode(None)

    @cached_property
    def _root_audio(self) -> np.ndarray:
        # A model that is not told the pitch does not sound it, so its notes are inverted without one.
        return self.invert(self._root_frames, 0.0, None)

    def _resampled(self, key: float) -> np.ndarray:
        import soxr

        rate, speed = self.space.sample_rate, self._speed(key)
        # What is played slower lasts longer: no longer than the model's own note.
        audio = self._root_audio[: max(1, round(len(self._root_audio) * min(1.0, speed)))]
        return np.asarray(soxr.resample(audio, rate * speed, rate), dtype=np.float32)


def starting_point(space: TimbreSpace, like: str | None = None, family: str | None = None, seed: int = 0) -> np.ndarray:
    """A latent (latent_dim,): that of the map note `like`, the mean of a `family`, or else a draw from the prior.

    Raises TimbreError for an unknown note or family, and for a draw from a plain autoencoder, which has no prior.
    """
    if like is not None:
        return np.array(space.means[space.row_of(like)])
    if family is not None:
        mean: np.ndarray = space.means[space.rows_of_family(family)].mean(axis=0, dtype=np.float32)
        return mean
    check_prior(space.checkpoint)
    import torch

    drawn: np.ndarray = space.model.prior.sample(1, torch.Generator().manual_seed(seed)).numpy()[0]
    return drawn


def check_prior(checkpoint: Checkpoint) -> None:
    """Raises TimbreError for a plain autoencoder, which has no prior to draw from."""
    if not checkpoint.recipe.model.sampling:
        raise TimbreError(f"{checkpoint.name} is a plain autoencoder without a prior: choose a family or a note.")


def _checked(key: float) -> float:
    if not 0 <= key <= 127:
        raise TimbreError(f"key {key:g} is outside MIDI's 0-127 (60 is middle C).")
    return float(key)


def _audible(frames: np.ndarray, top_db: float) -> int:
    """Frames up to the last that can be heard."""
    level = (frames.max(axis=0) - frames.max()) / 2 * top_db
    heard = np.flatnonzero(level > -_INAUDIBLE_DB)
    return int(heard[-1]) + 1 if len(heard) else frames.shape[1]


def _levelled(audio: np.ndarray, rate: int) -> np.ndarray:
    """The audio with an RMS of _LEVEL_DB in its loudest moment, and no sample above _PEAK_DB."""
    size = min(max(1, round(_MOMENT * rate)), len(audio))
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    loudest = float(np.sqrt(np.max(energy[size:] - energy[:-size]) / size))
    peak = float(np.abs(audio).max())
    if loudest <= 0 or peak <= 0:
        return audio
    return audio * np.float32(min(10 ** (_LEVEL_DB / 20) / loudest, 10 ** (_PEAK_DB / 20) / peak))


def _faded(audio: np.ndarray, rate: int) -> np.ndarray:
    """The audio with its last 20 ms faded out, as it may have been cut."""
    size = min(round(0.02 * rate), len(audio))
    faded = audio.copy()
    faded[len(audio) - size :] *= np.linspace(1, 0, size, dtype=np.float32)
    return faded
