"""The Free Spoken Digit Dataset, fetched or taken out of its archive: recordings alone, into a folder of theirs."""

from __future__ import annotations

import re
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from timbre_core.errors import TimbreError, os_errors

URL = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.zip"
LICENCE = "Free Spoken Digit Dataset, Zohar Jackson and others, CC BY-SA 4.0"

_RECORDING = re.compile(r"[0-9]_[A-Za-z]{1,64}_[0-9]{1,9}\.wav")
_LARGEST = 2_000_000  # bytes of a recording; those of the data set have some 8,000
_MOST = 100_000
_CHUNK = 1 << 16
_PATIENCE = 30  # s without a byte


def fetch_digits(out: Path, archive: Path | None = None, watch: Callable[[int], None] | None = None) -> int:
    """Put the recordings into the new folder `out`, whole or not at all; returns how many there are.

    archive: the data set's zip file, where it is here already. watch: called with the bytes of each part that is fetched.
    Raises TimbreError when there is no network, `out` exists, or the archive is damaged or holds no such recordings.
    """
    if out.exists():
        raise TimbreError(f"{out}: it exists already: name another folder, or use it as it is with --data {out}.")
    with tempfile.TemporaryDirectory() as folder:
        return _unpack(archive or _fetched(Path(folder) / "digits.zip", watch), out)


def _fetched(path: Path, watch: Callable[[int], None] | None) -> Path:
    try:
        with urllib.request.urlopen(URL, timeout=_PATIENCE) as answer, open(path, "wb") as file:
            while part := answer.read(_CHUNK):
                file.write(part)
                if watch is not None:
                    watch(len(part))
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise TimbreError(
            f"{URL}: cannot be fetched ({reason}): fetch it elsewhere and name the file with --archive."
        ) from error
    return path


def _unpack(archive: Path, out: Path) -> int:
    with os_errors(archive):
        archive.stat()
    with os_errors(out.parent, writing=True):
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        with os_errors(out, writing=True):
            count = _recordings(archive, work / "recordings")
            work.chmod(0o755)
            work.rename(out)
        return count
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _recordings(archive: Path, folder: Path) -> int:
    folder.mkdir()
    try:
        with zipfile.ZipFile(archive) as packed:
            recordings = [entry for entry in packed.infolist() if _is_recording(entry)][:_MOST]
            for entry in recordings:
                # The name alone: an archive's folders lead nowhere.
                with packed.open(entry) as source, open(folder / PurePosixPath(entry.filename).name, "wb") as file:
                    shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise TimbreError(f"{archive}: no zip archive, or damaged ({error}): fetch it again.") from error
    if not recordings:
        raise TimbreError(f"{archive}: holds no recordings named like 7_jackson_32.wav: it is another archive.")
    return len(recordings)


def _is_recording(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size <= _LARGEST and bool(_RECORDING.fullmatch(PurePosixPath(entry.filename).name))
