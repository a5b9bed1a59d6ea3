"""Folders that the app may look into: those below some roots, and nothing else, whatever a link says."""

from __future__ import annotations

import os
from pathlib import Path

from timbre_core.errors import TimbreError, explain_os_error
from timbre_core.features.sound_files import is_audio, is_left_behind
from timbre_core.files import is_folder, readable, user_data_dir

_DRIVES = ("/media", "/mnt", "/Volumes")
_MOST = 2_000  # entries of a folder that are looked at
_TABLE = ".parquet"


def allowed_roots() -> list[Path]:
    """The folders named in the environment variable TIMBRE_ROOTS (as in PATH), else the user's home and plugged-in drives."""
    chosen = os.environ.get("TIMBRE_ROOTS")
    places = chosen.split(os.pathsep) if chosen else [str(Path.home()), *_DRIVES]
    found = [Path(place).expanduser().resolve() for place in places if place.strip()]
    return [place for place in dict.fromkeys(found) if place.is_dir()]


def readable_places() -> list[Path]:
    """Where the app may read, links resolved: below the roots, and what was sent to it."""
    return [*allowed_roots(), upload_folder().resolve()]


def checked_folder(path: Path | str) -> Path:
    """A folder's real place, links resolved. Raises TimbreError where that lies outside the roots, or is no folder."""
    try:
        real = Path(str(path).strip()).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a NUL
        raise TimbreError(f"{str(path)[:200]!r} is no path: check it.") from error
    inside = readable_places()
    if not any(real.is_relative_to(root) for root in inside):
        told = ", ".join(map(str, inside[:-1])) or "none"
        raise TimbreError(
            f"{path}: is outside the folders that this app may read ({told}): choose one of these, or start the app with "
            f"TIMBRE_ROOTS set to all that it may, {os.pathsep!r} between them."
        )
    if not real.is_dir():
        raise TimbreError(f"{path}: there is no such folder: check the path.")
    return real


def subfolders(folder: Path) -> tuple[list[str], int]:
    """The folders inside a folder, by name, without those hidden or named by no text, and how many sounds lie in it."""
    names, sounds = [], 0
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _MOST:
                    break
                if is_left_behind(entry.name) or readable(entry.name) != entry.name:
                    continue
                if is_folder(entry):
                    names.append(entry.name)
                else:
                    sounds += is_audio(entry.name)
    except OSError as error:
        raise TimbreError(explain_os_error(error, folder)) from error
    return sorted(names, key=str.casefold), sounds


def may_hold_sounds(folder: Path) -> bool:
    """Whether a sound, or a table that may hold some, lies in a folder or below it; of more than _MOST entries that is not known
    for sure, and taken to be so."""
    waiting, seen, looked_at = [folder], {folder.resolve()}, 0
    while waiting:
        try:
            with os.scandir(waiting.pop(0)) as entries:
                for entry in entries:
                    looked_at += 1
                    if is_audio(entry.name) or entry.name.lower().endswith(_TABLE) or looked_at > _MOST:
                        return True
                    if (
                        not entry.name.startswith(".")
                        and is_folder(entry)
                        and (below := Path(entry).resolve()) not in seen
                    ):
                        seen.add(below)
                        waiting.append(below)
        except OSError:
            continue  # what cannot be read is told when the folder is added
    return False


def upload_folder() -> Path:
    """Where sounds that were sent to the app are kept: the only ones that are."""
    return user_data_dir() / "uploads"
