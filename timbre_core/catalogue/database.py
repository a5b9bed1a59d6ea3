"""The database of people's own sounds: one SQLite file in the user's data folder, opened by any number of processes.

Write-ahead logging lets pages read while a library is added. Each change is one transaction: after a crash it is there or it
is not.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import user_data_dir

FILE = "library.sqlite"
_WAIT = 30.0  # seconds that a writer waits for another one

MIGRATIONS = (
    """
    CREATE TABLE libraries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        root TEXT NOT NULL,
        checkpoint TEXT NOT NULL,
        weights TEXT NOT NULL,
        settings TEXT NOT NULL DEFAULT '{}',
        columns TEXT NOT NULL DEFAULT '{}',
        placed_on TEXT NOT NULL DEFAULT '',
        shown INTEGER NOT NULL DEFAULT 1,
        colour TEXT NOT NULL DEFAULT '',
        said TEXT NOT NULL DEFAULT '[]',
        revision INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        library INTEGER NOT NULL REFERENCES libraries(id) ON DELETE CASCADE,
        path TEXT NOT NULL,
        content TEXT NOT NULL,
        size INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        place INTEGER NOT NULL,
        gone INTEGER NOT NULL DEFAULT 0,
        recording INTEGER,
        instrument TEXT NOT NULL, family TEXT NOT NULL, source TEXT NOT NULL,
        pitch REAL, pitch_estimated INTEGER NOT NULL, velocity REAL,
        seconds REAL, sounding REAL, brightness REAL, attack REAL, noisiness REAL, inharmonicity REAL,
        UNIQUE (library, path)
    );
    CREATE INDEX notes_by_content ON notes (content);
    CREATE TABLE skipped (
        library INTEGER NOT NULL REFERENCES libraries(id) ON DELETE CASCADE,
        path TEXT NOT NULL, size INTEGER NOT NULL, changed INTEGER NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (library, path)
    );
    CREATE TABLE labels (
        library INTEGER NOT NULL REFERENCES libraries(id) ON DELETE CASCADE,
        path TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (library, path, field)
    );
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        library INTEGER REFERENCES libraries(id) ON DELETE CASCADE,
        arguments TEXT NOT NULL DEFAULT '{}',
        state TEXT NOT NULL DEFAULT 'queued',
        phase TEXT NOT NULL DEFAULT '',
        done INTEGER NOT NULL DEFAULT 0,
        total INTEGER NOT NULL DEFAULT 0,
        rate REAL,
        message TEXT NOT NULL DEFAULT '',
        cancel INTEGER NOT NULL DEFAULT 0,
        asked REAL NOT NULL,
        told REAL NOT NULL
    );
    CREATE TABLE stars (sound TEXT PRIMARY KEY, at REAL NOT NULL);
    CREATE TABLE tags (sound TEXT NOT NULL, tag TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (sound, tag));
    CREATE TABLE remarks (sound TEXT PRIMARY KEY, text TEXT NOT NULL, at REAL NOT NULL);
    CREATE TABLE collections (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, at REAL NOT NULL);
    CREATE TABLE members (
        collection INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        sound TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (collection, sound)
    );
    CREATE TABLE revisions (what TEXT PRIMARY KEY, number INTEGER NOT NULL);
    INSERT INTO revisions VALUES ('kept', 0), ('libraries', 0);
    """,
    """
    CREATE TABLE presets (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        checkpoint TEXT NOT NULL,
        name TEXT NOT NULL,
        content TEXT NOT NULL,
        tags TEXT NOT NULL DEFAULT '[]',
        words TEXT NOT NULL DEFAULT '[]',
        at REAL NOT NULL,
        UNIQUE (checkpoint, name)
    );
    CREATE TABLE preset_stars (preset TEXT PRIMARY KEY, at REAL NOT NULL);
    """,
    """
    CREATE TABLE preset_sounds (
        preset INTEGER NOT NULL REFERENCES presets(id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        name TEXT NOT NULL,
        pitch REAL NOT NULL,
        file BLOB NOT NULL,
        PRIMARY KEY (preset, place)
    );
    """,
    """
    ALTER TABLE notes ADD COLUMN encoded INTEGER NOT NULL DEFAULT 1;
    """,
    """
    ALTER TABLE notes ADD COLUMN remark TEXT NOT NULL DEFAULT '';
    """,
)
"""What leads from each version of the database to the next: only ever added to."""

_open = threading.local()


def database_file() -> Path:
    """Where the database is, or will be."""
    return user_data_dir() / FILE


def exists() -> bool:
    """Whether anything was ever kept: pages that show no own sounds ask this before all else."""
    return database_file().is_file()


@contextmanager
def database_errors() -> Iterator[None]:
    """What goes wrong with the database, as a TimbreError that names it and the cure."""
    path = database_file()
    try:
        yield
    except sqlite3.OperationalError as error:
        said = str(error)
        if "full" in said:
            raise TimbreError(f"{path}: {os.strerror(errno.ENOSPC)}: free some space, then go on.") from error
        if "locked" in said or "busy" in said:
            raise TimbreError(f"{path}: another program is writing to it for long: try again.") from error
        raise TimbreError(
            f"{path}: cannot be used ({said}): check that its disk has room, and the folder's permissions."
        ) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        raise TimbreError(f"{path}: is damaged ({error}): move it away, and add the libraries again.") from error


def connection() -> sqlite3.Connection:
    """This thread's connection to the database, which is made, or brought up to this version, where need be."""
    path = database_file()
    kept: tuple[Path, int, sqlite3.Connection] | None = getattr(_open, "kept", None)
    if kept is not None and kept[:2] == (path, os.getpid()) and path.exists():
        return kept[2]
    with os_errors(path, writing=True):
        path.parent.mkdir(parents=True, exist_ok=True)
    with database_errors():
        opened = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
        opened.row_factory = sqlite3.Row
        opened.execute("PRAGMA journal_mode=WAL")
        # Power that fails may not take what was confirmed.
        opened.execute("PRAGMA synchronous=FULL")
        opened.execute("PRAGMA foreign_keys=ON")
        _migrate(opened, path)
    _open.kept = (path, os.getpid(), opened)
    return opened


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    if _version(database) == len(MIGRATIONS):
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        version = _version(database)  # another process may have come first
        if version > len(MIGRATIONS):
            raise TimbreError(f"{path}: was written by a later version of this project: update the project.")
        for step in MIGRATIONS[version:]:
            for statement in filter(str.strip, step.split(";")):
                database.execute(statement)
        database.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk has ended it already
            database.execute("ROLLBACK")
        raise


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def reading() -> Iterator[sqlite3.Connection]:
    """The database, to be asked."""
    with database_errors():
        yield connection()


def any_library() -> bool:
    """Whether there is any library of people's own sounds, shown or not."""
    if not exists():
        return False
    with reading() as database:
        return bool(database.execute("SELECT EXISTS (SELECT 1 FROM libraries)").fetchone()[0])


@contextmanager
def writing(*changed: str) -> Iterator[sqlite3.Connection]:
    """One transaction: all that is written in the block, or nothing. changed: of `revision`, what becomes newer by it."""
    with database_errors():
        database = connection()
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
            for what in changed:
                database.execute("UPDATE revisions SET number = number + 1 WHERE what = ?", (what,))
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def revision(what: str) -> int:
    """A number that grows whenever 'kept' (stars, tags, collections) or 'libraries' changed."""
    if not exists():
        return 0
    with reading() as database:
        return int(database.execute("SELECT number FROM revisions WHERE what = ?", (what,)).fetchone()[0])
