"""Timbre transfer: any sound moved in a timbre space, its pitch and loudness over time kept.

A sound is encoded window by window, as notes are, and each window moved toward the window of the target that begins as long
after the onset; the last that is held stands for all that follow. A model that is conditioned on pitch decodes each frame at the
pitch wanted there. Where a target has faded and the sound has not, its last spectrum is kept.

What is heard is the sound itself, shifted where another pitch is wanted, and filtered over time and frequency by what lies
between its own windows and the moved ones as decoded: at 0 it is the source, sample for sample, and what the model does not
know of it stays. Only where pitch is to move in another way than the sound's own, what is decoded is inverted; what a model
without that condition decodes can then only be played faster or slower. At the end the loudness over time is made that of the
source, its level within 3 dB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from timbre_core.decoding import moved_spectra
from timbre_core.errors import TimbreError
from timbre_core.features.frames import bin_frequencies
from timbre_core.features.loudness import LOUDNESS_RATE, loudness, near_level, with_loudness
from timbre_core.features.note_names import note_name
from timbre_core.features.pitch_track import PitchContour
from timbre_core.generation.carried import Carrier
from timbre_core.generation.opened_sound import Sound, resampled
from timbre_core.generation.opened_sound import open_sound as open_sound
from timbre_core.generation.resynthesis import RESTING, follows, known, sounding
from timbre_core.generation.targets import UNKNOWN_KEY, target_trajectory
from timbre_core.generation.targets import target_mean as target_mean
from timbre_core.space import TimbreSpace

MOST_AMOUNT = 2.0
"""How far a timbre can be moved: 1 is to the target, 2 as far beyond it."""

_MOST_FADED = 20.0  # dB that the decoded sound may be softer than the sound itself, both relative to their loudest


@dataclass(frozen=True)
class Transferred:
    """What became of a sound.

    Attributes
    ----------
    audio : ndarray (n_samples,)
        As long as the source and at its rate.
    frames : ndarray (n_bins, n_frames)
        As decoded, before pitch and loudness were restored.
    pitch : PitchContour
        What it was asked to sound at, over time.
    z : ndarray (n_windows, latent_dim)
        Latents of its windows.
    remarks : tuple of str
        Sentences on what the result does not keep, for people.
    sample_rate : int
        Hz.

    Examples
    --------
    See `transfer_audio`.
    """

    audio: np.ndarray
    frames: np.ndarray
    pitch: PitchContour
    z: np.ndarray
    remarks: tuple[str, ...]
    sample_rate: int


def transfer(
    space: TimbreSpace,
    sound: Sound,
    toward: str | None = None,
    amount: float = 1.0,
    pitch: PitchContour | None = None,
    seed: int = 0,
) -> Transferred:
    """A sound with its timbre moved toward a family or a note, at its own pitch or another.

    Args:
        toward: a family or a note id of the map; None leaves the timbre where it is.
        amount: 0 (at its own pitch the sound itself, untouched) over 1 (at the target) to MOST_AMOUNT (beyond it).
        pitch: the contour to sound at, a value a frame; None is the sound's own.
        seed: of the inverter's random phases.

    Raises TimbreError for an unknown target and an amount that is out of range.
    """
    _check_amount(amount)
    return way_toward(space, sound, toward, pitch).at(amount, seed)


def way_toward(space: TimbreSpace, sound: Sound, toward: str | None, pitch: PitchContour | None = None) -> Way:
    """The way that `transfer` goes: a sound's timbre toward a family or a note, at the pitch that it is to have.

    Raises TimbreError for an unknown target.
    """
    wanted = sound.pitch if pitch is None else pitch
    own = sound.trajectory.mu
    if toward is None:
        return Way(space, sound, wanted, own, None)
    register = wanted if space.recipe.uses_pitch else sound.pitch
    target = target_trajectory(space, toward, register.told)
    return Way(space, sound, wanted, own, target[np.minimum(np.arange(len(own)), len(target) - 1)])


@dataclass(frozen=True)
class Way:
    """From a sound's own place to a target's: what is the same however far it goes is computed once.

    wanted: the contour to sound at. own, aim: latents (n_windows, latent_dim); no aim leaves the timbre where it is.
    """

    space: TimbreSpace
    sound: Sound
    wanted: PitchContour
    own: np.ndarray
    aim: np.ndarray | None

    def at(self, amount: float, seed: int = 0) -> Transferred:
        """The sound so far on its way, as `transfer` has it. Raises TimbreError for an amount out of range."""
        _check_amount(amount)
        space, sound, wanted, own, aim = self.space, self.sound, self.wanted, self.own, self.aim
        remarks, rate = tuple(_remarks(space, wanted)), sound.carrier_rate
        if (aim is None or amount == 0) and _same_pitch(sound.pitch, wanted):
            # Nothing is to change: no model and no inverter comes between.
            frames = sound.frames[:, : len(wanted.midi)]
            return Transferred(sound.carrier.copy(), frames, wanted, own, remarks, rate)
        if aim is None:
            aim, amount = own, 0.0
        z = own + np.float32(amount) * (aim - own)
        if self._shift is None:
            frames = _decoded(space, sound, z, wanted)
            audio = _fitting(resampled(sounding(space, sound, frames, wanted, seed), space.sample_rate, rate), sound)
        else:
            # Levels go straight from the one place to the other: those that lie between may be of other timbres.
            here, there = self._ends
            frames = here + np.float32(amount) * (there - here)
            audio = self._carrier.moved(frames, amount)
        audio = near_level(with_loudness(audio, loudness(sound.carrier, rate), rate), sound.carrier)
        return Transferred(_limited(audio, rate, faded=self._shift is None), frames, wanted, z, remarks, rate)

    @cached_property
    def _shift(self) -> float | None:
        return _one_shift(self.sound.pitch, self.wanted)

    @cached_property
    def _carrier(self) -> Carrier:
        before = _decoded(self.space, self.sound, self.own, self.sound.pitch)
        return Carrier(self.space, self.sound, before, self._shift or 0.0)

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Frames (n_bins, n_frames) as decoded at the pitch wanted: at the sound's own place, and at the target's."""
        space, sound, wanted = self.space, self.sound, self.wanted
        here = _decoded(space, sound, self.own, wanted) if self._shift and follows(space) else self._carrier.before
        return here, here if self.aim is None else _decoded(space, sound, self.aim, wanted)


