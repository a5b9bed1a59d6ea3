"""Sounds that visitors bring: nobody else gets them, and they do not pile up."""

from __future__ import annotations

import numpy as np
import pytest

from pages.transfer.own_sounds import OwnSound, Shelf, SoundGone


def sound(n_samples: int = 1000) -> OwnSound:
    return OwnSound(np.zeros(n_samples, np.float32), 16_000, "voice.wav")


def test_a_sound_is_found_by_its_token_alone() -> None:
    shelf = Shelf()
    mine, yours = sound(), sound()
    token, other = shelf.put(mine), shelf.put(yours)
    assert token != other
    assert len(token) == 32
    assert shelf.get(token) is mine
    assert shelf.get(other) is yours
    for wrong in ("", token[:-1], token.swapcase(), "../x", "a" * 32):
        with pytest.raises(SoundGone, match="choose or record it again"):
            shelf.get(wrong)
    shelf.drop(token)
    assert token not in shelf
    assert other in shelf


def test_what_is_kept_is_bounded() -> None:
    shelf = Shelf(most_bytes=10_000)
    tokens = [shelf.put(sound(1000)) for _ in range(4)]
    assert [token in shelf for token in tokens] == [False, False, True, True]
    shelf.get(tokens[2])
    latest = shelf.put(sound(1000))
    assert [token in shelf for token in (*tokens[2:], latest)] == [True, False, True]
    many = Shelf(most_sounds=3)
    tokens = [many.put(sound(1)) for _ in range(5)]
    assert sum(token in many for token in tokens) == 3


def test_sounds_expire() -> None:
    now = [0.0]
    shelf = Shelf(seconds=60, clock=lambda: now[0])
    token, other = shelf.put(sound()), shelf.put(sound())
    now[0] = 50
    shelf.get(other)
    now[0] = 70
    assert token not in shelf
    assert other in shelf
    now[0] = 200
    assert other not in shelf
