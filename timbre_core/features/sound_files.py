"""Which files are sounds, by their names and how they begin; what to do about those that are not read; what is no content."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import BinaryIO

_READ = """
.wav .wave .bwf .rf64 .w64 .aif .aiff .aifc .au .snd .caf .flac .ogg .oga .opus .mp3 .mp2 .mp1 .m1a .m2a
.voc .avr .paf .fap .pvf .sf .ircam .nist .sph .svx .8svx .16sv .sds .xi .wve .htk
"""
_CONVERT = "convert to WAV or FLAC, with ffmpeg say"
_UNPACK = "an archive, which is not looked into: unpack it"
_OTHERS = {
    _CONVERT: """
    .m4a .m4b .m4p .mp4 .aac .alac .wma .asf .wv .ape .tta .mka .webm .weba .ac3 .eac3 .dts .amr .3gp .ra .rm .spx .mpc .shn
    .dsf .dff .tak .mov .m4v .avi .mkv .mpg .mpeg .flv .wmv .raw .pcm .vox .g722 .qcp .oma .aa3 .adx""",
    "render with `prepare soundfont`": ".sf2 .sf3",
    "export the samples as WAV": """.ncw .nki .nkx .nkm .exs .gig .sfark .rx2 .rex .rcy .xrni .xrns
    .h2drumkit .akp .s3p .s3i .krz .gpt .dwp .sxt .adg .adv .multisample .sd2 .bank .bnk .fsb .wem .aup3""",
    "damaged, without a column 'audio' of sounds, or to be given alone, to `project` or a training": ".parquet",
    "save the data set as Parquet, with `to_parquet` say": ".arrow .feather",
    "if there are sounds inside, write them as WAV": """
    .npy .npz .mat .h5 .hdf5 .hdf .pkl .pickle .joblib .pt .pth .tfrecord .tfrecords .nc""",
    _UNPACK: ".zip .zipx .rar .7z .tar .tgz .tbz2 .txz .gz .bz2 .xz .zst .lzma .lz4 .lha .lzh .cab .iso .dmg .sit .sitx .arj",
}
AUDIO_ENDINGS = frozenset(_READ.split())
"""Of files that libsndfile reads."""
OTHER_ENDINGS = {ending: cure for cure, endings in _OTHERS.items() for ending in endings.split()}
"""Of files that hold sounds, or may, and are not read, with what to do about them."""

_VOLUME = re.compile(r".*\.(?:(?:zip|7z|rar|tar)\.\d{3}|[rz]\d{2})", re.IGNORECASE)
_SOUND = re.compile(rb"(?:RIFF|RF64|BW64)....WAVE|FORM....AIF[CF]|fLaC|OggS|caff|\.snd|ID3", re.DOTALL)
_LFS = b"version http"
"""What stands in a clone instead of a file that Git LFS has: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"""
_CONTAINERS = {
    "MP4": rb"....ftyp",
    "WebM or Matroska": rb"\x1a\x45\xdf\xa3",
    "Windows Media": rb"\x30\x26\xb2\x75",
    "WavPack": rb"wvpk",
    "Monkey's Audio": rb"MAC ",
    "AMR": rb"#!AMR",
    "AAC": rb"\xff[\xf1\xf9]",
}
_SYSTEMS = frozenset(
    name.casefold()
    for name in (
        *("__MACOSX", "Icon\r", "desktop.ini", "Thumbs.db", "ehthumbs.db", "$RECYCLE.BIN", "RECYCLER"),
        *("System Volume Information", "@eaDir", "@__thumb", "@Recycle", "#recycle", "#snapshot", "lost+found"),
    )
)


def is_audio(name: str) -> bool:
    """Whether a file's ending is one of sounds that are read."""
    return os.path.splitext(name)[1].lower() in AUDIO_ENDINGS


def is_archive(name: str) -> bool:
    """Whether a file's ending is one of archives, or of a part of one (`.zip.001`, `.r00`)."""
    ending = os.path.splitext(name)[1].lower()
    return OTHER_ENDINGS.get(ending) == _UNPACK or _VOLUME.fullmatch(name) is not None


def other_cure(name: str, head: bytes = b"") -> str:
    """What to do about a file that is not read and holds sounds: by its ending, or by its first bytes; empty for any other."""
    cure = _UNPACK if is_archive(name) else OTHER_ENDINGS.get(os.path.splitext(name)[1].lower(), "")
    if cure:
        return cure
    if head.startswith(_LFS):
        return "it is a pointer of Git LFS and no sound: `git lfs pull` fetches that"
    kind = next((kind for kind, magic in _CONTAINERS.items() if re.match(magic, head, re.DOTALL)), None)
    return f"it is {kind}, whatever its name: {_CONVERT}" if kind else ""


def begins_as_sound(head: bytes) -> bool:
    """Whether a file's first 12 bytes are those of a format that is read."""
    return _SOUND.match(head) is not None


def first_bytes(file: Path | BinaryIO) -> bytes:
    """A file's first 12 bytes, none where they cannot be read."""
    try:
        if not isinstance(file, Path):
            file.seek(0)
            return file.read(12)
        with open(file, "rb") as stream:
            return stream.read(12)
    except (OSError, ValueError):
        return b""


def is_empty(file: Path | BinaryIO) -> bool:
    """Whether a file holds nothing; a stream is left at its beginning."""
    if isinstance(file, Path):
        return file.stat().st_size == 0
    empty = not first_bytes(file)
    file.seek(0)
    return empty


def is_left_behind(name: str) -> bool:
    """Whether a file or folder is what systems leave beside everything (`.DS_Store`, `Thumbs.db`, `__MACOSX`), or hidden:
    nothing that anybody would miss."""
    return name.startswith(".") or name.casefold() in _SYSTEMS
