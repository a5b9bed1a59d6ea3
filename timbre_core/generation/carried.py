"""What a model changes in a sound, given to the sound itself: the recording stays the carrier."""

from __future__ import annotations

import numpy as np

from timbre_core.decoding import moved_spectra
from timbre_core.features.frames import bin_frequencies, note_frames, spectrogram
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.pitch_shift import shift_pitch
from timbre_core.features.pitch_track import PitchContour
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


def carried(
    space: TimbreSpace, sound: Sound, before: np.ndarray, after: np.ndarray, shift: float, amount: float
) -> np.ndarray:
    """Audio (n_samples,) at the carrier's rate: the sound itself `shift` semitones higher, changed by
    what lies between frames (n_bins, n_frames) `before` and `after`, as decoded at its own place and at another."""
    features, count = space.recipe.features, after.shape[1]
    own, before, after = (
        spectrogram(frames, features) * (features.top_db / 2) for frames in (sound.frames[:, :count], before, after)
    )
    hz, carrier = bin_frequencies(features), sound.carrier
    if shift:
        own, before = (moved_spectra(levels, np.full(count, shift), hz) for levels in (own, before))
        if not follows(space):
            after = moved_spectra(after, np.full(count, shift), hz)
        carrier = shift_pitch(carrier, 2 ** (shift / 12), _window(sound, shift))
    change = change_of(own, before, after, sound.pitch.voiced[:count], amount)
    audio = filtered(carrier, sound.carrier_rate, change, hz, features.frame_rate)
    if not (amount and sound.pitch.voiced.any()):
        return audio
    # What lies on the floor of the frames may be nothing at all: there is nothing to make louder then.
    have = np.where(own <= own.max() - features.top_db + 1, _SILENT, own + change)
    return audio + _filling(space, sound, have, after, sound.pitch.shifted(shift), amount)


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


def _filling(
    space: TimbreSpace, sound: Sound, have: np.ndarray, after: np.ndarray, pitch: PitchContour, amount: float
) -> np.ndarray:
    """Audio (n_samples,) at the carrier's rate of what a sound of levels `have` (n_rows, n_frames) in dB lacks of `after`."""
    features, count, rate = space.recipe.features, have.shape[1], sound.carrier_rate
    f0 = np.interp(
        np.arange(len(sound.carrier)) / rate * features.frame_rate, np.arange(count), midi_to_hz(known(pitch)[:count])
    )
    pulses = excitation(f0, len(sound.carrier), rate)
    frames, ref_db = note_frames(resampled(pulses, rate, space.sample_rate), uncut(features), pitch.median)
    given = spectrogram(_as_long(frames, count), features) * (features.top_db / 2) + ref_db - sound.ref_db
    gains = filling_of(have, after, given, bin_frequencies(features), float(midi_to_hz(pitch.median)), amount)
    return filtered(pulses, rate, gains, bin_frequencies(features), features.frame_rate, above=_SILENT)


def _as_long(frames: np.ndarray, count: int) -> np.ndarray:
    """Frames (n_bins, n) as (n_bins, count): cut, or the last one repeated."""
    return np.pad(frames[:, :count], ((0, 0), (0, max(0, count - frames.shape[1]))), mode="edge")
