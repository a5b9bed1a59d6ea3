"""Sections of `timbre_space.py` that need no recordings: how fast its notes are made, and how well they are in tune."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import numpy as np
import torch

from timbre_core.analysis.yardsticks.shifters import shifters
from timbre_core.generation.note_at import note_at
from timbre_core.generation.timbre_code import decoded_at
from timbre_core.space import TimbreSpace, open_space

SPACE = "timbre-space"
_RATE, _FULL_RATE, _TRIES = 16_000, 44_100, 7


def speed(space: TimbreSpace) -> list[str]:
    """Lines of the table of speed: processor time of one note of four seconds, the least of some tries."""
    tone = np.sin(np.cumsum(np.full(4 * _FULL_RATE, 2 * np.pi * 220 / _FULL_RATE))).astype(np.float32)
    audio = (np.tanh(3 * tone) + np.random.default_rng(0).normal(0, 0.01, len(tone))).astype(np.float32)
    full = cast(TimbreSpace, SimpleNamespace(sample_rate=_FULL_RATE, checkpoint=space.checkpoint))
    cvae = audio[: 4 * _RATE]
    ways: dict[str, Callable[[], object]] = {
        "`note_at`, 44.1 kHz": lambda: note_at(full, audio, 57.0, 62.0),
        "`note_at`, 16 kHz": lambda: note_at(space, cvae, 57.0, 62.0),
        "librosa.effects.pitch_shift, 44.1 kHz": lambda: shifters()["pitch_shift"](audio, _FULL_RATE, 57.0, 62.0),
        "nsynth-cvae: encoded, decoded at the other pitch, 16 kHz": lambda: decoded_at(space, cvae, 57.0, 62.0),
    }
    lines = ["| 4 s to another pitch, one thread | ms | 88 keys at 3 velocities on two cores, s |", "| --- " * 3 + "|"]
    torch.set_num_threads(1)
    for name, way in ways.items():
        way()
        took = []
        for _ in range(_TRIES):
            begun = time.process_time()
            way()
            took.append(time.process_time() - begun)
        lines.append(f"| {name} | {1000 * min(took):.0f} | {88 * 3 * min(took) / 2:.0f} |")
    return [*lines, "", "Processor time, the least of some tries; the last column is half of 264 times the one before."]


def pitch_control() -> list[str]:
    """Lines on the pitch that is heard where one is asked for, by librosa's YIN, which nothing else here uses."""
    import librosa

    space = open_space(SPACE)
    random, cents = np.random.default_rng(0), []
    for pitch in np.arange(28.0, 96.5, 0.5):
        mean = space.means[random.integers(len(space.means))]
        frames = space.decode(mean[None], np.zeros(1, dtype=np.int64), 130, float(pitch))
        audio = space.invert(frames, 0.0, float(pitch), in_tune=True)
        hz = librosa.yin(audio, fmin=30, fmax=4200, sr=space.sample_rate, frame_length=4096)
        loud = np.square(librosa.util.frame(np.pad(audio, 4096), frame_length=4096, hop_length=1024)).mean(axis=0)
        heard = loud[: len(hz)] > loud.max() / 100
        cents.append(100 * abs(float(np.median(librosa.hz_to_midi(hz[: len(heard)][heard]))) - pitch))
    within = {limit: float((np.array(cents) <= limit).mean()) for limit in (50, 10)}
    return [
        f"{len(cents)} codes of the map at pitches from MIDI 28 to 96 in quarter tones: {within[50]:.3f} are heard within 50",
        f"cents of what was asked for, {within[10]:.3f} within 10, by librosa's YIN, which the program does not use.",
    ]


def model_speed() -> list[str]:
    """Lines on how long the space needs for a note of four seconds at 44.1 kHz, on one thread."""
    space = open_space(SPACE)
    torch.set_num_threads(1)
    z, starts = space.means[:1], np.zeros(1, dtype=np.int64)
    took: dict[str, list[float]] = {"decoded": [], "sounded": [], "begun": []}
    for turn in range(_TRIES):
        begun = time.process_time()
        frames = space.decode(z, starts, 345, 50.0 + turn)
        decoded = time.process_time()
        space.invert(frames, 0.0, 50.0 + turn, 4 * _FULL_RATE, in_tune=True)
        took["decoded"].append(decoded - begun)
        took["sounded"].append(time.process_time() - decoded)
        again = time.process_time()
        next(space.stream(z, starts, 345, 0.0, 50.5 + turn, 4 * _FULL_RATE, in_tune=True))
        took["begun"].append(time.process_time() - again)
    decoded, sounded, begun = (1000 * min(each) for each in took.values())
    return [
        f"{SPACE}: {decoded:.0f} ms to decode and {sounded:.0f} ms to sound a note of 4 s at 44.1 kHz that was never decoded,",
        f"processor time on one thread, the least of some tries. As a stream its first sound is there after {begun:.0f} ms.",
    ]
