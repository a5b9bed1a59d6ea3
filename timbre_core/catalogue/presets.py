"""Presets that are kept: those that come with the project, and people's own; which of them are starred.

A preset has a key that stays: `shipped:NAME`, or `own:NUMBER`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from timbre_core.catalogue.database import exists, reading, writing
from timbre_core.catalogue.libraries import checked_name
from timbre_core.errors import TimbreError
from timbre_core.generation.presets import Preset
from timbre_core.generation.shipped_presets import shipped_presets

MOST = 5000
"""Presets of one's own for one checkpoint."""
MOST_TAGS = 12
LARGEST = 32 * 2**20
"""Bytes of the recordings of one preset."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PresetSound:
    """A recording that a preset plays: its name, its MIDI pitch, and a sound file's bytes."""

    name: str
    pitch: float
    file: bytes


@dataclass(frozen=True)
class KeptPreset:
    """A preset with what it is found by: tags that people gave it, and words for how it was measured to sound."""

    key: str
    preset: Preset
    tags: tuple[str, ...]
    words: tuple[str, ...]
    starred: bool
    sounds: int = 0
    """How many recordings of one's own it plays: see `sounds_of`."""


def presets_of(checkpoint: str) -> list[KeptPreset]:
    """All presets of a checkpoint, by its model's name: one's own, the newest first, then those that come with the project."""
    own, stars = _own(checkpoint)
    shipped = [
        KeptPreset(
            f"shipped:{each.preset.name}", each.preset, each.tags, each.words, f"shipped:{each.preset.name}" in stars
        )
        for each in shipped_presets(checkpoint)
    ]
    return own + shipped


def _own(checkpoint: str) -> tuple[list[KeptPreset], set[str]]:
    if not exists():
        return [], set()
    with reading() as database:
        stars = {key for (key,) in database.execute("SELECT preset FROM preset_stars")}
        rows = database.execute(
            "SELECT id, content, tags, words, (SELECT COUNT(*) FROM preset_sounds WHERE preset = id) FROM presets "
            "WHERE checkpoint = ? ORDER BY at DESC, id DESC",
            (checkpoint,),
        ).fetchall()
    found = []
    for number, content, tags, words, sounds in rows:
        try:
            preset = Preset.model_validate_json(content)
            told = (tuple(json.loads(tags)), tuple(json.loads(words)))
        except (ValueError, TypeError):
            _LOG.warning(
                "preset %d of %s is damaged, or of a newer version: it is kept, and not shown", number, checkpoint
            )
            continue
        found.append(KeptPreset(f"own:{number}", preset, *told, f"own:{number}" in stars, sounds))
    return found, stars


def sounds_of(key: str) -> list[PresetSound]:
    """The recordings that a preset of one's own plays; none where the model does.

    Raises TimbreError for one that is not kept, and for a damaged recording.
    """
    number = _number(key, "play recordings")
    if exists():
        with reading() as database:
            there = database.execute("SELECT 1 FROM presets WHERE id = ?", (number,)).fetchone()
            rows = database.execute(
                "SELECT name, pitch, file FROM preset_sounds WHERE preset = ? ORDER BY place", (number,)
            ).fetchall()
        if there is not None:
            return [_sound(*row) for row in rows]
    raise TimbreError("there is no such preset any longer.")


def keep_preset(
    preset: Preset, tags: Sequence[str] = (), words: Sequence[str] = (), sounds: Sequence[PresetSound] = ()
) -> str:
    """Keep a preset under its name, with the recordings that it plays; one of that name, of the same checkpoint, is replaced.
    Returns its key.

    Raises TimbreError for a name or tag that cannot be used, for too many of either, and for more than `LARGEST` of recordings.
    """
    name = checked_name(preset.name)
    tags = [checked_name(tag) for tag in tags]
    if len(tags) > MOST_TAGS:
        raise TimbreError(f"{len(tags)} tags: a preset has at most {MOST_TAGS}.")
    if (size := sum(len(each.file) for each in sounds)) > LARGEST:
        raise TimbreError(
            f"the recordings have {size / 2**20:.0f} MB, a preset keeps {LARGEST // 2**20}: drop fewer or shorter ones."
        )
    content = preset.model_copy(update={"name": name}).model_dump_json()
    with writing("kept") as database:
        (count,) = database.execute(
            "SELECT COUNT(*) FROM presets WHERE checkpoint = ?", (preset.checkpoint,)
        ).fetchone()
        if count >= MOST:
            raise TimbreError(f"there are {MOST} presets of your own already: delete some.")
        (number,) = database.execute(
            "INSERT INTO presets (checkpoint, name, content, tags, words, at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (checkpoint, name) DO UPDATE SET content = excluded.content, tags = excluded.tags, "
            "words = excluded.words, at = excluded.at RETURNING id",
            (preset.checkpoint, name, content, json.dumps(tags), json.dumps(list(words)), time.time()),
        ).fetchone()
        database.execute("DELETE FROM preset_sounds WHERE preset = ?", (number,))
        database.executemany(
            "INSERT INTO preset_sounds VALUES (?, ?, ?, ?, ?)",
            [(number, place, each.name, each.pitch, each.file) for place, each in enumerate(sounds)],
        )
    return f"own:{number}"


def delete_preset(key: str) -> None:
    """Forget a preset of one's own. Raises TimbreError where there is none of that key."""
    number = _number(key, "can be deleted")
    with writing("kept") as database:
        if not database.execute("DELETE FROM presets WHERE id = ?", (number,)).rowcount:
            raise TimbreError("there is no such preset any longer.")
        database.execute("DELETE FROM preset_stars WHERE preset = ?", (key,))


def star_preset(key: str, checkpoint: str, on: bool = True) -> None:
    """Star a preset of a checkpoint, or take its star away. Raises TimbreError where there is none of that key."""
    if not any(each.key == key for each in presets_of(checkpoint)):
        raise TimbreError("there is no such preset any longer.")
    with writing("kept") as database:
        if on:
            database.execute("INSERT OR IGNORE INTO preset_stars VALUES (?, ?)", (key, time.time()))
        else:
            database.execute("DELETE FROM preset_stars WHERE preset = ?", (key,))


def _sound(name: object, pitch: object, file: object) -> PresetSound:
    if not (isinstance(file, bytes) and isinstance(pitch, float) and 0 <= pitch <= 127):
        raise TimbreError(f"{name}: this recording of the preset is damaged: drop the sound again, and keep it.")
    return PresetSound(str(name), pitch, file)


def _number(key: str, do: str) -> int:
    kind, _, number = key.partition(":")
    if kind != "own" or not number.isdecimal() or len(number) > 18:
        raise TimbreError(f"only presets of your own {do}.")
    return int(number)
