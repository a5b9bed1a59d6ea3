"""A note's partials moved apart, as the stiffness of a string does: each is a band of the spectrum, moved as it is."""

from __future__ import annotations

import numpy as np

from timbre_core.features.partials_apart import stretched
from timbre_core.features.pitch import midi_to_hz
from timbre_core.generation.macros import Shape

_ROOM = 0.25  # seconds of silence that keep what is moved from coming round


def with_partials(audio: np.ndarray, rate: int, pitch: float, shape: Shape, length: int) -> np.ndarray:
    """Audio (n_samples,) of a note at a MIDI pitch whose partials lie as far apart as a shape has them.

    They lie as those of a stiff string (see `stretched`); the fundamental stays. A band that is moved by a constant keeps its
    course over time.
    length: samples of its loop, which then holds whole turns of every move; 0 for none.
    """
    f0 = float(midi_to_hz(pitch))
    count = int(0.5 * rate / f0)
    if not shape.inharmonicity or count < 2:
        return audio
    size = len(audio) + round(_ROOM * rate)
    turn = length if length else size
    size = -(-size // turn) * turn
    spectrum = np.fft.rfft(audio, size)
    moved = np.zeros_like(spectrum)
    edges = np.round((np.arange(count + 1) + 0.5) * f0 * size / rate).astype(int).clip(0, len(spectrum))
    edges[0] = 0
    edges[-1] = len(spectrum)
    numbers = np.arange(1, count + 1)
    shifts = f0 * (stretched(numbers, shape.amount("inharmonicity")) - numbers)
    for number, shift in zip(numbers, shifts, strict=True):
        bins = round(shift * turn / rate) * (size // turn)
        first, last = edges[number - 1], min(edges[number], len(spectrum) - bins)
        if first < last:
            moved[first + bins : last + bins] += spectrum[first:last]
    return np.fft.irfft(moved, size)[: len(audio)]
