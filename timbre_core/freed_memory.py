"""Memory that is freed and soon needed again: kept, rather than handed back to the system and faulted in page by page."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from functools import cache
from typing import Any

WORK = 64 * 2**20
"""Bytes, enough for the work on one sound."""

UNLIMITED = 2**31 - 1

# Of <malloc.h>. A threshold that is set is fixed: glibc would otherwise let it grow.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_MOST_MMAP = 32 * 2**20  # the most that glibc takes
_HEAPS = 8  # at the least as many threads reach all of them: a process has those of before its limit, too
_LOOSE = 2**18  # bytes: where so many are freed, glibc looks at the end of their heap
_ROOM = 64  # bytes


_kept, _claimed = [0], [False]
_one_at_a_time = threading.Lock()


@cache
def keep_freed_memory(most: int = UNLIMITED, claim: bool = False) -> None:
    """Let glibc keep up to `most` bytes of freed memory, for the whole process. Elsewhere than on glibc it does nothing.

    Worth some 15 % of a training step on a CPU, and a fifth of `note_at` and of sound from frames. Who asks for less than
    others have changes nothing. claim: it stays as it is from now on, whoever asks for more.
    """
    if most < _kept[0] or _claimed[0]:
        return
    _kept[0], _claimed[0] = most, claim
    try:
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, _MOST_MMAP)
    except (OSError, AttributeError, TypeError):
        return
    _keep(library, most)


def return_freed_memory() -> None:
    """Give what is free back to the system, as far as it is whole pages; what is freed from then on is kept as before.

    `malloc_trim` gives back what lies between blocks in use, of all heaps, and what lies behind them, of the first heap alone;
    threads have others, of 64 MiB each. Those are reached where the process may have a few alone (`M_ARENA_MAX`), which it has
    by now. Elsewhere than on glibc it does nothing.
    """
    try:
        library = ctypes.CDLL(None)
        library.malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return
    if not _kept[0]:
        return  # glibc's own thresholds leave nothing worth it
    library.realloc.restype, library.realloc.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t]
    with _one_at_a_time:
        blocks = _blocks()
        _keep(library, 0)
        try:
            for place, block in enumerate(blocks):  # a block stays in its heap, whichever thread changes its size
                blocks[place] = library.realloc(library.realloc(block, _LOOSE), _ROOM)
        finally:
            _keep(library, _kept[0])


def _keep(library: Any, most: int) -> None:
    for parameter, size in ((_M_TRIM_THRESHOLD, most), (_M_TOP_PAD, min(most, WORK))):
        library.mallopt(parameter, size)


@cache
def _blocks() -> list[int]:
    """A small block of each heap: threads that live at once take the heaps in turn."""
    library = ctypes.CDLL(None)
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    blocks: list[int] = []
    together = threading.Barrier(_HEAPS)

    def take() -> None:
        blocks.append(library.malloc(_ROOM))
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(1)

    threads = [threading.Thread(target=take, daemon=True) for _ in range(_HEAPS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return blocks
