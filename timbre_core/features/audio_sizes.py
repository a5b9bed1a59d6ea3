"""Sound files whose headers say the wrong size: streamed, of a recorder that was switched off, or cut short.

Programs that write to a pipe, or that are stopped, leave the size of the audio at 0, at -1 or at what it was a while ago.
libsndfile reads past most of that; for the rest the header is corrected here, from where the audio begins to where the
file, or a whole last chunk behind the audio, ends.
"""

from __future__ import annotations

import re
import struct

_SIZES = re.compile(r"^ *(?:data|SSND|Data Size +|riff) : (\d+) \(should be (\d+)\)", re.MULTILINE)
_FRAMES = re.compile(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)")
_STREAMED = 0x7FFF_0000  # what programs promise that write to a pipe: 2 GB or 4 GB less a bit
_TAIL_CHUNKS = (b"LIST", b"id3 ", b"ID3 ", b"smpl", b"inst", b"cue ", b"bext", b"iXML", b"fact", b"acid")
_TAGS = (b"ID3", b"TAG", b"APE", b"LYR")  # of MP3s, which taggers put behind any sound
_TAIL_SEARCHED = 1 << 16


def missing_share(log: str) -> float:
    """Share of the audio that a WAV, RF64, W64, AIFF or AU file's header promises and the file does not hold, 0 if all is there.

    log: libsndfile's, which reads such a file without complaint, but tells both sizes.
    """
    sizes = _SIZES.search(log)
    frames = _FRAMES.search(log)
    promised, present = map(int, sizes.groups()) if sizes else (0, 0)
    if frames:
        present, promised = map(int, frames.groups())
    return 1 - present / promised if present < promised < _STREAMED else 0.0


def is_cut_off(log: str, frames: int) -> bool:
    """Whether libsndfile stopped at a size that looks wrong: no audio, or something that is no chunk behind it."""
    return frames == 0 or ("Exiting parser" in log and "Unknown chunk marker" in log)


def with_right_size(content: bytes) -> tuple[bytes, float] | None:
    """The file with the size of the audio that is there, and the share that is missing of what its header promised.

    None where it is neither WAV, RF64, AU nor CAF, or its sizes are right.
    """
    if content[:4] == b"BW64":  # the same as RF64 (ITU-R BS.2088), by a name that libsndfile does not know
        content = b"RF64" + content[4:]
        return _wave(content) or (content, 0.0)
    if content[:4] in (b"RIFF", b"RF64") and content[8:12] == b"WAVE":
        return _wave(content)
    if content[:4] == b".snd" and len(content) > 24:
        return _patched(content, 8, ">I", *struct.unpack_from(">II", content, 4))
    return _core_audio(content) if content[:4] == b"caff" else None


def _wave(content: bytes) -> tuple[bytes, float] | None:
    place, wide = 12, 0
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        if name == b"ds64":
            wide = place + 16
        if name == b"data":
            start = place + 8
            if wide:
                size = struct.unpack_from("<Q", content, wide)[0]
                return _patched(content, wide, "<Q", start, size)
            return _patched(content, place + 4, "<I", start, size)
        place += 8 + size + size % 2
    return _without_other_chunks(content)


def _without_other_chunks(content: bytes) -> tuple[bytes, float] | None:
    """A WAV file whose chunks do not follow each other (one of odd length without its padding, say): format and audio alone.

    None where it has not both.
    """
    form = content.find(b"fmt ", 12)
    audio = content.find(b"data", form + 8)
    if form < 0 or audio < 0 or len(content) < audio + 8:
        return None
    size = struct.unpack_from("<I", content, form + 4)[0]
    if not 16 <= size <= audio - form - 8:
        return None
    right = content[:12] + content[form : form + 8 + size] + content[audio:]
    return _patched(right, 24 + size, "<I", 28 + size, struct.unpack_from("<I", right, 24 + size)[0]) or (right, 0.0)


def _core_audio(content: bytes) -> tuple[bytes, float] | None:
    place = 8
    while place + 12 <= len(content):
        name, size = struct.unpack_from(">4sq", content, place)
        if name == b"data":  # four bytes of an edit count come before the samples
            return _patched(content, place + 4, ">q", place + 12, size)
        place += 12 + max(0, size)
    return None


def _patched(content: bytes, at: int, kind: str, start: int, promised: int) -> tuple[bytes, float] | None:
    """`content` with the size that is written at `at` set to what lies between `start` and the end of the audio."""
    end = _end_of_audio(content, start)
    present = end - start
    if present <= 0 or promised == present:
        return None
    behind = start + promised + promised % 2
    if 0 < promised < present and (content[behind : behind + 3] in _TAGS or _is_chunk(content, behind)):
        return None
    right = struct.pack(kind, present)
    unknown = promised <= 0 or promised >= _STREAMED
    return content[:at] + right + content[at + len(right) :], 0.0 if unknown else max(0.0, 1 - present / promised)


def _is_chunk(content: bytes, place: int) -> bool:
    """Whether a chunk, or padding, lies there rather than more audio."""
    name = content[place : place + 4]
    return not name.strip(b"\0") or all(0x20 <= byte < 0x7F for byte in name)


def _end_of_audio(content: bytes, start: int) -> int:
    """Where the audio ends: before a chunk that ends with the file, or with the file."""
    first = max(start, len(content) - _TAIL_SEARCHED)
    for name in _TAIL_CHUNKS:
        place = content.rfind(name, first)
        if place >= 0 and place + 8 <= len(content):
            size = struct.unpack_from("<I", content, place + 4)[0]
            if place + 8 + size in (len(content), len(content) - 1):
                return place
    return len(content)
