"""Notes whose factors are known: tones that the project makes itself, every combination of four things that change.

Pitch, brightness, attack and vibrato are set independently of each other, so that a latent that has found them can be told from
one that has not: what dSprites is to pictures (Higgins et al., "beta-VAE", 2017). No two notes are alike and nothing is random.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from timbre_core.datasets.cache import cache_dir
from timbre_core.datasets.threads import in_threads
from timbre_core.features.pitch import midi_to_hz
from timbre_core.files import atomic_write

KNOWN_FACTORS = "known-factors"
"""The name of the set as a root of a library."""

RATE = 16_000  # Hz
SECONDS = 0.496
LEVELS = {"pitch": 8, "brightness": 6, "attack": 6, "vibrato": 5}
"""How many values each factor has, all of them in all combinations."""

_FILE = "known-factors-1.parquet"  # the number changes with the sounds
_ID = re.compile(r"(?:.*\+)?p(?P<pitch>\d+)-b(?P<brightness>\d+)-a(?P<attack>\d+)-v(?P<vibrato>\d+)")
_LOWEST_PITCH = 57  # MIDI
_DARKEST, _BRIGHTEST = 18.0, 4.0  # dB an octave by which partials fall
_SHORTEST, _LONGEST = 0.01, 0.16  # s of attack, in equal ratios
_DEEPEST, _VIBRATO_RATE = 1.0, 7.0  # semitones either way, Hz
_RELEASE = 0.02  # s
_PEAK = 0.5
_GROUP = 64


def factors_of(note_ids: Iterable[str]) -> np.ndarray:
    """The level of each factor (n, 4) int64, in the order of LEVELS, that notes of this set have by their ids.

    Raises ValueError for the id of another note.
    """
    found = [(note_id, _ID.fullmatch(note_id)) for note_id in note_ids]
    other = next((note_id for note_id, match in found if match is None), None)
    if other is not None:
        raise ValueError(f"{other!r} is no note of known factors")
    return np.array([[int(match[name]) for name in LEVELS] for _, match in found if match], dtype=np.int64)


def tone(pitch: int, brightness: int, attack: int, vibrato: int) -> np.ndarray:
    """The note of these levels, float32 (n_samples,) at RATE.

    Partials of one fundamental fall by the same number of dB each octave; the attack is a raised cosine. Each level is a step of
    equal size on a scale of its own: semitones, dB an octave, the logarithm of seconds, semitones of depth.
    """
    time = np.arange(round(SECONDS * RATE)) / RATE
    slope = _between(_DARKEST, _BRIGHTEST, brightness, "brightness")
    rise = _SHORTEST * (_LONGEST / _SHORTEST) ** _between(0, 1, attack, "attack")
    depth = _between(0, _DEEPEST, vibrato, "vibrato")
    cents = depth * np.sin(2 * np.pi * _VIBRATO_RATE * time)
    f0 = midi_to_hz(_LOWEST_PITCH + pitch) * 2 ** (cents / 12)
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    highest = float(f0.max())
    partials = np.arange(1, int(0.48 * RATE / highest) + 1)
    levels = 10 ** (-slope * np.log2(partials) / 20)
    # Schroeder's phases keep the peak low, whatever the brightness, so that loudness is no fifth factor.
    starts = -np.pi * partials * (partials - 1) / len(partials)
    sound = (levels[:, None] * np.cos(partials[:, None] * phase + starts[:, None])).sum(axis=0)
    sound *= 0.5 * (1 - np.cos(np.pi * np.minimum(time / rise, 1)))
    sound *= np.minimum((time[-1] - time) / _RELEASE, 1)
    return (sound * (_PEAK / np.abs(sound).max())).astype(np.float32)


def _between(low: float, high: float, level: int, name: str) -> float:
    return low + (high - low) * level / (LEVELS[name] - 1)


def known_factors_path(progress: bool = True) -> Path:
    """Where the set is, in the user's cache; made first where it is not there (some seconds)."""
    path = cache_dir() / _FILE
    if not path.is_file():
        write_known_factors(path, progress)
    return path


def write_known_factors(out: Path, progress: bool = True) -> int:
    """Write the set as a Parquet library: its notes and, beside their labels, a column for each factor's level.

    Returns how many notes there are. Raises TimbreError for disk errors.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    every = list(itertools.product(*(range(count) for count in LEVELS.values())))
    audio = [sound for _, sound in in_threads(_encoded, every, "note", "known factors", progress)]
    levels = np.array(every)
    columns = {
        "note_id": ["p{:02}-b{}-a{}-v{}".format(*each) for each in every],
        "instrument": [f"brightness {each[1]}, attack {each[2]}" for each in every],
        "family": [f"brightness {each[1]}" for each in every],
        "source": ["synthetic"] * len(every),
        "pitch": (_LOWEST_PITCH + levels[:, 0]).astype(np.float32),
        **{name: levels[:, place].astype(np.int8) for place, name in enumerate(LEVELS) if name != "pitch"},
        "audio": pa.array(audio, pa.binary()),
    }
    with atomic_write(out) as temporary:
        pq.write_table(pa.table(columns), temporary, row_group_size=_GROUP)
    return len(every)


def _encoded(levels: tuple[int, ...]) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, tone(*levels), RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()
