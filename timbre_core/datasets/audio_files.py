"""Which files of a folder are sounds, and what lies beside them that is not read."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from timbre_core.errors import explain_os_error, os_errors
from timbre_core.files import readable

_READ = """
.wav .wave .bwf .rf64 .w64 .aif .aiff .aifc .au .snd .caf .flac .ogg .oga .opus .mp3 .mp2 .mp1 .m1a .m2a
.voc .avr .paf .fap .pvf .sf .ircam .nist .sph .svx .8svx .16sv .sds .xi .wve .htk
"""
_OTHERS = {
    "convert them to WAV or FLAC, with ffmpeg say": """
    .m4a .m4b .m4p .mp4 .aac .alac .wma .asf .wv .ape .tta .mka .webm .weba .ac3 .eac3 .dts .amr .3gp .ra .rm .spx .mpc .shn
    .dsf .dff .tak .mov .m4v .avi .mkv .mpg .mpeg .flv .wmv""",
    "render them with `prepare soundfont`": ".sf2 .sf3",
    "export their samples as WAV": ".ncw .nki .exs .gig .sfark .rx2 .rex .rcy",
    "damaged, without a column 'audio' of sounds, or beside sound files: give them alone": ".parquet",
    "unpack them": ".zip .rar .7z .tar .tgz .gz .bz2 .xz",
}
_TABLES = ".csv .tsv .txt .jsonl .xlsx .ods"

AUDIO_ENDINGS = frozenset(_READ.split())
"""Of files that libsndfile reads."""
_OTHER_ENDINGS = {ending: cure for cure, endings in _OTHERS.items() for ending in endings.split()}
"""Of files that hold sounds and are not read, with what to do about them."""
_TABLE_ENDINGS = frozenset(_TABLES.split())

_MAGIC = re.compile(rb"(?:RIFF|RF64|BW64)....WAVE|FORM....AIF[FC]|fLaC|OggS|caff|\.snd|ID3", re.DOTALL)
"""What files of sounds begin with, whatever they are called."""

_NO_TEXT = "its name is no UTF-8: rename it"
_NO_ENDING = "it holds a sound and has no ending of sounds: rename it, .wav say"

Skipped = list[tuple[str, str]]


@dataclass
class Listing:
    """What is below a folder.

    files: paths (posix) of all sounds, sorted; tables: of what may be tables of labels, mappings: of SFZ files. others: how
    many files have an ending of sounds that are not read. skipped: (path, reason) of folders and links not followed.
    """

    files: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    mappings: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    skipped: Skipped = field(default_factory=list)

    @property
    def unread(self) -> list[str]:
        """A sentence for each kind of sound that is not read: `5 files *.m4a cannot be read: convert them ...`."""
        return [
            f"{count} file{'' if count == 1 else 's'} *{ending} cannot be read: {_OTHER_ENDINGS[ending]}"
            for ending, count in sorted(self.others.items())
        ]


def is_audio(name: str) -> bool:
    """Whether a file's ending is one of sounds that are read."""
    return os.path.splitext(name)[1].lower() in AUDIO_ENDINGS


def other_cure(name: str) -> str:
    """What to do about a file that holds sounds and is not read, by its ending; empty for any other file."""
    return _OTHER_ENDINGS.get(os.path.splitext(name)[1].lower(), "")


def audio_files(root: Path) -> list[str]:
    """Paths below `root` (posix) of all sounds, sorted: see `list_folder`."""
    return list_folder(root).files


def list_folder(root: Path) -> Listing:
    """All sounds below `root`, those in linked folders too; hidden files and folders are left out.

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
            elif ending in _OTHER_ENDINGS:
                found.others[ending] += 1
            elif _is_table(name):
                there = found.mappings if ending == ".sfz" else found.tables
                there.append(f"{folder}/{name}" if folder else name)
            elif _is_sound_inside(root / folder / name):
                found.skipped.append((str(root / folder / name), _NO_ENDING))
    for names in (found.files, found.tables, found.mappings):
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
                shown = sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name, reverse=True)
        except OSError as error:
            skipped.append((str(path), explain_os_error(error, path).removeprefix(f"{path}: ").rstrip(".")))
            continue
        files = []
        for entry in shown:
            if _is_folder(entry) and not _is_text(entry.name):
                skipped.append((readable(entry.path), _NO_TEXT))
                continue
            name = f"{below}/{entry.name}" if below else entry.name
            if not _is_folder(entry):
                wrong = _unusable(entry)
                if wrong and (is_audio(entry.name) or _is_table(entry.name)):
                    skipped.append((readable(entry.path), wrong))
                    continue
                if entry.is_symlink() and not os.path.exists(entry.path):
                    skipped.append((readable(entry.path), "a link that leads nowhere: delete or correct it"))
                    continue
                files.append(entry.name)
            elif entry.is_symlink():
                linked.append(name)
            else:
                real.append(name)
        yield below, files


def _is_sound_inside(path: Path) -> bool:
    """Whether a file whose ending says nothing begins as sounds do."""
    try:
        if not path.is_file():
            return False
        with open(path, "rb") as stream:
            return _MAGIC.match(stream.read(12)) is not None
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


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, say
        return False
