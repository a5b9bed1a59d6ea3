"""A sampled instrument, as every sampler understands it: samples laid on keys and velocities, loops, an envelope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHORTEST_LOOP = 32
"""Frames; SoundFont 2.04, section 7.10. Shorter ones are no loop."""
GUARD = 64
"""Frames behind a loop that go on as its beginning does: players that interpolate read some of them (SoundFont wants 8)."""
LONGEST_ATTACK, LONGEST_RELEASE = 10.0, 20.0
"""Seconds that every format can tell."""

RELEASE_DB = 43.4
"""What a key fades by in the seconds of its release: five time constants, as on the page Play. Formats whose players fade by
another amount in what they call release are told so many times as long, so that the key dies away as it does there."""


@dataclass(frozen=True)
class Sample:
    """One recording: audio (n_samples,) float32 in [-1, 1], `root` the MIDI key at which it sounds as it is.

    loop: the first frame of the part to repeat and the first one behind it, or None. Formats that name a loop's last frame
    subtract one.
    """

    audio: np.ndarray
    sample_rate: int
    root: int
    loop: tuple[int, int] | None = None


@dataclass(frozen=True)
class Zone:
    """Where a sample sounds: MIDI keys and velocities, both ends included, and the cents by which it is raised there."""

    sample: Sample
    name: str
    keys: tuple[int, int] = (0, 127)
    velocities: tuple[int, int] = (1, 127)
    cents: float = 0.0


@dataclass(frozen=True)
class SampledInstrument:
    """What a writer of a format writes.

    Attributes:
        name: ASCII letters, digits, `_` and `-`; also that of the file.
        attack, release: seconds in which a key fades in, and by `RELEASE_DB` when it is let go.
        bits: of the samples, 16 or 24.
        one_shot: a key sounds to the end of its sample however long it is held.
        note: what the sounds were made from, and under which licences; lines of text.

    A key struck with velocity v sounds at (v / 127)^2 of full amplitude, as General MIDI and SoundFonts have it, wherever
    a format can say so.
    """

    name: str
    zones: tuple[Zone, ...]
    attack: float = 0.001
    release: float = 0.3
    bits: int = 16
    one_shot: bool = False
    note: str = ""
