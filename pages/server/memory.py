"""How much memory the server takes: what it keeps of sounds is bounded, and what it has done with goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

from timbre_core.deferred_modules import defer

SETTING = "TIMBRE_MEMORY"
_KEPT = 32  # MiB: some thirty notes with all their versions and pictures
_LEAST = 8
# Of malloc's options, as in malloc.h: where to stop keeping freed memory, from which size on a block is given back at once
# (fixed: glibc lets it grow up to 32 MiB), how many heaps threads have between them. A block that was given back is fetched
# anew page by page: below the size of a note's spectra (3 MiB) that costs a sound on Play a quarter of its time.
_TRIM, _LARGE, _HEAPS = (-1, 8 * 2**20), (-3, 4 * 2**20), (-8, 2)
_KERNELS = "32"  # that oneDNN keeps compiled, one for each shape of a layer; its own 1,024 take hundreds of MB


def kept_bytes() -> int:
    """How many bytes of sounds and pictures are kept to be heard again: `TIMBRE_MEMORY` in MiB, by default 32."""
    try:
        wanted = int(os.environ.get(SETTING, "") or _KEPT)
    except ValueError:
        wanted = _KEPT
    return max(_LEAST, wanted) * 2**20


def tune() -> None:
    """Have freed memory go back to the system, and of torch only what is needed imported. To be called before threads, Arrow
    and torch come."""
    defer()
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KERNELS)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own keeps what tables were read with
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):  # a C library without it, such as musl
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in (_TRIM, _LARGE, _HEAPS):
            mallopt(option, value)


def give_back() -> None:
    """Give back to the system what is free between blocks that are in use."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