def _check_amount(amount: float) -> None:
    if not 0 <= amount <= MOST_AMOUNT:
        raise TimbreError(
            f"amount {amount:g}: choose from 0 (as it is) over 1 (at the target) to {MOST_AMOUNT:g} (beyond it)."
        )


def transfer_audio(
    space: TimbreSpace,
    audio: np.ndarray,
    toward: str | None = None,
    amount: float = 1.0,
    pitch: float | None = None,
    seed: int = 0,
) -> Transferred:
    """A recorded sound with its timbre moved toward that of a note or a family; its melody and loudness stay.

    Parameters
    ----------
    space : TimbreSpace
    audio : ndarray (n_samples,)
        At the space's sample rate.
    toward : str, optional
        A family or a note id of the map; None leaves the timbre where it is.
    amount : float
        How far: 0 is the sound itself as the space renders it, 1 arrives there.
    pitch : float, optional
        One MIDI pitch to sound at, by default the sound's own melody.
    seed : int

    Returns
    -------
    Transferred

    Raises
    ------
    TimbreError
        Audio that cannot be used, an unknown target, or a value out of range.

    Examples
    --------
    >>> import timbre_core
    >>> space, library = timbre_core.open_space("nsynth-cvae"), timbre_core.open_library(["starter"], progress=False)
    >>> audio = library.load(0, space.sample_rate)
    >>> made = timbre_core.transfer_audio(space, audio, toward="flute")
    >>> made.audio.shape == audio.shape
    True
    """
    sound = open_sound(space, audio)
    return transfer(space, sound, toward, amount, None if pitch is None else sound.pitch.moved_to(pitch), seed)


