"""A point of the latent space as an instrument: its sound at any key, ready to be held."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.frames import spectrogram
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.windows import window_starts
from timbre_core.generation.levels import faded, levelled
from timbre_core.generation.looping import find_loop, steady_part
from timbre_core.generation.macros import PLAIN, Shape
from timbre_core.generation.performing import performed
from timbre_core.generation.shaping import shaped
from timbre_core.inverters import Inverter
from timbre_core.space import TimbreSpace

KEYS = range(128)
"""MIDI keys that can be asked for."""

_INAUDIBLE_DB = 66.0  # below the note's loudest band; what ends softer than this is not inverted
_SHORTEST = 0.25  # seconds
_SOUNDED = 60.0  # the key that tells whether the sound is sustained
_SUSTAINED_DB = 4.2  # by which a sustained sound may drift in 1.6 s
_AFTER_LOOP = 4  # frames decoded beyond a loop, so that the inverter's edge lies outside of it


@dataclass(frozen=True)
class PlayedNote:
    """One key of an instrument.

    Attributes:
        key: MIDI pitch that sounds.
        audio: (n_samples,) float32, of even loudness over keys, without what is too soft to hear.
        loop: first sample of the part to repeat while the key is held, and the one behind its last, where the audio
            ends; None for sounds that die away or do not repeat.
        frames: (n_bins, n_frames) as the model decoded them, in [-1, 1], of the whole note; macros do not change them.
    """

    key: float
    audio: np.ndarray
    loop: tuple[int, int] | None
    frames: np.ndarray
    sample_rate: int

    def with_shape(self, shape: Shape) -> PlayedNote:
        """The same, shaped by macros."""
        audio, loop = shaped(self.audio, self.sample_rate, self.key, shape, self.loop)
        return replace(self, audio=audio, loop=loop)


class Instrument:
    """The sound of a latent, key by key. Thread-safe; keeps nothing but what all keys share.

    How the sound unfolds in time comes from the map note whose mean is nearest, as in `generate`: its trajectory, moved to
    `mean`.

    Parameters
    ----------
    space : TimbreSpace
    mean : ndarray (latent_dim,)
        A point of the latent space, such as a note's `Trajectory.mean`.
    inverter : Inverter, optional
        What makes sound of frames, by default the space's own.

    Raises
    ------
    TimbreError
        A mean of another shape, or values that are not finite.

    Examples
    --------
    >>> import timbre_core
    >>> space = timbre_core.open_space("nsynth-cvae")
    >>> note = timbre_core.Instrument(space, space.means[0]).note(60)
    >>> note.audio.ndim, note.sample_rate
    (1, 16000)
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
        self.shortest = _SHORTEST
        self.shape = PLAIN

    def with_shape(self, shape: Shape) -> Instrument:
        """The same instrument, whose keys sound shaped by macros."""
        changed = copy(self)
        changed.shape = shape
        return changed

    @property
    def conditioned(self) -> bool:
        """Whether the model itself plays each key; otherwise its one sound is resampled."""
        return self.space.recipe.uses_pitch

    @cached_property
    def nearest(self) -> str:
        """Id of the map note that the time course comes from."""
        return str(self._nearest["note_id"])

    @property
    def layers(self) -> tuple[Instrument, ...]:
        """Its layers of velocity, the softest first; itself alone where it was not recorded softer."""
        return (self,)

    def layer_at(self, velocity: float) -> int:
        """Which of its `layers` sounds at a MIDI velocity."""
        count = len(self.layers)
        return min(count - 1, int(velocity * count / 128))

    @property
    def recordings_used(self) -> tuple[str, ...]:
        """What the sounds are recordings of, by name; none where the model makes them."""
        return ()

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
        if not self.conditioned:
            return self._root_frames
        return self._middle_frames if key == _SOUNDED else self._decode(checked_key(key))

    def whole(self, key: float) -> np.ndarray:
        """A key's audio (n_samples,) as long as the model makes it, its release included."""
        key = checked_key(key)
        frames = self.frames(key)
        audio = self._played(frames, key) if self.conditioned else self._resampled(key)
        return self._shaped(levelled(audio, self.space.sample_rate), key)

    @cached_property
    def sustained(self) -> bool:
        """Whether the sound goes on while a key is held; otherwise it dies away, as plucked and struck ones do.

        One answer for all keys, so that some do not end where their neighbours go on.
        """
        return self.goes_on(self.frames(_SOUNDED))

    def goes_on(self, frames: np.ndarray) -> bool:
        """Whether a key's frames (n_bins, n_frames) hold a part that is about as loud at its end as at its beginning."""
        features = self.space.recipe.features
        part = steady_part(spectrogram(frames, features), features)
        return part is not None and abs(part.drift_db) <= _SUSTAINED_DB

    def note(self, key: float) -> PlayedNote:
        """A key to be held: as short as the sound allows, with a loop where the sound is sustained and repeats."""
        return self._note(checked_key(key)).with_shape(self.shape)

    def _note(self, key: float) -> PlayedNote:
        frames, rate = self.frames(key), self.space.sample_rate
        if self.sustained:
            audio, steady = self._unlooped(key, frames)
            looped = None if steady is None else find_loop(audio, rate, *steady)
            if looped is not None:
                return PlayedNote(key, looped[0], looped[1], frames, rate)
        features = self.space.recipe.features
        last = _audible(spectrogram(frames, features), features.top_db)
        return PlayedNote(key, faded(levelled(self._sounding(frames, key, last), rate), rate), None, frames, rate)

    def _shaped(self, audio: np.ndarray, key: float) -> np.ndarray:
        return shaped(audio, self.space.sample_rate, key, self.shape)[0]

    def unlooped(self, key: float) -> tuple[np.ndarray, tuple[int, int] | None]:
        """A key's audio (n_samples,) as far as a loop may be looked for, and where: its first sample and the one behind it.

        The whole audible note and None where no part of it could be repeated. Without the macros of `shape`, whose movements
        would hide where a sound repeats.
        """
        key = checked_key(key)
        return self._unlooped(key, self.frames(key))

    def _unlooped(self, key: float, frames: np.ndarray) -> tuple[np.ndarray, tuple[int, int] | None]:
        features = self.space.recipe.features
        spectra = spectrogram(frames, features)
        part = steady_part(spectra, features)
        last = _audible(spectra, features.top_db) if part is None else part.last + _AFTER_LOOP
        audio = levelled(self._sounding(frames, key, last), self.space.sample_rate)
        hop = features.hop_length / self._speed(key)
        return audio, None if part is None else (round(part.first * hop), round(part.last * hop))

    def _sounding(self, frames: np.ndarray, key: float, last: int) -> np.ndarray:
        """Audio of the first `last` frames of a key, at least _SHORTEST long."""
        features = self.space.recipe.features
        if self.conditioned:
            shortest = round(_SHORTEST * features.sample_rate / features.hop_length)
            return self._played(frames[:, : max(last, shortest)], key)
        length = max(round(last * features.hop_length / self._speed(key)), round(_SHORTEST * features.sample_rate))
        return self._resampled(key)[:length]

    def _played(self, frames: np.ndarray, key: float) -> np.ndarray:
        even = self.invert(frames, 0.0, key, in_tune=True)
        return performed(self.space, frames, even, self.mean, key, amount=self.shape.amount("playing") / 100)

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
    def _middle_frames(self) -> np.ndarray:
        return self._decode(_SOUNDED)

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
        return np.array(space.mean_of(like))
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


def checked_key(key: float) -> float:
    """The MIDI key (0-127). Raises TimbreError for one that is none."""
    if not 0 <= key <= 127:
        raise TimbreError(f"key {key:g} is outside MIDI's 0-127 (60 is middle C).")
    return float(key)


def _audible(frames: np.ndarray, top_db: float) -> int:
    """Frames up to the last that can be heard."""
    level = (frames.max(axis=0) - frames.max()) / 2 * top_db
    heard = np.flatnonzero(level > -_INAUDIBLE_DB)
    return int(heard[-1]) + 1 if len(heard) else frames.shape[1]
