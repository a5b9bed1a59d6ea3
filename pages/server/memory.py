"""How much memory the server takes: what it keeps of sounds is bounded, and what it has done with goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import re
import sys
from pathlib import Path

from timbre_core.freed_memory import WORK, keep_freed_memory, return_freed_memory

SETTING = "TIMBRE_MEMORY"
_KEPT = 32  # MiB: some thirty notes with all their versions and pictures
_LEAST = 8
# How much freed memory is kept is what sounds ask for (WORK), for the server as for all else, with one other heap for threads.
# Measured twice with 30 sounds of `timbre-space` by `excited`, after 30 others, and 10 of `note_at`, in a thread: with glibc
# told to give back all above 8 MiB and each block of 4 MiB at once, 2,200 to 2,500 and 5,900 to 7,500 page faults a sound, 46 to
# 48 and 81 ms of CPU; with WORK none and 40 to 180, 40 to 42 and 64 to 66 ms. What is no file's in memory was then 267 to 276
# MiB against 300 to 311, after `give_back` 255 against 244.
_HEAPS = (-8, 2)  # M_ARENA_MAX of <malloc.h>
_KERNELS = "32"  # that oneDNN keeps compiled, one for each shape of a layer; its own 1,024 take hundreds of MB

_CODE = 80 * 2**20  # bytes of libraries' files: what sounds and pages use over and over is 65 MiB of them
_FREE = 48 * 2**20  # bytes: two sounds that are computed at once leave as much behind, and take it again
_SEEN = 256  # KiB of one of them, less is not worth a call
_DONTNEED = 4  # of <sys/mman.h>
# Of /proc/self/smaps: what is mapped of a library, cannot be written to and was not while it was relocated, neither what is
# in memory of it (Anonymous) nor what was swapped out. Its file alone would not bring back what was written.
# Libraries stay where they are; at the place of another file that is mapped, something else may lie by now.
_MAPPED = re.compile(
    r"^(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) r-[x-]p \S+ \S+ \S+ +/.*\.so[.\d]*\n"
    r"(?:[A-Z].*\n)*?Rss: +(?P<here>\d+) kB\n(?:[A-Z].*\n)*?Anonymous: +0 kB\n(?:[A-Z].*\n)*?Swap: +0 kB$",
    re.MULTILINE,
)


def kept_bytes() -> int:
    """How many bytes of sounds and pictures are kept to be heard again: `TIMBRE_MEMORY` in MiB, by default 32."""
    try:
        wanted = int(os.environ.get(SETTING, "") or _KEPT)
    except ValueError:
        wanted = _KEPT
    return max(_LEAST, wanted) * 2**20


def tune() -> None:
    """Have as much freed memory kept as a sound takes. To be called before threads, Arrow and torch come."""
    keep_freed_memory(WORK, claim=True)
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KERNELS)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own keeps what tables were read with
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):  # a C library without it, such as musl
        ctypes.CDLL(None).mallopt(*_HEAPS)


def give_back() -> None:
    """Give back to the system what is free between and behind blocks that are in use, and code that was used once."""
    if sys.platform.startswith("linux"):
        return_freed_memory()
        with contextlib.suppress(OSError):
            let_go_of_code()


class _Told(ctypes.Structure):
    """What malloc tells of itself: `mallinfo2` of <malloc.h>, all of it bytes or counts."""

    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "blocks", "small", "maps", "mapped")] + [
        (name, ctypes.c_size_t) for name in ("most", "small_free", "used", "free", "top")
    ]


_left = [-math.inf]  # bytes that were here without being in use, at the least since they were last given back


def give_back_much() -> None:
    """As `give_back`, but of what is free only where that is more than is worth the time that fetching it again costs."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError):
        let_go_of_code()
    with contextlib.suppress(OSError, AttributeError):
        free, unused = _free_and_unused()
        _left[0] = min(_left[0], unused)
        if free > _FREE and unused - _left[0] > _FREE:
            give_back()
            _left[0] = _free_and_unused()[1]


def _free_and_unused() -> tuple[int, int]:
    """Bytes that malloc has free, which counts those that went back to the system from between blocks in use; and how many
    are in memory for other things than malloc's blocks, which tells whether they are here again."""
    ask = ctypes.CDLL(None).mallinfo2  # a C library of 2021 or later has it
    ask.restype = _Told
    told = ask()
    _, resident, shared = (int(pages) for pages in Path("/proc/self/statm").read_text(encoding="ascii").split()[:3])
    return told.free, (resident - shared) * os.sysconf("SC_PAGE_SIZE") - told.used - told.mapped


def let_go_of_code(most: int = _CODE) -> None:
    """Unmap the pages of libraries' files where they are more than `most` bytes: half of them were used once, while torch
    and Arrow registered what they can do. They stay in the system's cache of files, from where they come back, sixteen at a
    time, when they are used."""
    shared = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[2])
    if shared * os.sysconf("SC_PAGE_SIZE") <= most:
        return
    madvise = ctypes.CDLL(None).madvise
    for start, end in _unwritten(Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace")):
        madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONTNEED)


def _unwritten(smaps: str) -> list[tuple[int, int]]:
    """Where libraries' files are mapped as they are, each from where to where."""
    mapped = (found for found in _MAPPED.finditer(smaps) if int(found["here"]) >= _SEEN)
    return [(int(found["start"], 16), int(found["end"], 16)) for found in mapped]