def _same_pitch(own: PitchContour, wanted: PitchContour) -> bool:
    """Whether a sound stays at its own pitch all the time."""
    return own is wanted or (len(own.midi) == len(wanted.midi) and np.allclose(own.midi, wanted.midi, equal_nan=True))


def _decoded(space: TimbreSpace, sound: Sound, z: np.ndarray, pitch: PitchContour) -> np.ndarray:
    """Frames (n_bins, n_frames) of latents, one for each of the sound's windows, as the model plays them at `pitch`."""
    told = _decoded_pitch(space, sound, pitch)
    frames = space.decode(z, sound.trajectory.starts, sound.trajectory.n_frames, told)[:, : len(pitch.midi)]
    return kept_sounding(space, sound, frames, pitch if follows(space) else sound.pitch)


def _one_shift(own: PitchContour, wanted: PitchContour) -> float | None:
    """The semitones that lie between a sound's own pitch and the one wanted, where they are the same all the time."""
    off = wanted.midi - own.midi
    if not own.voiced.any():
        return 0.0 if wanted is own or not wanted.voiced.any() else None
    return float(np.nanmedian(off)) if np.nanmax(off) - np.nanmin(off) < RESTING else None


def _fitting(audio: np.ndarray, sound: Sound) -> np.ndarray:
    """As many samples as the carrier has."""
    size = len(sound.carrier)
    return np.pad(audio[:size], (0, max(0, size - len(audio))))


def _decoded_pitch(space: TimbreSpace, sound: Sound, wanted: PitchContour) -> np.ndarray | None:
    """What a model that is conditioned on pitch is told for each of the trajectory's frames (n_frames,)."""
    if not space.recipe.uses_pitch:
        return None
    pitch = known(wanted)
    return np.pad(pitch, (0, max(0, sound.trajectory.n_frames - len(pitch))), mode="edge")[: sound.trajectory.n_frames]


def kept_sounding(space: TimbreSpace, sound: Sound, frames: np.ndarray, pitch: PitchContour) -> np.ndarray:
    """Decoded frames (n_bins, n_frames) of `pitch`; those that have faded away much further than the sound repeat the last
    before them that has not, at their own pitch: made as loud as the sound, they would be nothing but noise."""
    features = space.recipe.features
    if not features.is_spectrum:
        return frames
    level = 10 * np.log10(np.sum(10 ** (frames * (features.top_db / 20)), axis=0))
    at = np.arange(len(level)) * features.hop_length / space.sample_rate * LOUDNESS_RATE
    asked = np.interp(at, np.arange(len(sound.loudness)), sound.loudness)
    there = (level - level.max()) - (asked - asked.max()) > -_MOST_FADED
    last = np.maximum.accumulate(np.where(there, np.arange(len(there)), int(np.argmax(there))))
    faded = np.flatnonzero(last != np.arange(len(last)))
    midi = known(pitch)
    held = frames.copy()
    held[:, faded] = moved_spectra(frames[:, last[faded]], (midi - midi[last])[faded], bin_frequencies(features))
    return held


def _limited(audio: np.ndarray, sample_rate: int, faded: bool) -> np.ndarray:
    """Audio (n_samples,) within full scale; what was made of frames alone also begins and ends in silence."""
    import torch

    from timbre_core.inversion.level import fade_ends, limit

    limited = limit(torch.from_numpy(audio)[None].clone(), sample_rate)
    result: np.ndarray = (fade_ends(limited, sample_rate) if faded else limited)[0].numpy()
    return result


def _remarks(space: TimbreSpace, wanted: PitchContour) -> list[str]:
    """What is not kept, told to people."""
    remarks = []
    if not follows(space):
        remarks.append(
            f"{space.checkpoint.name} is not told the pitch: another pitch takes the timbre along, as a tape that runs faster "
            "does, and a pitch that is held steady may move with the timbre."
        )
    elif not wanted.voiced.any():
        remarks.append(
            f"No pitch is heard in this sound, so the model plays it at {note_name(UNKNOWN_KEY)}: choose another."
        )
    return remarks
