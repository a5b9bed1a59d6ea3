"""Which sounds of one's own library may be the same recording, before they are heard."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre_core.catalogue import doubles
from timbre_core.catalogue.hearing import Alike, same_of
from timbre_core.datasets import duplicates
from timbre_core.datasets.duplicates import Near, alike_groups, first_of_all
from timbre_core.features.recording import BANDS, fingerprint


def test_sounds_that_may_be_the_same_are_grouped_through_others() -> None:
    marks = np.zeros((6, BANDS), np.float32)
    turned = np.array([0.0, 0.1, 0.2, 2.0, 2.1, 1.0])  # radians: neighbours are within reach, their neighbours not
    marks[:, 0], marks[:, 1] = np.cos(turned), np.sin(turned)
    assert [group.tolist() for group in alike_groups(Near(marks))] == [[0, 1, 2], [3, 4]]
    assert alike_groups(Near(marks[:1])) == []


def test_a_large_group_is_shared_out_and_tells_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sounds near to each other, some of which are the same: whole, and in parts."""
    rng = np.random.default_rng(0)
    grounds = rng.standard_normal((3, 4000)) * np.exp(-np.arange(4000) / 900)
    common, sounds = rng.standard_normal(4000), []
    for number in range(12):
        own = grounds[number % 3] + 0.03 * rng.standard_normal(4000)
        sounds.append((0.1 * (own + 3 * common)).astype(np.float32))
        soundfile.write(tmp_path / f"{number:02}.wav", sounds[-1] / (1 + number % 2), 16_000, subtype="FLOAT")
    marks = np.stack([fingerprint(sound, 16_000) for sound in sounds])
    group = Alike(list(range(100, 112)), [str(tmp_path / f"{number:02}.wav") for number in range(12)], marks)
    whole = same_of(group, lambda looked: None)
    monkeypatch.setattr(doubles, "_LARGE", 5)
    parts = list(doubles._parts(group))
    assert [part.compared for part in parts] == [5, 5, 2]
    pairs = [(first, second) for part in parts for second, first in same_of(part, lambda looked: None)]
    assert len(pairs) > len(whole) >= 9, "more pairs than sounds that are doubles"
    assert [(second, first) for first, second in first_of_all(pairs)] == whole
    monkeypatch.setattr(doubles, "_PARALLEL", 1)
    assert sorted(doubles._compared([group], lambda *_: None, 1)) == sorted(whole)


def test_sounds_that_vanish_meanwhile_are_no_doubles(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{name}.wav") for name in "abcd"]
    sound = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    for path in paths[:2]:
        soundfile.write(path, sound / 10, 16_000)
    group = Alike([3, 5, 7, 9], paths, np.stack([fingerprint(sound, 16_000)] * 4))
    assert same_of(group, lambda looked: None) == [(5, 3)]
    assert same_of(group._replace(firsts=[1, 2, 3]), lambda looked: None) == []


def test_progress_is_told_in_the_thread_that_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes into a database, and may raise, to end the comparison."""
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(duplicates, "_KEPT", 1)
    sounds = np.random.default_rng(0).standard_normal((2, 4000)).astype(np.float32)
    marks = np.stack([fingerprint(sound, 16_000) for sound in sounds]).repeat(2, axis=0)
    threads = []
    same_of(Alike([0, 1, 2, 3], [str(tmp_path / "gone")] * 4, marks), lambda _: threads.append(threading.get_ident()))
    assert set(threads) == {threading.get_ident()}
