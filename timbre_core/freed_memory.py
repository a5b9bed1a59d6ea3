"""Memory that is freed and soon needed again: kept, rather than handed back to the system and faulted in page by page."""

from __future__ import annotations

import ctypes
from functools import cache

WORK = 64 * 2**20
"""Bytes, enough for the work on one sound."""

UNLIMITED = 2**31 - 1

# Of <malloc.h>. A threshold that is set is fixed: glibc would otherwise let it grow.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_MOST_MMAP = 32 * 2**20  # the most that glibc takes


_kept, _claimed = [0], [False]


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
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for parameter, size in ((_M_MMAP_THRESHOLD, _MOST_MMAP), (_M_TRIM_THRESHOLD, most), (_M_TOP_PAD, min(most, WORK))):
        mallopt(parameter, size)
