"""Memory that is kept for the next use."""

from __future__ import annotations

import ctypes
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from timbre_core import freed_memory
from timbre_core.freed_memory import WORK, keep_freed_memory

PAGE, BYTES, TIMES = 4096, 16 * 2**20, 20


@pytest.mark.skipif(not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "mallopt"), reason="glibc's")
def test_what_is_freed_is_not_faulted_in_again():
    import resource

    keep_freed_memory(WORK)
    np.ones(BYTES, dtype=np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(TIMES):
        np.ones(BYTES, dtype=np.uint8)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults < TIMES * BYTES / PAGE / 4


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """What glibc is told, by option, in a process where nobody has told it anything."""
    found: dict[int, int] = {}
    library = SimpleNamespace(mallopt=found.__setitem__)
    monkeypatch.setattr(freed_memory, "ctypes", SimpleNamespace(CDLL=lambda name: library))
    monkeypatch.setattr(freed_memory, "_kept", [0])
    monkeypatch.setattr(freed_memory, "_claimed", [False])
    keep_freed_memory.cache_clear()
    return found


def test_who_asks_for_more_has_it(told: dict[int, int]) -> None:
    keep_freed_memory(WORK)
    keep_freed_memory(2 * WORK)
    keep_freed_memory(WORK // 2)
    assert 2 * WORK in told.values()


def test_what_is_claimed_stays(told: dict[int, int]) -> None:
    keep_freed_memory(WORK, claim=True)
    before = dict(told)
    keep_freed_memory()
    keep_freed_memory(WORK)
    assert before == told != {}
