"""Files and ZIP archives that are sent to the app: unpacked within bounds, into a folder that nothing in them can leave."""

from __future__ import annotations

import lzma
import shutil
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from timbre_core.catalogue.roots import upload_folder
from timbre_core.datasets.audio_files import HIDDEN
from timbre_core.datasets.label_values import safe_id
from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.sound_files import is_audio, is_left_behind, other_cure

_TABLES = (".csv", ".tsv", ".jsonl", ".sfz", ".json")
_DEEPEST = 12
_CHUNK = 1 << 20
_DAMAGE = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    UnicodeDecodeError,
)


@dataclass(frozen=True)
class UploadLimits:
    """What is taken at once: files, bytes of one and of all (unpacked), and how many times smaller an archive may be."""

    files: int = 20_000
    bytes_each: int = 256 * 2**20
    bytes: int = 4 * 2**30
    ratio: int = 400


LIMITS = UploadLimits()


@dataclass(frozen=True)
class Sent:
    """A file that was sent: its name, with folders where it has some, and its content."""

    name: str
    content: IO[bytes]


def keep_uploads(name: str, files: Iterable[Sent], limits: UploadLimits = LIMITS) -> tuple[Path, list[tuple[str, str]]]:
    """Write what was sent into a new folder, archives unpacked; returns it, and (file, reason) of what was left out.

    Raises TimbreError, and leaves nothing behind, where it is more than the limits, or holds no sound.
    """
    base = upload_folder()
    taken = {entry.name for entry in base.iterdir()} if base.is_dir() else set()
    folder = base / safe_id(name, taken)
    skipped: list[tuple[str, str]] = []
    keeper = _Keeper(folder, limits, skipped)
    try:
        for sent in files:
            try:
                for path, content, packed in _unpacked(sent, skipped):
                    keeper.keep(path, content, packed)
            except _DAMAGE as error:  # what was unpacked before stays, and so do other files
                reason = f"the archive cannot be unpacked ({error}): make it again, without a password"
                skipped.append((sent.name, reason))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if not keeper.sounds:
        shutil.rmtree(folder, ignore_errors=True)
        first = f": {skipped[0][0][:120]}: {skipped[0][1]}" if skipped else ""
        raise TimbreError(f"there is no sound among these files (wav, flac, ogg, mp3, aiff){first}: choose others.")
    return folder, skipped


@dataclass
class _Keeper:
    """Writes files into a folder as long as they are within the limits, and counts them."""

    folder: Path
    limits: UploadLimits
    skipped: list[tuple[str, str]]
    number: int = 0
    total: int = 0
    sounds: int = 0

    def keep(self, path: str, content: IO[bytes], packed: int) -> None:
        """Write a file, or tell why it is left out. packed: its size in an archive, 0 for what is in none."""
        if self.number >= self.limits.files:
            raise TimbreError(
                f"more than {self.limits.files:,} files at once: send them in parts, or name their folder."
            )
        self.number += 1
        parts = _parts(path)
        if ".." not in parts and any(map(is_left_behind, parts)):
            self.skipped += [(path, HIDDEN)] if _is_hidden_sound(parts) else []
            return
        target = _inside(self.folder, parts)
        if target is None:
            self.skipped.append((path, "its name leads out of the folder, or is none"))
        elif not (is_audio(path) or path.lower().endswith(_TABLES)):
            cure = other_cure(path)
            self.skipped += [(path, f"cannot be read: {cure}")] if cure else []
        elif target.exists() or any(above.is_file() for above in target.parents):
            self.skipped.append((path, "another file of that name was sent with it: rename one"))
        else:
            most = [self.limits.ratio * max(packed, 4096)] if packed else []
            self.total += _copy(
                content, target, min(self.limits.bytes_each, self.limits.bytes - self.total, *most), path
            )
            self.sounds += is_audio(path)


def _unpacked(sent: Sent, skipped: list[tuple[str, str]]) -> Iterator[tuple[str, IO[bytes], int]]:
    """A file, or those in an archive: its path, its content, and its packed size (0 for what was not packed)."""
    if not sent.name.lower().endswith(".zip"):
        yield sent.name, sent.content, 0
        return
    with zipfile.ZipFile(sent.content) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            if entry.flag_bits & 1:
                raise RuntimeError("it has a password")
            if (entry.external_attr >> 16) & 0o170000 == 0o120000:
                skipped.append((entry.filename, "a link, and no file"))
                continue
            with archive.open(entry) as content:
                yield entry.filename, content, max(entry.compress_size, 1)


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).parts


def _is_hidden_sound(parts: tuple[str, ...]) -> bool:
    """Whether a sound's own name hides it, and it is none of the companions that Macs make."""
    *folders, name = parts
    return is_audio(name) and not name.startswith("._") and not any(map(is_left_behind, folders))


def _inside(folder: Path, parts: tuple[str, ...]) -> Path | None:
    """Where below the folder a file of that path goes; None for one that leads out of it."""
    if not parts or len(parts) > _DEEPEST or any(_is_bad(part) for part in parts):
        return None
    return folder.joinpath(*parts)


def _is_bad(part: str) -> bool:
    try:
        size = len(part.encode("utf-8"))
    except UnicodeEncodeError:  # half a letter
        return True
    return part == ".." or "/" in part or ":" in part or "\0" in part or size > 240


def _copy(content: IO[bytes], target: Path, room: int, name: str) -> int:
    """Write a file of at most `room` bytes; returns its size. Raises TimbreError for one that turns out to be larger.

    Of one that is damaged in its archive nothing stays.
    """
    size = 0
    with os_errors(target, writing=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(target, "wb") as file:
                while chunk := _read(content):
                    size += len(chunk)
                    if size > room:
                        raise TimbreError(f"{name[:120]}: unpacks to more than is taken: send less at once.")
                    file.write(chunk)
        except _DAMAGE:
            target.unlink()
            raise
    return size


def _read(content: IO[bytes]) -> bytes:
    """Some more bytes. An archive's reader raises OSError for damage too, which is no fault of the disk that is written to."""
    try:
        return content.read(_CHUNK)
    except OSError as error:
        raise zipfile.BadZipFile(str(error)) from error
