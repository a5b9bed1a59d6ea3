"""One note of a piece as sound: a key of an instrument, held, bent, and let go of."""

from __future__ import annotations

import numpy as np

from timbre_core.features.between_samples import between
from timbre_core.generation.instrument import PlayedNote
from timbre_core.generation.midi.piece import Course, Note, values_at

MOST_VOICES = 64
"""Notes that sound at once; of more, those that began first end early."""
_CONTROL = 0.004  # seconds between values of controllers
_VIBRATO_HZ = 5.5
_TAIL = 1.4  # times the release: what is left then fades out
_FADE = 0.005  # seconds
_DARKEST_OCTAVES = 6  # below half the rate, with controller 74 all down: as on the page Play
_RESONANCE = 10 ** (1 / 20)
_LEVEL_STEPS = 5.0  # time constants in a release, as on the page Play


def voice(
    sound: PlayedNote, note: Note, course: Course, attack: float, release: float, end: float | None = None
) -> np.ndarray:
    """The note's sound (n_samples,) from its beginning on, at the sound's sample rate.

    attack, release: seconds. end: seconds at which the voice is needed elsewhere, and fades out at once.
    """
    rate = sound.sample_rate
    held = note.end - note.start
    length = round((held + _TAIL * release) * rate)
    if end is not None:
        length = min(length, round((end - note.start + _FADE) * rate))
    audio = _at_speed(sound, note, course, max(1, length), rate)
    time = np.arange(len(audio)) / rate
    envelope = np.minimum(1.0, (time + 1 / rate) / max(attack, 0.002))
    letting_go = time > held
    envelope[letting_go] *= np.exp(-_LEVEL_STEPS * (time[letting_go] - held) / max(release, 0.005))
    audio = _toned(audio, course, note.start, rate)
    fade = min(len(audio), round(_FADE * rate))
    envelope[len(audio) - fade :] *= np.linspace(1, 0, fade)
    return audio * (envelope * _loudness(course, note.start, time) * (note.velocity / 127) ** 2).astype(np.float32)


def stolen(notes: tuple[Note, ...], release: float) -> dict[int, float]:
    """Which notes, by their place, have to end early so that never more than `MOST_VOICES` sound, and when."""
    early: dict[int, float] = {}
    sounding: list[int] = []
    for place, note in enumerate(notes):
        sounding = [each for each in sounding if notes[each].end + release > note.start]
        sounding.append(place)
        if len(sounding) > MOST_VOICES:
            victim = min(sounding, key=lambda each: (notes[each].start, notes[each].velocity))
            sounding.remove(victim)
            early[victim] = note.start
    return early


def _loudness(course: Course, start: float, time: np.ndarray) -> np.ndarray | float:
    if not course.loudness:
        return 1.0
    grid = np.arange(0.0, time[-1] + 2 * _CONTROL, _CONTROL)
    values: np.ndarray = np.interp(time, grid, values_at(course.loudness, start + grid, 1.0))
    return values


def _toned(audio: np.ndarray, course: Course, start: float, rate: int) -> np.ndarray:
    """The sound as dark as controller 74 has it: through a low-pass of second order, every `_CONTROL` seconds another."""
    size = round(_CONTROL * rate)
    grid = start + np.arange(0, len(audio), size) / rate
    down = np.maximum(0, 1 - 2 * values_at(course.brightness, grid, 0.5))
    if not down.any():
        return audio
    from scipy.signal import sosfilt

    toned, state = np.empty_like(audio), np.zeros((1, 2))
    for place, each in enumerate(down):
        part = slice(place * size, (place + 1) * size)
        toned[part], state = sosfilt(_low_pass(0.5 * 2 ** (-_DARKEST_OCTAVES * each)), audio[part], zi=state)
    return toned


def _low_pass(frequency: float) -> np.ndarray:
    """One section (1, 6) for scipy, at a frequency in shares of the rate, as Web Audio has it (Bristow-Johnson's cookbook)."""
    turn = 2 * np.pi * min(frequency, 0.4999)
    alpha, middle = np.sin(turn) / (2 * _RESONANCE), np.cos(turn)
    around = (1 - middle) / 2
    return np.array([[around, 2 * around, around, 1 + alpha, -2 * middle, 1 - alpha]]) / (1 + alpha)


def _at_speed(sound: PlayedNote, note: Note, course: Course, length: int, rate: int) -> np.ndarray:
    """The first `length` samples of the held sound, fewer where it ends, with the channel's bend and vibrato."""
    grid = np.arange(0.0, length / rate + 2 * _CONTROL, _CONTROL)
    when = note.start + grid
    cents = values_at(course.bend, when, 0.0)
    cents = cents + values_at(course.vibrato, when, 0.0) * np.sin(2 * np.pi * _VIBRATO_HZ * grid)
    if not cents.any():
        return held_sound(sound, length)[:length]
    steps = np.interp(np.arange(length) / rate, grid, 2 ** (cents / 1200))
    places = np.concatenate([[0.0], np.cumsum(steps[:-1])])
    audio = held_sound(sound, int(places[-1]) + 4)
    places = places[places < len(audio) - 3]
    return between(audio, places)


def held_sound(sound: PlayedNote, length: int) -> np.ndarray:
    """At least `length` samples of a looped sound, its loop repeated; all of another."""
    if sound.loop is None or length <= len(sound.audio):
        return sound.audio
    first, behind = sound.loop
    once = sound.audio[first:behind]
    repeats = -(-(length - behind) // len(once))
    return np.concatenate([sound.audio[:behind], np.tile(once, max(0, repeats))])
