"""Sound files opened whatever their headers say of their sizes, with what of them is not read."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from timbre_core.features.audio_sizes import is_cut_off, missing_share, with_right_size
from timbre_core.features.mp3 import counted
from timbre_core.features.sound_files import first_bytes

if TYPE_CHECKING:
    import soundfile

_WORTH_TELLING = 0.01  # share of a file that is missing
_MOST_REPAIRED = 1 << 30  # bytes; larger files are not held in memory to correct their header
_PAGE = struct.Struct("<4sxB20xB")  # magic, kind and count of segments: RFC 3533, section 6
_FIRST_PAGE = 2


@dataclass(frozen=True)
class Unread:
    """What of a file is not read, and what to do about it: said where it is used all the same, and where it is refused."""

    used: str
    refused: str


def open_sound(file: Path | BinaryIO) -> tuple[soundfile.SoundFile, Unread | None]:
    """The sound file, open, and what of it is not read, None where all is. Raises libsndfile's errors."""
    streams = count_streams(_content(file)) if first_bytes(file)[:4] == b"OggS" else 1
    if not isinstance(file, Path):
        file.seek(0)
    sound, missing = _with_right_size(file)
    if missing > _WORTH_TELLING:
        what = f"truncated, the last {missing:.0%} are missing"
        cure = "get the file again"
        return sound, Unread(f"{what}: what is there is used, {cure} to have the rest", f"{what}: {cure}")
    if streams > 1:
        others = "another sound follows" if streams == 2 else f"{streams - 1} other sounds follow"
        what, cure = f"{others} the first one in it (chained Ogg)", "save each as a file of its own"
        return sound, Unread(f"{what}: the first is used, {cure}", f"{what}: {cure}")
    return sound, None


def _with_right_size(file: Path | BinaryIO) -> tuple[soundfile.SoundFile, float]:
    """The sound file, open, and the share of its audio that is missing."""
    import soundfile

    def open_file(file: Path | BinaryIO) -> soundfile.SoundFile:
        opened = counted(file)
        return soundfile.SoundFile(str(opened) if isinstance(opened, Path) else opened)

    try:
        sound = open_file(file)
    except soundfile.LibsndfileError:
        repaired = with_right_size(_content(file))
        if repaired is None:
            raise
        return open_file(io.BytesIO(repaired[0])), repaired[1]
    log = sound.extra_info
    if is_cut_off(log, sound.frames):
        repaired = with_right_size(_content(file))
        if repaired is not None:
            sound.close()
            return open_file(io.BytesIO(repaired[0])), repaired[1]
    return sound, missing_share(log)


def _content(file: Path | BinaryIO) -> bytes:
    """A file's bytes, none where they are too many; a stream is left where it is, for libsndfile may be reading it."""
    if isinstance(file, Path):
        return file.read_bytes() if file.stat().st_size <= _MOST_REPAIRED else b""
    place = file.tell()
    file.seek(0)
    content = file.read(_MOST_REPAIRED)
    file.seek(place)
    return content


def count_streams(ogg: bytes) -> int:
    """How many sounds follow each other in an Ogg file's bytes: libsndfile reads the first alone.

    Streams that begin together, such as a picture beside the sound, count as one.
    """
    count, begun, place = 0, False, ogg.find(b"OggS")
    while 0 <= place <= len(ogg) - _PAGE.size:
        _, kind, segments = _PAGE.unpack_from(ogg, place)
        begins = bool(kind & _FIRST_PAGE)
        count += begins and not begun
        begun = begins
        lacing = ogg[place + _PAGE.size : place + _PAGE.size + segments]
        place = ogg.find(b"OggS", place + _PAGE.size + segments + sum(lacing))
    return count
