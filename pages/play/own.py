"""Sounds that visitors drop on the Play page, kept for a while as instruments.

Each instrument has a token that nobody can guess and that only its visitor is told. What is kept is bounded in bytes;
what was not asked for the longest goes first.
"""

from __future__ import annotations

import io
import re
import secrets
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from pages.server.memo import Memo
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.generation.own_sounds import OwnNote
    from timbre_core.space import TimbreSpace

LARGEST = 32 * 2**20
"""Bytes of a sound file."""
MOST_NOTES = 32
"""Notes of one instrument."""
_MOST_FILES = 256  # of an archive
_TOKEN = re.compile(r"own-[A-Za-z0-9_-]{32}")
_kept = Memo(96 * 2**20, lambda notes: sum(note.audio.nbytes for note in notes))


class OwnGone(TimbreError):
    """The instrument of a token is not kept any longer, or never was."""


def is_own(carrier: str) -> bool:
    """Whether a carrier names a dropped sound, and not a note of the map."""
    return _TOKEN.fullmatch(carrier) is not None


def notes_of(token: str) -> tuple[OwnNote, ...]:
    """The notes of a token. Raises OwnGone."""

    def gone() -> tuple[OwnNote, ...]:
        raise OwnGone("this sound is not kept here any longer: drop it again.")

    return _kept.get(token, gone)


def keep(notes: tuple[OwnNote, ...]) -> str:
    """Keep notes as an instrument; returns its token."""
    token = f"own-{secrets.token_urlsafe(24)}"
    _kept.get(token, lambda: notes)
    return token


def with_sound(
    space: TimbreSpace, content: bytes, name: str, beside: str | None, pitch: float | None, remarks: list[str]
) -> str:
    """The token of an instrument with a sound file's note, and with those of the token `beside`.

    remarks: takes what is to be told of a file that is damaged and used all the same.
    Raises TimbreError, naming the file, for what is no note, and for too many of them.
    """
    from timbre_core.generation.own_sounds import own_note

    others = notes_of(beside) if beside else ()
    if len(others) >= MOST_NOTES:
        raise TimbreError(f"{name}: an instrument has at most {MOST_NOTES} notes: leave some out.")
    told: list[str] = []
    note = own_note(content, space, name, pitch, told)
    remarks += [f"{name}: {each}." for each in told]
    return keep((*others, note))


def with_preset(space: TimbreSpace, key: str) -> str:
    """The token of an instrument with the recordings of a preset that is kept. Raises TimbreError where it has none."""
    from timbre_core.catalogue.presets import sounds_of
    from timbre_core.generation.own_sounds import own_note

    notes = tuple(own_note(each.file, space, each.name, each.pitch) for each in sounds_of(key))
    if not notes:
        raise TimbreError("this preset plays no recordings.")
    return keep(notes)


def with_archive(space: TimbreSpace, content: bytes, name: str, beside: str | None) -> tuple[str, list[str]]:
    """The token of an instrument with the notes of a ZIP archive's sound files, and what is to be told of those left out.

    Raises TimbreError for an archive that cannot be unpacked within the limits, and where none of its files is a note.
    """
    from timbre_core.catalogue.uploads import Sent, UploadLimits, keep_uploads
    from timbre_core.features.sound_files import is_audio

    limits = UploadLimits(files=_MOST_FILES, bytes_each=LARGEST, bytes=4 * LARGEST)
    sent = Sent(name if name.lower().endswith(".zip") else f"{name}.zip", io.BytesIO(content))
    folder, skipped = keep_uploads("played", [sent], limits)
    remarks = [f"{path}: {reason}." for path, reason in skipped]
    beside_sounds = sorted(path.name for path in folder.rglob("*") if path.is_file() and not is_audio(path.name))
    remarks += [f"{file}: not used, pitches are heard: a library reads it." for file in beside_sounds]
    try:
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and is_audio(path.name)):
            try:
                beside = with_sound(space, file.read_bytes(), file.name, beside, None, remarks)
            except TimbreError as error:
                remarks.append(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if beside is None:
        raise TimbreError(remarks[0] if remarks else f"{name}: no sound in it: choose another.")
    return beside, remarks


def corrected(token: str, pitch: float) -> str:
    """The token of the same instrument, with its last note at another MIDI pitch."""
    *others, last = notes_of(token)
    return keep((*others, replace(last, pitch=pitch)))
