"""What is said to be left of a training is right within its first steps, with its own clock."""

from __future__ import annotations

import pytest

from timbre_core.training.remaining import Remaining, measuring_seconds, told


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_steady_steps_pauses_and_what_follows_count_and_the_warm_up_does_not() -> None:
    clock = Clock()
    left = Remaining(steps=10, valid_steps=6, epochs=4, after=30.0, clock=clock)
    ends = 100.0
    said: dict[int, float] = {}
    step = 0
    for _ in range(4):
        left.epoch_begins()
        for _ in range(10):
            clock.now += 5.0 if step < 3 else 0.5  # the first steps compile and allocate
            step += 1
            left.stepped()
            seconds = left.seconds(step)
            if seconds is not None:
                said[step] = clock.now + seconds
        clock.now += 2.0
        left.epoch_ended()
    ends = clock.now + 30.0
    assert min(said) == 4
    for at, end in said.items():
        assert end == pytest.approx(ends, abs=8.0 if at <= 10 else 1.0), at
    assert left.seconds(40) == pytest.approx(32.0), "what follows the last step, and the training"


def test_a_long_step_now_and_then_does_not_count_as_usual() -> None:
    clock = Clock()
    left = Remaining(steps=100, valid_steps=0, epochs=1, clock=clock)
    left.epoch_begins()
    for step in range(50):
        clock.now += 20.0 if step == 30 else 1.0
        left.stepped()
    assert left.seconds(50) == pytest.approx(50.0)


def test_it_is_told_as_people_read_it() -> None:
    assert [told(each) for each in (None, 5, 65, 3725)] == ["...", "0:05 left", "1:05 left", "1:02:05 left"]
    assert measuring_seconds(400, 5000) > measuring_seconds(40, 40) > 10
