"""What a model changes in a sound, given to the sound itself: the recording stays the carrier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from timbre_core.decoding import moved_spectra
from timbre_core.features.frames import bin_frequencies, note_frames, spectrogram
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.pitch_shift import shift_pitch
from timbre_core.generation.opened_sound import Sound, resampled, uncut
from timbre_core.generation.resynthesis import follows, known
from timbre_core.inversion.carrier import filtered
from timbre_core.inversion.imprint import excitation
from timbre_core.space import TimbreSpace

_SILENT = -200.0  # dB
_SHIFTED = 0.04  # seconds: windows that sounds are shifted with, those of low ones are longer

_DETAIL = (1.0, 1.0)  # rows, frames over which the change is smoothed
_BLUR = (1.0, 8.0)  # the same of what the model leaves out of the sound: its changes over time are the sound's own
_MOST, _LEAST, _BLURRED = 30.0, 18.0, 30.0  # dB: raised by, lowered by, and made up for at most
_LACKING = 20.0  # dB below what is wanted: what is nearer is noise of the sound itself, which can be raised
_HEARD = 60.0  # dB below the loudest of what is wanted: softer bands are not filled
_NOTHING = 1e-12  # power
_UNPITCHED = 0.4  # how far what has no pitch, such as consonants, goes along


@dataclass(frozen=True)
class Carrier:
    """A sound that carries what a model changes in it: what is the same however far it is moved.

    before: frames (n_bins, n_frames) as decoded at its own place. shift: semitones that it is moved by.
    """

    space: TimbreSpace
    sound: Sound
    before: np.ndarray
    shift: float

    def moved(self, after: np.ndarray, amount: float) -> np.ndarray:
        """Audio (n_samples,) at the carrier's rate: the sound itself `shift` semitones higher, changed by
        what lies between `before` and frames (n_bins, n_frames) `after`, as decoded at another place."""
        space, sound, features = self.space, self.sound, self.space.recipe.features
        own, before, count = self._own, self._before, after.shape[1]
        after = self._levels(after)
        if self.shift and not follows(space):
            after = self._shifted(after)
        hz, rate = bin_frequencies(features), sound.carrier_rate
        change = change_of(own, before, after, sound.pitch.voiced[:count], amount)
        audio = filtered(self._audio, rate, change, hz, features.frame_rate)
        if not (amount and sound.pitch.voiced.any()):
            return audio
        # What lies on the floor of the frames may be nothing at all: there is nothing to make louder then.
        have = np.where(own <= own.max() - features.top_db + 1, _SILENT, own + change)
        pulses, given = self._filling
        f0 = float(midi_to_hz(sound.pitch.shifted(self.shift).median))
        gains = filling_of(have, after, given, hz, f0, amount)
        return audio + filtered(pulses, rate, gains, hz, features.frame_rate, above=_SILENT)

    def _levels(self, frames: np.ndarray) -> np.ndarray:
        features = self.space.recipe.features
        return spectrogram(frames, features) * (features.top_db / 2)

    def _shifted(self, levels: np.ndarray) -> np.ndarray:
        return moved_spectra(levels, np.full(levels.shape[1], self.shift), bin_frequencies(self.space.recipe.features))

    @cached_property
    def _own(self) -> np.ndarray:
        levels = self._levels(self.sound.frames[:, : self.before.shape[1]])
        return self._shifted(levels) if self.shift else levels

    @cached_property
    def _before(self) -> np.ndarray:
        levels = self._levels(self.before)
        return self._shifted(levels) if self.shift else levels

    @cached_property
    def _audio(self) -> np.ndarray:
        """The sound (n_samples,) at its new pitch."""
        carrier = self.sound.carrier
        return shift_pitch(carrier, 2 ** (self.shift / 12), _window(self.sound, self.shift)) if self.shift else carrier

    @cached_property
    def _filling(self) -> tuple[np.ndarray, np.ndarray]:
        """Pulses (n_samples,) at the carrier's rate that fill what a sound lacks, and their levels (n_rows, n_frames) in dB."""
        space, sound, features = self.space, self.sound, self.space.recipe.features
        rate, count, pitch = sound.carrier_rate, self.before.shape[1], sound.pitch.shifted(self.shift)
        seconds = np.arange(len(sound.carrier)) / rate
        f0 = np.interp(seconds * features.frame_rate, np.arange(count), midi_to_hz(known(pitch)[:count]))
        pulses = excitation(f0, len(sound.carrier), rate)
        frames, ref_db = note_frames(resampled(pulses, rate, space.sample_rate), uncut(features), pitch.median)
        return pulses, self._levels(_as_long(frames, count)) + ref_db - sound.ref_db


