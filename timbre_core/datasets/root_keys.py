"""Keys that samplers keep inside sound files: `smpl` and `inst` of WAV, `INST` of AIFF."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

from timbre_core.datasets.threads import in_threads

_LOOKED_AT = 12  # files; where none of them has a key, none is looked for
_MOST_CHUNKS = 64
_ENDINGS = (".wav", ".wave", ".bwf", ".aif", ".aiff", ".aifc")


def root_keys(root: Path, files: Sequence[str], progress: bool = True) -> dict[str, float]:
    """The MIDI key of those of `files` (posix paths below `root`) in which one is written.

    Some files are looked into first, and all others only where one of those has a key. Editors write middle C into
    everything: one key for all files of several is none, and neither is 0, what programs write that know none.
    """
    fit = [file for file in files if os.path.splitext(file)[1].lower() in _ENDINGS]
    step = max(1, len(fit) // _LOOKED_AT)
    if not any(root_key(root / file) is not None for file in fit[::step]):
        return {}
    keys = {
        file: key
        for file, key in in_threads(lambda file: root_key(root / file), fit, "file", "keys", progress)
        if key is not None
    }
    return {} if len(keys) > 1 and len(set(keys.values())) == 1 else keys


def root_key(path: Path) -> float | None:
    """The key, with the fraction that samplers tune by, that a WAV or AIFF file names; None where it names none."""
    try:
        with open(path, "rb") as stream:
            kind = stream.read(12)
            order = "<" if kind[:4] in (b"RIFF", b"RF64") else ">" if kind[:4] == b"FORM" else ""
            for _ in range(_MOST_CHUNKS if order else 0):
                head = stream.read(8)
                if len(head) < 8:
                    return None
                name, size = struct.unpack(f"{order}4sI", head)
                if name in (b"smpl", b"inst", b"INST"):
                    return _key(name, stream.read(size), order)
                stream.seek(size + size % 2, os.SEEK_CUR)
    except OSError:
        return None
    return None


def _key(name: bytes, body: bytes, order: str) -> float | None:
    if name == b"smpl":
        if len(body) < 20:
            return None
        key, fraction = struct.unpack_from(f"{order}II", body, 12)
        return float(key) + round(fraction / 2**32, 2) if 0 < key <= 127 else None
    return float(body[0]) if body and 0 < body[0] <= 127 else None
