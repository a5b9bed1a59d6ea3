"""Files of an instrument: packed into one archive, or written into a folder; names that any system takes."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path

from timbre_core.files import atomic_write

# What Windows takes for a device, whatever the ending.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def file_name(text: str) -> str:
    """A name made of ASCII letters, digits, `_` and `-` alone, from any text; accents are left off, sharps and flats of notes
    become s and b (a dash would read as an octave below zero), `_` is added to what is none on Windows."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    plain = re.sub("(?<=[A-Ga-g])[#♯]", "s", plain).replace("♭", "b")
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")[:60] or "instrument"
    return no_device(name)


def no_device(stem: str) -> str:
    """A file's name without its ending, with `_` where Windows would take it for a device."""
    first, dot, rest = stem.partition(".")
    return f"{first}_{dot}{rest}" if _DEVICE.fullmatch(first) else stem


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The files as one ZIP archive's bytes; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            # A fixed date keeps the archive reproducible.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compression)
    return buffer.getvalue()


def write_files(files: Mapping[str, bytes], folder: Path | str) -> None:
    """Write the files below a folder, each whole or not at all; older ones of the same names are replaced."""
    for name, data in files.items():
        with atomic_write(Path(folder) / name) as temporary:
            temporary.write_bytes(data)
