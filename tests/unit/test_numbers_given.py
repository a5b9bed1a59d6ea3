"""Pitches, velocities, lengths and seeds that are no numbers: told by name, whichever function is given them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import timbre_core
from timbre_core.errors import TimbreError
from timbre_core.space import TimbreSpace

NO_NUMBERS = ["60", b"60", "C4", [60.0], np.array([60.0]), 60 + 0j, object(), {}, 10**400, 10**5000]
SINE = (0.3 * np.sin(2 * np.pi * 220 * np.arange(16_000) / 16_000)).astype(np.float32)


@pytest.fixture(scope="module")
def space() -> TimbreSpace:
    return timbre_core.open_space(Path(__file__).resolve().parents[2] / "checkpoints" / "nsynth-cvae")


CALLS: dict[str, Callable[[TimbreSpace, Any], Any]] = {
    "timbre_code": lambda space, value: timbre_core.timbre_code(space, SINE, value),
    "note_at": lambda space, value: timbre_core.note_at(space, SINE, value, 62),
    "note_at to": lambda space, value: timbre_core.note_at(space, SINE, 57, value),
    "note_at velocity": lambda space, value: timbre_core.note_at(space, SINE, 57, 57, value),
    "reconstruct": lambda space, value: space.reconstruct(SINE, value),
    "performance_of": lambda space, value: space.performance_of(SINE, value),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_number_is_told(space: TimbreSpace, call: str) -> None:
    for value in NO_NUMBERS:
        with pytest.raises(TimbreError, match="is no number"):
            CALLS[call](space, value)


@pytest.mark.parametrize("call", CALLS)
def test_numbers_of_other_libraries_are_numbers(space: TimbreSpace, call: str) -> None:
    wanted = _numbers_of(CALLS[call](space, 60))
    for value in (np.float16(60), np.array(60), torch.tensor(60.0)):
        np.testing.assert_array_equal(_numbers_of(CALLS[call](space, value)), wanted)


def _numbers_of(made: Any) -> np.ndarray:
    """The array that a call gives, or the one that tells its result from others'."""
    return np.asarray(getattr(made, "reconstruction", getattr(made, "pitch", made)))


@pytest.mark.parametrize("pitch", [float("nan"), float("inf"), -1, 128])
def test_a_performance_needs_a_pitch(space: TimbreSpace, pitch: float) -> None:
    with pytest.raises(TimbreError, match="outside MIDI"):
        space.performance_of(SINE, pitch)


@pytest.mark.parametrize("audio", [np.zeros(0), np.full(100, np.nan), np.zeros((8, 100)), np.full(100, 1000, np.int16)])
def test_a_performance_needs_a_sound(space: TimbreSpace, audio: np.ndarray) -> None:
    with pytest.raises(TimbreError, match="audio"):
        space.performance_of(audio, 60)


def test_inverters_tell_them_too(space: TimbreSpace) -> None:
    frames, ref_db = space.analyse(SINE)
    for value in ("60", b"60", 60 + 0j, object(), {}, 10**400):
        with pytest.raises(TimbreError, match="pitch"):
            space.invert(frames, ref_db, value)  # type: ignore[arg-type]
        with pytest.raises(TimbreError, match="ref_db"):
            space.invert(frames, value)  # type: ignore[arg-type]
    for value in (True, 1.0, "1", 10**400, -1):
        with pytest.raises(TimbreError, match="n_samples"):
            space.invert(frames, ref_db, 57, value)  # type: ignore[arg-type]
        with pytest.raises(TimbreError, match="seed"):
            space.invert(frames, ref_db, 57, None, value)  # type: ignore[arg-type]


@pytest.mark.parametrize("frames", ["a", None, np.array([[None]]), np.ones((128, 4)) + 0j])
def test_frames_that_are_no_numbers_are_told(space: TimbreSpace, frames: Any) -> None:
    with pytest.raises(TimbreError, match="frames"):
        space.invert(frames, 0.0)


def test_sounds_and_frames_may_be_reversed(space: TimbreSpace) -> None:
    backwards = space.reconstruct(SINE[::-1], 57)
    assert np.array_equal(backwards.frames, space.reconstruct(SINE[::-1].copy(), 57).frames)
    turned, contour = backwards.frames[:, ::-1], np.linspace(57, 58, backwards.frames.shape[1])[::-1]
    expected = space.invert(turned.copy(), 0.0, contour.copy())
    assert np.array_equal(space.invert(turned, 0.0, contour), expected)


@pytest.mark.parametrize("track", ["level", "pitch", "noise"])
def test_a_performance_of_no_numbers_is_told(track: str) -> None:
    space = timbre_core.open_space(Path(__file__).resolve().parents[2] / "checkpoints" / "timbre-space")
    sound = (0.3 * np.sin(2 * np.pi * 220 * np.arange(space.sample_rate) / space.sample_rate)).astype(np.float32)
    frames, ref_db = space.analyse(sound, 57)
    performance = space.performance_of(sound, 57)
    assert np.isfinite(space.perform(frames[:, ::-1], ref_db, performance, 1000)).all()
    given = getattr(performance, track)
    for odd in (given * np.nan, given[:0], given[None], given.tolist(), given + 0j, "a"):
        with pytest.raises(TimbreError, match=track):
            space.perform(frames, ref_db, replace(performance, **{track: odd}), 1000)
    for wrong in (frames[:, :0], frames.astype(object), frames[0]):
        with pytest.raises(TimbreError, match="frames"):
            space.perform(wrong, ref_db, performance, 1000)
