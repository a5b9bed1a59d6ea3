"""An instrument as samples that other programs play: its keys and layers rendered, tuned, levelled and looped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.generation.formats.description import (
    GUARD,
    LONGEST_ATTACK,
    LONGEST_RELEASE,
    Sample,
    SampledInstrument,
    Zone,
)
from timbre_core.generation.formats.packing import file_name
from timbre_core.generation.formats.wav import zone_wav
from timbre_core.generation.in_tune import cents_off
from timbre_core.generation.instrument import Instrument, PlayedNote
from timbre_core.generation.levels import faded, levelled
from timbre_core.generation.looping import find_loop
from timbre_core.generation.macros import Shape
from timbre_core.generation.note_at import note_at
from timbre_core.generation.shaping import shaped
from timbre_core.generation.sources import licence_note

_NOTE_NAMES = ("C", "Cs", "D", "Ds", "E", "F", "Fs", "G", "Gs", "A", "As", "B")
ATTACK = 0.001
"""Seconds: the shortest that does not click."""
RELEASE = 0.3
"""Seconds in which an exported key fades out unless told otherwise."""
RATES = (44_100, 48_000)
BITS = (16, 24)
MOST_LAYERS = 4


@dataclass(frozen=True)
class Sampling:
    """How an instrument is sampled.

    Attributes:
        rate: Hz, one of `RATES`. bits: one of `BITS`.
        layers: velocity layers, 1 to 4. With more than one, each sounds as if played at the middle of its velocities, from softer
            recordings where there are some.
        loop: True: a loop wherever a part can be repeated; False: each key once, as long as the model makes it, to its end
            however long it is held; None: loops where the sound is sustained.
        attack, release: seconds in which a key fades in when it is pressed, and out when it is let go.
    """

    rate: int = 44_100
    bits: int = 16
    layers: int = 1
    loop: bool | None = None
    attack: float = ATTACK
    release: float = RELEASE

    def __post_init__(self) -> None:
        """Raises TimbreError for a setting outside of what is said above."""
        for name, value, choice in (("rate", self.rate, RATES), ("bits", self.bits, BITS)):
            if value not in choice:
                raise TimbreError(f"{name} {value}: choose {' or '.join(map(str, choice))}.")
        if not 1 <= self.layers <= MOST_LAYERS:
            raise TimbreError(f"{self.layers} velocity layers: choose from 1 to {MOST_LAYERS}.")
        for name, seconds, most in (
            ("attack", self.attack, LONGEST_ATTACK),
            ("release", self.release, LONGEST_RELEASE),
        ):
            if not 0 <= seconds <= most:
                raise TimbreError(f"{name} {seconds:g}: choose from 0 to {most:g} seconds.")


def sampled_keys(low: int, high: int, step: int) -> list[int]:
    """MIDI keys from `low` to at most `high`, every `step` semitones. Raises TimbreError for a range that makes no sense."""
    if not (0 <= low <= high <= 127):
        raise TimbreError(
            f"keys {low} to {high}: choose a lowest and a highest MIDI key from 0 to 127, low before high."
        )
    if not 1 <= step <= 24:
        raise TimbreError(f"a sample every {step} semitones: choose from 1 (every key) to 24 (every second octave).")
    return list(range(low, high + 1, step))


def key_ranges(keys: list[int]) -> list[tuple[int, int]]:
    """The lowest and the highest MIDI key that each sample plays: the nearest sample's, all of 0-127 without gaps."""
    borders = [(lower + upper) // 2 for lower, upper in itertools.pairwise(keys)]
    return list(zip([0, *(border + 1 for border in borders)], [*borders, 127], strict=True))


def velocity_layers(count: int) -> list[tuple[int, int]]:
    """The lowest and the highest MIDI velocity of each of `count` layers, softest first: all of 1-127 without gaps."""
    borders = [round(128 * layer / count) for layer in range(count + 1)]
    return [(max(1, low), high - 1) for low, high in itertools.pairwise(borders)]


def sampled(
    instrument: Instrument,
    name: str,
    keys: list[int],
    how: Sampling | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    tuning: Sequence[float | None] | None = None,
) -> SampledInstrument:
    """The instrument as samples at `keys`; `progress(done, of)` is called before each sample.

    Every sample is brought to its key's pitch (where one is heard less than half a semitone off it) and to one level.

    tuning: the MIDI pitch of each key 0-127, None where it plays nothing, as of `features.tuning.key_pitches`. Then every key
    from the first of `keys` to the last has a sample of its own, at its own pitch, in every format. Raises TimbreError
    where none of them plays anything.
    """
    how = how or Sampling()
    name = file_name(name)
    layers = velocity_layers(how.layers)
    places = _tuned(keys, tuning) if tuning else [(k, float(k), s) for k, s in zip(keys, key_ranges(keys), strict=True)]
    of = len(places) * len(layers)
    zones: list[Zone] = []
    plain = instrument.with_shape(instrument.shape.made)
    for key, pitch, spread in places:
        audio, steady = _key_audio(plain, pitch, how.loop)
        for velocities in layers:
            progress(len(zones), of)
            played, velocity = audio, sum(velocities) / 2
            if how.layers > 1 and len(plain.layers) > 1:
                played, steady = _key_audio(plain.layers[plain.layer_at(velocity)], pitch, how.loop)
            elif how.layers > 1:
                played = note_at(instrument.space, audio, pitch, pitch, velocity)
            # Recordings are tuned already, as a whole: what is heard of a part may be another pitch.
            cents = 0.0 if instrument.recordings_used else cents_off(played, instrument.space.sample_rate, pitch)
            tuned = _in_tune(played, instrument.space.sample_rate, cents, steady, how.rate)
            sample = _sample(*tuned, (key, pitch), how.rate, instrument.shape)
            suffix = f"_v{velocities[1]:03d}" if how.layers > 1 else ""
            note = f"{_NOTE_NAMES[key % 12]}{key // 12 - 1}"
            zones.append(Zone(sample, f"{name}_{key:03d}_{note}{suffix}", spread, velocities))
    progress(of, of)
    return SampledInstrument(
        name,
        tuple(zones),
        max(how.attack, ATTACK),
        max(how.release, ATTACK),
        how.bits,
        one_shot=how.loop is False,
        note=licence_note(instrument.space.checkpoint, instrument.nearest, how.layers > 1, instrument.recordings_used),
    )


def looped_wav(note: PlayedNote) -> bytes:
    """A 16-bit WAV file's bytes of a key; its loop and key stand in the chunks `smpl` and `inst`."""
    key = round(note.key)
    return zone_wav(Zone(Sample(note.audio, note.sample_rate, key, note.loop), str(key), (key, key)))


def _tuned(keys: list[int], tuning: Sequence[float | None]) -> list[tuple[int, float, tuple[int, int]]]:
    """The keys of a tuning, from the first of `keys` to the last: each key, its pitch and itself as its range."""
    pitches = [(key, tuning[key]) for key in range(keys[0], keys[-1] + 1)]
    places = [(key, pitch, (key, key)) for key, pitch in pitches if pitch is not None and 0 <= pitch <= 127]
    if not places:
        raise TimbreError(f"in this tuning none of the keys {keys[0]} to {keys[-1]} has a pitch: choose other keys.")
    return places


def _key_audio(instrument: Instrument, key: float, loop: bool | None) -> tuple[np.ndarray, tuple[int, int] | None]:
    if loop is False:
        return instrument.whole(key), None
    if loop or instrument.sustained:
        return instrument.unlooped(key)
    return instrument.note(key).audio, None


def _in_tune(
    audio: np.ndarray, rate: int, cents: float, steady: tuple[int, int] | None, wanted: int
) -> tuple[np.ndarray, tuple[int, int] | None]:
    """A key's audio, which sounds too high by some cents, and its steady part at `wanted` Hz, at its pitch and level."""
    import soxr

    faster = 2 ** (-cents / 1200)
    sound = levelled(np.asarray(soxr.resample(audio, rate * faster, wanted, quality="VHQ"), np.float32), wanted)
    return sound, steady and (round(steady[0] * wanted / rate / faster), round(steady[1] * wanted / rate / faster))


def _sample(
    sound: np.ndarray, steady: tuple[int, int] | None, key: tuple[int, float], rate: int, shape: Shape
) -> Sample:
    """The sample of a key with its pitch, shaped, with a loop within its steady part where one is found.

    The loop is looked for at the sample's own rate: one from another rate would not close.
    """
    found = None if steady is None else find_loop(sound, rate, *steady)
    if found is None:
        return Sample(shaped(faded(sound, rate), rate, key[1], shape)[0], rate, key[0])
    looped, loop = shaped(found[0], rate, key[1], shape, found[1])
    assert loop is not None  # a looped sound stays one
    return Sample(np.concatenate([looped, looped[loop[0] : loop[0] + GUARD]]), rate, key[0], loop)
