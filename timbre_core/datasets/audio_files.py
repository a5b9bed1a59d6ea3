"""Which files of a folder are sounds, and what lies beside them that is not read."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from timbre_core.errors import explain_os_error, os_errors
from timbre_core.features.sound_files import (
    OTHER_ENDINGS,
    begins_as_sound,
    first_bytes,
    is_archive,
    is_audio,
    is_left_behind,
    other_cure,
)
from timbre_core.files import is_folder, readable
from timbre_core.wording import counted

_TABLES = ".csv .tsv .txt .jsonl .json .xls .xlsx .ods .dspreset"

_TABLE_ENDINGS = frozenset(_TABLES.split())

HIDDEN = "hidden, as its name begins with a dot: rename it"
"""Why a sound is not read that is not to be seen."""
_NO_TEXT = "its name is no UTF-8: rename it"
_NO_ENDING = "it holds a sound and has no ending of sounds: rename it, .wav say"

Skipped = list[tuple[str, str]]


@dataclass
class Listing:
    """What is below a folder.

    files: paths (posix) of all sounds, sorted; tables: of what may be tables of labels, mappings: of SFZ files. others: how
    many files have an ending of sounds that are not read. archives: paths of those, which may hold anything.
    skipped: (path, reason) of folders and links not followed.
    """

    files: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    mappings: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    archives: list[str] = field(default_factory=list)
    skipped: Skipped = field(default_factory=list)

    @property
    def unread(self) -> list[str]:
        """A sentence for each kind of sound that is not read, `5 files *.m4a cannot be read: convert to ...`; archives."""
        return [f"{readable(name)} cannot be read: {other_cure(name)}" for name in self.archives] + [
            f"{counted(count, 'file')} *{ending} cannot be read: {OTHER_ENDINGS[ending]}"
            for ending, count in sorted(self.others.items())
        ]

    def unread_below(self, root: Path) -> Skipped:
        """The same as what is left out of `root`: (`root/*.m4a`, `5 files cannot be read: convert to ...`)."""
        return [(readable(root / name), f"cannot be read: {other_cure(name)}") for name in self.archives] + [
            (str(root / f"*{ending}"), f"{counted(count, 'file')} cannot be read: {OTHER_ENDINGS[ending]}")
            for ending, count in sorted(self.others.items())
        ]


def unread_beside(root: Path) -> Skipped:
    """What of a data set's folder is told as not read: (folder, sentence) for each kind, see `Listing.unread`."""
    return list_folder(root).unread_below(root)


def audio_files(root: Path) -> list[str]:
    """Paths below `root` (posix) of all sounds, sorted: see `list_folder`."""
    return list_folder(root).files


def has_sounds(root: Path, count: int) -> bool:
    """Whether there are `count` sounds or more below `root`: looks no further than to the folder with that one."""
    sounds = (name for _, names in _folders(root, []) for name in names if is_audio(name))
    return next(islice(sounds, count - 1, None), None) is not None


def list_folder(root: Path) -> Listing:
    """All sounds below `root`, those in linked folders too; what is hidden or left behind by systems is
    passed over, without a word where it is no sound.

    A folder that several links lead to is read once, so that links in a circle end. Raises TimbreError when `root` itself
    cannot be read; subfolders that cannot are among the skipped.
    """
    found = Listing()
    with os_errors(root):
        os.scandir(root).close()
    for folder, entries in _folders(root, found.skipped):
        for name in entries:
            ending = os.path.splitext(name)[1].lower()
            if is_audio(name):
                found.files.append(f"{folder}/{name}" if folder else name)
            elif is_archive(name):
                found.archives.append(f"{folder}/{name}" if folder else name)
            elif ending in OTHER_ENDINGS:
                found.others[ending] += 1
            elif _is_table(name):
                there = found.mappings if ending == ".sfz" else found.tables
                there.append(f"{folder}/{name}" if folder else name)
            elif _is_sound_inside(root / folder / name):
                found.skipped.append((str(root / folder / name), _NO_ENDING))
    for names in (found.files, found.tables, found.mappings, found.archives):
        names.sort()
    return found


def _folders(root: Path, skipped: Skipped) -> Iterator[tuple[str, list[str]]]:
    """Every folder below `root` (posix path, files in it), real ones before those that links lead to."""
    seen: dict[tuple[int, int], str] = {}
    real, linked = [""], list[str]()
    while real or linked:
        below = real.pop() if real else linked.pop(0)
        path = root / below
        try:
            status = path.stat()
            first = seen.setdefault((status.st_dev, status.st_ino), below)
            if first != below:
                skipped.append((str(path), f"leads to the same folder as {root / first}, which is read once"))
                continue
            with os.scandir(path) as entries:
                shown = sorted((e for e in entries if _is_shown(e, skipped)), key=lambda e: e.name, reverse=True)
        except OSError as error:
            skipped.append((str(path), explain_os_error(error, path).removeprefix(f"{path}: ").rstrip(".")))
            continue
        files = []
        for entry in shown:
            if is_folder(entry) and not _is_text(entry.name):
                skipped.append((readable(entry.path), _NO_TEXT))
                continue
            name = f"{below}/{entry.name}" if below else entry.name
            if not is_folder(entry):
                wrong = _unusable(entry)
                if wrong and (is_audio(entry.name) or _is_table(entry.name)):
                    skipped.append((readable(entry.path), wrong))
                    continue
                if entry.is_symlink() and not os.path.exists(entry.path):
                    skipped.append((readable(entry.path), "a link that leads nowhere: delete or correct it"))
                    continue
                files.append(entry.name)
            elif leads_above(entry, root):
                skipped.append((readable(entry.path), "leads to a folder that this one is in: link to what is meant"))
            elif entry.is_symlink():
                linked.append(name)
            else:
                real.append(name)
        yield below, files


def leads_above(entry: os.DirEntry[str], root: Path) -> bool:
    """Whether an entry below `root` is a link to a folder that `root` is in: all of a disk would be searched through it."""
    return entry.is_symlink() and Path(entry.path).resolve() in root.resolve().parents


def _is_shown(entry: os.DirEntry[str], skipped: Skipped) -> bool:
    """Whether an entry is neither hidden nor left by a system; of hidden sounds it is told, if they are no Mac's companions."""
    if not is_left_behind(entry.name):
        return True
    if is_audio(entry.name) and not entry.name.startswith("._") and not is_folder(entry):
        skipped.append((readable(entry.path), HIDDEN))
    return False


def _is_sound_inside(path: Path) -> bool:
    """Whether a file whose ending says nothing begins as sounds do."""
    try:
        return path.is_file() and begins_as_sound(first_bytes(path))
    except OSError:
        return False


def _is_table(name: str) -> bool:
    """Whether a file's ending is one of tables or mappings of labels."""
    ending = os.path.splitext(name)[1].lower()
    return ending in _TABLE_ENDINGS or ending == ".sfz"


def _unusable(entry: os.DirEntry[str]) -> str:
    """Why an entry of a folder is not opened, empty where it is.

    Pipes would be waited for, and a name that is no UTF-8 could be written into no table.
    """
    if not _is_text(entry.name):
        return _NO_TEXT
    try:
        mode = entry.stat().st_mode
    except OSError:
        return ""  # told where it is read
    return "" if stat.S_ISREG(mode) else "it is no ordinary file: leave it out"


def _is_text(name: str) -> bool:
    """Whether a name can be written into a table: not where its bytes are no UTF-8."""
    return name.isprintable() or not any("\ud800" <= letter <= "\udfff" for letter in name)
