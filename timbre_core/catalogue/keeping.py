"""What is kept of sounds: stars, tags and collections.

A sound is known by a key that stays when files move and libraries come and go: the SHA-256 of its file, or `note:ID` for a note
of a shipped map. Every change adds or takes away single sounds, so that several people edit one collection without losing
each other's changes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from timbre_core.catalogue.database import exists, reading, writing
from timbre_core.catalogue.libraries import checked_name
from timbre_core.errors import TimbreError


@dataclass(frozen=True)
class Collection:
    """A collection and the keys of its sounds, in the order in which they came."""

    id: int
    name: str
    sounds: list[str]


@dataclass
class Kept:
    """All that is kept: keys of starred sounds, sounds by tag, collections by name. revision grows with each change."""

    revision: int = 0
    stars: list[str] = field(default_factory=list)
    tags: dict[str, list[str]] = field(default_factory=dict)
    collections: list[Collection] = field(default_factory=list)


def all_kept() -> Kept:
    """What is kept now, of one moment."""
    if not exists():
        return Kept()
    with reading() as database:
        database.execute("BEGIN")  # one moment for all that is read
        try:
            (revision,) = database.execute("SELECT number FROM revisions WHERE what = 'kept'").fetchone()
            stars = [sound for (sound,) in database.execute("SELECT sound FROM stars ORDER BY at, sound")]
            tags: dict[str, list[str]] = {}
            for tag, sound in database.execute("SELECT tag, sound FROM tags ORDER BY tag, at, sound"):
                tags.setdefault(tag, []).append(sound)
            members: dict[int, list[str]] = {}
            for number, sound in database.execute("SELECT collection, sound FROM members ORDER BY at, sound"):
                members.setdefault(number, []).append(sound)
            named = database.execute("SELECT id, name FROM collections ORDER BY name COLLATE NOCASE").fetchall()
        finally:
            database.execute("COMMIT")
    return Kept(revision, stars, tags, [Collection(number, name, members.get(number, [])) for number, name in named])


def star(sounds: Sequence[str], on: bool = True) -> None:
    """Star sounds, or take their stars away."""
    now = time.time()
    with writing("kept") as database:
        if on:
            database.executemany("INSERT OR IGNORE INTO stars VALUES (?, ?)", [(sound, now) for sound in sounds])
        else:
            database.executemany("DELETE FROM stars WHERE sound = ?", [(sound,) for sound in sounds])


def tag(sounds: Sequence[str], name: str, on: bool = True) -> None:
    """Give sounds a tag, or take it away. Raises TimbreError for a name that cannot be used."""
    name, now = checked_name(name), time.time()
    with writing("kept") as database:
        if on:
            database.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", [(each, name, now) for each in sounds])
        else:
            database.executemany("DELETE FROM tags WHERE sound = ? AND tag = ?", [(each, name) for each in sounds])


def collect(sounds: Sequence[str], name: str) -> None:
    """Put sounds into a collection, which is made where there is none of that name. Raises TimbreError for a bad name."""
    name, now = checked_name(name), time.time()
    with writing("kept") as database:
        database.execute("INSERT OR IGNORE INTO collections (name, at) VALUES (?, ?)", (name, now))
        (number,) = database.execute("SELECT id FROM collections WHERE name = ?", (name,)).fetchone()
        database.executemany("INSERT OR IGNORE INTO members VALUES (?, ?, ?)", [(number, each, now) for each in sounds])


def uncollect(sounds: Sequence[str], name: str) -> None:
    """Take sounds out of a collection. Raises TimbreError where there is none of that name."""
    with writing("kept") as database:
        number = _number(database, name)
        database.executemany(
            "DELETE FROM members WHERE collection = ? AND sound = ?", [(number, each) for each in sounds]
        )


def rename_collection(name: str, new: str) -> None:
    """Raises TimbreError where there is no such collection, or another one has the name."""
    new = checked_name(new)
    try:
        with writing("kept") as database:
            database.execute("UPDATE collections SET name = ? WHERE id = ?", (new, _number(database, name)))
    except sqlite3.IntegrityError:
        raise TimbreError(f"there is a collection {new!r} already: choose another name.") from None


def delete_collection(name: str) -> None:
    """Forget a collection; its sounds stay. Raises TimbreError where there is none of that name."""
    with writing("kept") as database:
        database.execute("DELETE FROM collections WHERE id = ?", (_number(database, name),))


def _number(database: sqlite3.Connection, name: str) -> int:
    row = database.execute("SELECT id FROM collections WHERE name = ?", (checked_name(name),)).fetchone()
    if row is None:
        raise TimbreError(f"there is no collection {name[:80]!r}: somebody may have renamed or deleted it.")
    return int(row[0])
