"""How long an MP3 is: its frames are counted, where it says nothing of that or something else.

Without the number of frames in a Xing (or VBRI) header, decoders take the file's size and the bit rate of its first frame for it:
a cover picture makes a note longer, a variable bit rate makes it shorter, and what is beyond is never decoded.

Frame headers: ISO/IEC 11172-3 and 13818-3, layer III. The Xing header: as LAME writes it (frame count as flag 1).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO

from timbre_core.features.sound_files import begins_as_sound, other_cure

_KBITS = {  # by MPEG version 1, and 2 or 2.5
    True: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_ENDINGS = (".mp3", ".mp2", ".mp1", ".m1a", ".m2a")
_XING = (b"Xing", b"Info")
_MOST_JUNK = 1 << 16  # bytes between two frames, or before the first
_SURELY, _LARGEST_FRAME = 5, 1441  # frames in a row that no other file has, and bytes of one
_MOST_BYTES = 1 << 27  # an hour at the highest bit rate; what is longer is no note
_SIDE_INFORMATION = {
    (True, False): 32,
    (True, True): 17,
    (False, False): 17,
    (False, True): 9,
}  # by version 1, and mono


def with_counted_frames(content: bytes) -> bytes | None:
    """An MP3's bytes with the right number of frames in its header, from there on; None where nothing is to be mended.

    That is: it is right already, or this is no MPEG audio of layer III, or one of free format.
    """
    body = content[_tag_size(content) :] if content[:3] == b"ID3" else content
    places = list(_frames(body))
    if len(places) < 2:
        return None
    first = body[places[0] : places[1]]
    field = _count_field(first)
    if field is None:
        return _xing_frame(first, len(places)) + body[places[0] :]
    there = len(places) - 1  # the header's own frame does not count
    if struct.unpack_from(">I", first, field)[0] == there:
        return (
            body[places[0] :] if places[0] or len(body) < len(content) else None
        )  # decoders pass over one tag, not two
    corrected = bytearray(body[places[0] :])
    struct.pack_into(">I", corrected, field, there)
    if first[field - 8 : field - 4] in _XING and first[field - 1] & 2:  # the size stands behind the count
        struct.pack_into(">I", corrected, field + 4, len(corrected))
    return bytes(corrected)


def counted(file: Path | str | BinaryIO) -> Path | str | BinaryIO:
    """An MP3 file whose header is wrong about its length, corrected, or its content; any other file as it is, at its
    beginning."""
    if isinstance(file, (str, Path)):
        with open(file, "rb") as opened:
            content = _read_mp3(opened)
    else:
        content = _read_mp3(file)
    corrected = with_counted_frames(content) if content else None
    if corrected is None and isinstance(file, Path) and file.suffix.lower() in _ENDINGS:
        # Of a file so called libsndfile believes its name more than what is in it.
        corrected = content or file.read_bytes()
    return io.BytesIO(corrected) if corrected else file


def _read_mp3(file: BinaryIO) -> bytes:
    """A file's bytes where it begins as MP3 files do, some junk before that or not; none of others; left at its beginning."""
    head = file.read(12)
    file.seek(0)
    plain = head[:2] == b"ID" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)
    if not plain and (begins_as_sound(head) or other_cure("", head) or not _follows_junk(file)):
        return b""
    content = file.read(_MOST_BYTES)
    file.seek(0)
    return content


def _follows_junk(file: BinaryIO) -> bool:
    """Whether some frames follow each other soon; the file is left at its beginning."""
    body = file.read(_MOST_JUNK + _SURELY * _LARGEST_FRAME)
    file.seek(0)
    first = list(islice(_frames(body), _SURELY))
    sizes = [_frame_size(body, place) for place in first]
    chained = all(a + size == b for (a, b), size in zip(pairwise(first), sizes, strict=False))
    return len(first) == _SURELY and chained and first[0] <= _MOST_JUNK


def _tag_size(content: bytes) -> int:
    """Bytes of the ID3v2 tags at the beginning (https://id3.org/id3v2.4.0-structure)."""
    size = 0
    while content[size : size + 3] == b"ID3" and len(content) >= size + 10:
        a, b, c, d = content[size + 6 : size + 10]
        footer = 10 if content[size + 5] & 0x10 else 0
        size += 10 + (a << 21 | b << 14 | c << 7 | d) + footer
    return size


def _frame_size(body: bytes, place: int) -> int:
    """Bytes of the frame that begins at `place`, 0 where none does."""
    head = body[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, index, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate == 3 or not 1 <= index <= 14:
        return 0
    samples = 144_000 if version == 3 else 72_000
    return samples * _KBITS[version == 3][index - 1] // _RATES[version][rate] + (head[2] >> 1 & 1)


def _frames(body: bytes) -> Iterator[int]:
    """Where frames begin. What lies between them (tags, other junk) is passed over."""
    place, sure = 0, False
    while place < len(body):
        size = _frame_size(body, place)
        # By chance four bytes look like a header often enough: after junk two of them must follow each other.
        if size and (sure or _frame_size(body, place + size)):
            yield place
            place, sure = place + size, True
            continue
        junk = body.find(b"\xff", place + 1, place + _MOST_JUNK)
        if junk < 0:
            return
        place, sure = junk, False


def _count_field(frame: bytes) -> int | None:
    """Where in a file's first frame its number of frames stands, None where it does not."""
    version, mono = frame[1] >> 3 & 3 == 3, frame[3] >> 6 == 3
    start = 4 + _SIDE_INFORMATION[version, mono]
    if frame[start : start + 4] in _XING and len(frame) >= start + 12:
        return start + 8 if frame[start + 7] & 1 else None
    return 36 + 14 if frame[36:40] == b"VBRI" and len(frame) >= 54 else None


def _xing_frame(frame: bytes, count: int) -> bytes:
    """A frame like `frame` that holds nothing but a Xing header with the number of frames."""
    version, mono = frame[1] >> 3 & 3 == 3, frame[3] >> 6 == 3
    head = bytearray(frame[:4])
    head[1] |= 1  # no checksum
    head[2] = 9 << 4 | head[2] & 0x0C  # 128 or 80 kbit/s, no padding: room enough at any sample rate
    text = bytes(head) + bytes(_SIDE_INFORMATION[version, mono]) + b"Xing" + struct.pack(">II", 1, count)
    return text.ljust(_frame_size(text, 0), b"\0")
