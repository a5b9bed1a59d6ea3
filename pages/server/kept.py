"""What is kept of sounds, told as the notes of a map; and notes as files for other programs."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from pages.server.layers import own_path
from pages.server.memo import Memo
from pages.server.note_map import NoteMap
from pages.server.studio import RecordingMissing, Studio
from timbre_core.catalogue.exports import Item
from timbre_core.catalogue.keeping import all_kept
from timbre_core.errors import TimbreError, os_errors

_LABELS = ("instrument", "family", "source", "pitch", "velocity", "library", "length", "brightness")
_keys = Memo(4)


def described_kept(notes: NoteMap) -> dict[str, Any]:
    """Stars, tags and collections as ids of a map's notes; `elsewhere`: how many sounds of a collection are not on it."""
    ids = _keys.get((notes.checkpoint.path, notes.version), lambda: _ids_by_key(notes))
    kept = all_kept()

    def here(sounds: Sequence[str]) -> list[str]:
        return [note for sound in sounds for note in ids.get(sound, ())]

    return {
        "revision": kept.revision,
        "stars": here(kept.stars),
        "tags": {tag: here(sounds) for tag, sounds in kept.tags.items()},
        "collections": [
            {
                "name": collection.name,
                "notes": here(collection.sounds),
                "elsewhere": sum(sound not in ids for sound in collection.sounds),
            }
            for collection in kept.collections
        ],
    }


def _ids_by_key(notes: NoteMap) -> dict[str, list[str]]:
    """The notes of each sound: files of the same bytes are one sound."""
    found: dict[str, list[str]] = {}
    for row, note in enumerate(notes.ids):
        found.setdefault(notes.sound_key(row), []).append(note)
    return found


def items_of(notes: NoteMap, rows: Sequence[int]) -> list[Item]:
    """Notes as sounds of a set that can be written: see `timbre_core.catalogue.exports`."""
    labels = notes.labels
    columns = [name for name in _LABELS if name in labels]
    items = []
    for row in rows:
        told: dict[str, Any] = {name: labels[name].iat[row] for name in columns}
        items.append(Item(_called(notes, row), told, lambda row=row: sound_file(notes, row)[0]))  # type: ignore[misc]
    return items


def sound_file(notes: NoteMap, row: int) -> tuple[bytes, str, str]:
    """A note's file, its media type, and a name for it: the library's own file, else a WAV file of the recording.

    Raises TimbreError where the recording is not on this machine.
    """
    path = own_path(notes, row)
    if path is not None:
        with os_errors(path):
            data = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return data, kind, path.name
    from timbre_core.features.audio import encode_wav

    studio = Studio(notes)
    try:
        audio = studio.recording(row)
    except RecordingMissing as error:
        raise TimbreError(str(error)) from error
    return encode_wav(audio, studio.settings.sample_rate), "audio/wav", f"{_called(notes, row)}.wav"


def _called(notes: NoteMap, row: int) -> str:
    """A note's name as a file's: that of its own file, else its id."""
    named = PurePosixPath(str(notes.labels["audio"].iat[row])).stem if notes.is_own(row) else ""
    return named or notes.ids[row]
