"""Memory that is kept for the next use."""

from __future__ import annotations

import ctypes
import subprocess
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


_THREADS = """
import ctypes, threading
from pathlib import Path
from timbre_core.freed_memory import WORK, keep_freed_memory, return_freed_memory
keep_freed_memory(WORK)
library = ctypes.CDLL(None)
library.mallopt(-8, 2)  # M_ARENA_MAX
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
here = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20
def work():
    blocks = [library.malloc(2**20) for _ in range(30)]
    for block in blocks:
        ctypes.memset(block, 1, 2**20)
    for block in blocks:
        library.free(block)
    done.release()
    end.wait()
done, end = threading.Semaphore(0), threading.Event()
before = here()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in threads:
    done.acquire()
kept = here() - before
return_freed_memory()
left = here() - before
end.set()
again = threading.Thread(target=work)
again.start()
again.join()
print(kept > 28, left < 5, here() - before > 28)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc's"
)
def test_what_threads_freed_goes_back_when_it_is_to_and_is_kept_again():
    done = subprocess.run([sys.executable, "-c", _THREADS], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["True"] * 3, done.stdout + done.stderr


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