def _window(sound: Sound, shift: float) -> int:
    """Samples of the window that a sound is shifted with: at least four of its periods."""
    lowest = float(np.nanmin(sound.pitch.midi)) + min(0.0, shift)
    return int(2 ** np.ceil(np.log2(max(_SHIFTED * sound.carrier_rate, 4 * sound.carrier_rate / midi_to_hz(lowest)))))


def change_of(own: np.ndarray, before: np.ndarray, after: np.ndarray, voiced: np.ndarray, amount: float) -> np.ndarray:
    """By how many dB (n_rows, n_frames) a sound is to be made louder and softer over time and frequency.

    It is what lies between the sound as the model has it and what it makes of that. A model leaves out some of every sound:
    the farther a sound is moved, the more is made up for that, too, in the long run, so that it arrives at the target and its
    own detail stays. Nothing at all where `after` is `before` and `amount` 0.

    Args:
        own, before, after: levels in dB, (n_rows, n_frames) each: of the sound, as decoded, and as decoded when moved.
        voiced: (n_frames,), where a pitch is heard. What has none goes along less, unless none is heard at all.
        amount: how far it is moved, 0 to 1; what is beyond counts as 1.
    """
    change = np.minimum(_smooth(after - before, *_DETAIL), _MOST)
    blurred = np.clip(_smooth(before - own, *_BLUR), -_BLURRED, _BLURRED)
    change = change + min(1.0, amount) ** 2 * blurred
    change = np.where(change < 0, -_LEAST * np.tanh(-change / _LEAST), change)
    if voiced.any():
        change = change * _smooth(np.where(voiced, 1.0, _UNPITCHED)[None], 0, 1.5)
    return change


def filling_of(
    have: np.ndarray, after: np.ndarray, excitation: np.ndarray, hz: np.ndarray, f0: float, amount: float
) -> np.ndarray:
    """Levels in dB (n_rows, n_frames) that an excitation is to have where a sound has nothing that could be made louder.

    Args:
        have, after, excitation: levels in dB, (n_rows, n_frames) each: of the changed sound, as decoded, of the excitation.
        hz: (n_rows,) that the rows stand for. f0: Hz; what lies between two harmonics counts as the louder one.
        amount: how far the sound is moved; what is beyond 1 counts as 1.
    """
    have, wanted, given = (_over_harmonics(levels, hz, f0) for levels in (have, after, excitation))
    lacking = min(1.0, amount) ** 2 * 10 ** (wanted / 10) - 10 ** (have / 10)
    gain: np.ndarray = 10 * np.log10(np.maximum(lacking, _NOTHING)) - given
    return np.where((wanted - have > _LACKING) & (wanted > wanted.max() - _HEARD), gain, _SILENT)


def _over_harmonics(levels: np.ndarray, hz: np.ndarray, f0: float) -> np.ndarray:
    """The highest level (n_rows, n_frames) within half the distance of two harmonics."""
    first, last = np.searchsorted(hz, hz - f0 / 2), np.searchsorted(hz, hz + f0 / 2, side="right")
    return np.stack([levels[a : max(b, a + 1)].max(axis=0) for a, b in zip(first, last, strict=True)])


def _smooth(levels: np.ndarray, rows: float, frames: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    smoothed: np.ndarray = gaussian_filter(levels.astype(np.float64), (rows, frames), mode="nearest")
    return smoothed


def _as_long(frames: np.ndarray, count: int) -> np.ndarray:
    """Frames (n_bins, n) as (n_bins, count): cut, or the last one repeated."""
    return np.pad(frames[:, :count], ((0, 0), (0, max(0, count - frames.shape[1]))), mode="edge")
