"""Memory that is kept for the next use."""

from __future__ import annotations

import ctypes
import sys

import numpy as np
import pytest

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
