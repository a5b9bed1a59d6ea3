"""Files written whole or not at all, and names from outside that may become file names."""

from __future__ import annotations

import json
import os
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from timbre_core.errors import TimbreError, explain_os_error, os_errors

_SAFE_SIGNS = " ._+#-"
_LONGEST = 128  # characters of a name
_LONGEST_BYTES = 200  # in UTF-8: file systems take 255, with an ending


def check_name(name: str, what: str = "name") -> str:
    """Return `name`, composed, if it is safe as one part of a path (letters of any script), otherwise raise TimbreError."""
    name = unicodedata.normalize("NFC", name)
    fits = all(sign.isalnum() or sign in _SAFE_SIGNS or unicodedata.category(sign) in ("Mn", "Mc") for sign in name)
    too_long = len(name) > _LONGEST or len(name.encode("utf-8", "replace")) > _LONGEST_BYTES
    if not name[:1].isalnum() or not fits or too_long or name.endswith((".", " ")):
        raise TimbreError(
            f"{what} {name!r} cannot be used as a file name: use letters, digits, '.', '_', '-', '+' or '#'."
        )
    return name


def user_data_dir() -> Path:
    """The user's data folder for this project; the environment variable TIMBRE_DATA names another one."""
    chosen = os.environ.get("TIMBRE_DATA")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("timbre-explorer", appauthor=False))


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a folder is one, or a link to one; not a link in a circle, which Python raises OSError for."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def as_on_disk(path: Path | str) -> Path:
    """A path, `~` expanded, as its parts are called on disk where letters are composed in another way there (Unicode's NFC and
    NFD look the same); as it is given where there is none."""
    given = Path(path).expanduser()
    if str(given).isascii():
        return given
    found = Path(given.anchor)
    for part in given.parts[len(found.parts) :]:
        if not part.isascii() and not os.path.lexists(found / part):
            composed = unicodedata.normalize("NFC", part)
            try:
                there = os.listdir(found)
            except OSError:
                return given
            part = next((name for name in there if unicodedata.normalize("NFC", name) == composed), part)
        found /= part
    return found if found.exists() else given


def readable(name: Path | str) -> str:
    """A path as text that can be shown and sent: bytes in it that are no UTF-8 become question marks in diamonds."""
    return os.fsencode(name).decode("utf-8", "replace")


@contextmanager
def atomic_write(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is flushed to disk and renamed to `path`.

    A reader sees the old file or the new one, never a part. On any error the temporary file is removed.
    Raises TimbreError on operating system errors (full disk, no permission).
    """
    path = Path(path).expanduser()
    with os_errors(path.parent, writing=True):
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise TimbreError(explain_os_error(error, path, writing=True)) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_output_folder(path: Path | str, option: str) -> None:
    """Raises TimbreError, naming the option, when no file could be written into the folder `path`, made if need be."""
    path = Path(path)
    there = next((folder for folder in (path, *path.absolute().parents) if folder.exists()), Path("/"))
    if not there.is_dir():
        raise TimbreError(f"{option} {path}: {there} is a file, not a folder: choose another place.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise TimbreError(f"{option} {path}: no permission to write in {there}: choose another place.")


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as indented JSON, atomically. NaN and infinity are refused: they are not JSON."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def parse_json(text: str | bytes) -> Any:
    """As `json.loads`; what Python itself gives up on (deep nesting, thousands of digits) is a JSONDecodeError, too."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except (RecursionError, ValueError):
        raise json.JSONDecodeError("nested too deeply, or a number of too many digits", "", 0) from None


def read_json(path: Path | str) -> Any:
    """Read a JSON file; TimbreError names the file and line when it is missing, truncated or not JSON."""
    path = Path(path)
    try:
        with os_errors(path):
            text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TimbreError(f"{path}: not a text file: JSON in UTF-8 was expected, get the file again.") from error
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        raise TimbreError(
            f"{path}: not valid JSON at line {error.lineno} ({error.msg}): the file is damaged or truncated, get it again."
        ) from error
