"""A note's sound shaped by macros, its loop kept: spectrum first, then its course in level, then that in pitch."""

from __future__ import annotations

import numpy as np

from timbre_core.features.audio import SILENT_PEAK
from timbre_core.generation.levels import levelled
from timbre_core.generation.macros import DECAYED, Shape
from timbre_core.generation.shaped_course import SWUNG_IN, with_level_course, with_pitch_course
from timbre_core.generation.shaped_partials import with_partials
from timbre_core.generation.shaped_spectrum import with_spectrum

_MARGIN = 0.15  # seconds around a loop that filters reach over
_CLOSED = 0.02  # seconds in which a loop's end is faded into what precedes its start
_SWINGS = 2.0  # seconds: a loop of at least so long holds whole swings of any vibrato, and slow wandering

Loop = tuple[int, int] | None


def shaped(audio: np.ndarray, rate: int, pitch: float, shape: Shape, loop: Loop = None) -> tuple[np.ndarray, Loop]:
    """A note's audio (n_samples,) and its loop, first frame and the one behind its last, shaped; as loud as before.

    pitch: MIDI, of what sounds. What is shaped of a looped sound goes on into its loop, which may begin later and last
    several turns of the old one.
    """
    shape = shape.finishing
    if shape.neutral or np.abs(audio).max(initial=0) < SILENT_PEAK:
        return audio, loop
    start = length = 0
    sound = np.asarray(audio, dtype=np.float64)
    if loop is not None:
        start, length, sound = _unrolled(sound, rate, loop, shape)
    made = with_spectrum(sound, rate, pitch, shape)
    made = with_partials(made, rate, pitch, shape, length)
    made = with_level_course(made, sound, rate, shape)
    made = with_pitch_course(made, rate, pitch, shape, length)
    if loop is not None:
        made = _closed(made, rate, start, length)
    made = levelled(made.astype(np.float32), rate)
    return made, (start, start + length) if loop is not None else None


def _unrolled(audio: np.ndarray, rate: int, loop: tuple[int, int], shape: Shape) -> tuple[int, int, np.ndarray]:
    """Where the new loop starts, how long it is, and the sound up to a margin behind its end, the old loop repeated."""
    first, behind = loop
    margin = round(_MARGIN * rate)
    turns = 1
    if shape.vibrato or shape.randomness or shape.inharmonicity:
        turns = max(1, -(-round(_SWINGS * rate) // (behind - first)))
    start = first + margin
    if shape.vibrato or shape.randomness:
        start = max(start, round(SWUNG_IN * rate))
    if shape.decay or shape.sustain or shape.attack:
        # Until then the level is on its way; what is longer than any attack is one more margin.
        start += round((DECAYED + 1.0) * rate) + margin
    length = turns * (behind - first)
    end = start + length + margin
    repeats = -(-(end - behind) // (behind - first))
    sound = np.concatenate([audio[:behind], np.tile(audio[first:behind], max(0, repeats))])[:end]
    return start, length, sound


def _closed(sound: np.ndarray, rate: int, start: int, length: int) -> np.ndarray:
    """The sound up to its loop's end, which is faded into what precedes the start: they differ by a hair's breadth."""
    fade = min(round(_CLOSED * rate), start, length)
    end = start + length
    closed = sound[:end].copy()
    weight = np.linspace(0, 1, fade + 1)[1:]
    closed[end - fade :] = (1 - weight) * sound[end - fade : end] + weight * sound[start - fade : start]
    return closed
