"""The libraries of people's own sounds: a name, a folder, the checkpoint that reads them, and how its labels are read."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.catalogue.arrays import read_rows
from timbre_core.catalogue.database import exists, reading, writing
from timbre_core.catalogue.roots import upload_folder
from timbre_core.checkpoint import open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.files import as_on_disk, readable, user_data_dir
from timbre_core.maps import weights_mark

_LONGEST_NAME = 60
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class OwnLibrary:
    """A library of somebody's own sounds.

    root: the folder, or empty for vectors without sounds. checkpoint: the folder whose model reads the sounds, weights: what
    tells it from others of its name. settings: pattern, transpose, octave. columns: how many numbers a row of each array has,
    under `maps` what those of `map` are, and under `coded_by` what made those of `code`. placed_on: the map that the coordinates
    are for. shown, colour: as a layer. said: what was decided about labels. revision: grows with every change.
    """

    id: int
    name: str
    root: str
    checkpoint: str
    weights: str
    settings: dict[str, Any]
    columns: dict[str, Any]
    placed_on: str
    shown: bool
    colour: str
    said: list[str]
    revision: int

    @property
    def folder(self) -> Path:
        """Where its arrays are."""
        return user_data_dir() / "libraries" / str(self.id)

    @property
    def is_there(self) -> bool:
        """Whether its folder of sounds can be reached: a drive may be gone."""
        return Path(self.root).is_dir()

    @property
    def was_sent(self) -> bool:
        """Whether its sounds were sent to the app, and are its own copies."""
        return bool(self.root) and Path(self.root).parent == upload_folder().resolve()

    def array(self, name: str, count: int) -> np.ndarray:
        """The first `count` rows of an array: see `arrays.DTYPES`."""
        return read_rows(self.folder, name, int(self.columns.get(name, 0)), count)


def list_libraries(checkpoint: Path | None = None) -> list[OwnLibrary]:
    """All libraries by name, or those that a checkpoint of these weights has read."""
    if not exists():
        return []
    with reading() as database:
        found = [_opened(row) for row in database.execute("SELECT * FROM libraries ORDER BY name")]
    if checkpoint is None:
        return found
    mark = weights_mark(checkpoint) if found else ""
    return [library for library in found if library.weights == mark]


def find_library(name: str) -> OwnLibrary:
    """The library of that name. Raises TimbreError where there is none."""
    found = {library.name: library for library in list_libraries()}
    if name not in found:
        known = ", ".join(map(repr, found)) or "none yet: add one with `library add DIR --name NAME`"
        raise TimbreError(f"there is no library {name[:80]!r}: choose {known}.")
    return found[name]


def library_of_id(number: int) -> OwnLibrary:
    """The library of that id. Raises TimbreError where it is no more."""
    with reading() as database:
        row = database.execute("SELECT * FROM libraries WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise TimbreError("that library was removed.")
    return _opened(row)


def same_folder(root: Path, checkpoint: Path) -> OwnLibrary | None:
    """The library that this folder is already, on the map of a checkpoint of these weights."""
    place = str(root.expanduser().resolve())
    return next((library for library in list_libraries(checkpoint) if library.root == place), None)


def check_source(library: OwnLibrary) -> None:
    """Raises TimbreError where the folder of a library is not there, or its checkpoint, or that with other weights."""
    if not library.is_there:
        raise TimbreError(f"{library.root}: the folder is not there: connect its drive, or remove the library.")
    checkpoint = open_checkpoint(Path(library.checkpoint))
    if weights_mark(checkpoint.path) != library.weights:
        raise TimbreError(f"{checkpoint.path}: has other weights than when {library.name!r} was added: add it again.")


def check_inside(library: OwnLibrary, path: str) -> None:
    """Raise TimbreError for a file of a library that has become a link out of the folders that the app may read."""
    places = library.settings.get("within")
    real = (Path(library.root) / path).resolve()
    if places is not None and not any(real.is_relative_to(place) for place in places):
        raise TimbreError(f"{path}: is a link out of the folders that this app may read: update {library.name!r}.")


def create_library(name: str, root: Path, checkpoint: Path, settings: dict[str, Any]) -> OwnLibrary:
    """A new library, still without notes. Raises TimbreError for a name that is taken or unusable, and for no folder."""
    name = checked_name(name)
    root = as_on_disk(root).resolve()
    if not root.is_dir():
        raise TimbreError(f"{root}: there is no such folder: check the path.")
    if readable(root) != str(root):
        raise TimbreError(f"{readable(root)}: its name is no UTF-8 text: rename it.")
    try:
        with writing("libraries") as database:
            done = database.execute(
                "INSERT INTO libraries (name, root, checkpoint, weights, settings) VALUES (?, ?, ?, ?, ?)",
                (name, str(root), str(checkpoint), weights_mark(checkpoint), json.dumps(settings)),
            )
    except sqlite3.IntegrityError:
        raise TimbreError(f"--name {name!r}: there is a library of that name: choose another one.") from None
    assert done.lastrowid is not None
    return library_of_id(done.lastrowid)


def checked_name(name: str) -> str:
    """A library's, a collection's or a tag's name without blanks around it. Raises TimbreError for one that cannot be used."""
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise TimbreError(f"the name {name[:80]!r} cannot be used: choose 1 to {_LONGEST_NAME} letters.")
    return name


def set_layer(number: int, shown: bool | None = None, colour: str | None = None, name: str | None = None) -> None:
    """Show or hide a library, or give it another colour (`#rrggbb`, empty for none of its own) or name."""
    if colour and not _COLOUR.fullmatch(colour.lower()):
        raise TimbreError(f"colour {colour[:20]!r}: give one as #rrggbb.")
    changes: dict[str, Any] = {}
    if shown is not None:
        changes["shown"] = int(shown)
    if colour is not None:
        changes["colour"] = colour.lower()
    if name is not None:
        changes["name"] = checked_name(name)
    told = "".join(f"{column} = ?, " for column in changes)
    with writing("libraries") as database:
        database.execute(
            f"UPDATE libraries SET {told} revision = revision + 1 WHERE id = ?", (*changes.values(), number)
        )


def forget_failed(name: str) -> None:
    """Forget a library of that name of which nothing was ever read, and which nothing waits for: another folder was meant."""
    with writing("libraries") as database:
        database.execute(
            "DELETE FROM libraries WHERE name = ? AND NOT EXISTS (SELECT 1 FROM notes WHERE library = libraries.id) "
            "AND NOT EXISTS (SELECT 1 FROM skipped WHERE library = libraries.id) AND NOT EXISTS (SELECT 1 FROM jobs "
            "WHERE library = libraries.id AND state IN ('queued', 'running')) "
            "AND EXISTS (SELECT 1 FROM jobs WHERE library = libraries.id)",
            (name,),
        )


def remove_library(library: OwnLibrary, sent: bool = False) -> None:
    """Forget a library; its sounds, and the stars, tags and collections that they are in, stay.

    sent: delete the copies of sounds that were sent to the app, unless another library has them too.
    """
    with writing("libraries") as database:
        database.execute("DELETE FROM libraries WHERE id = ?", (library.id,))
    shutil.rmtree(library.folder, ignore_errors=True)
    if sent and library.was_sent and not any(other.root == library.root for other in list_libraries()):
        shutil.rmtree(library.root, ignore_errors=True)


def notes_of(library: OwnLibrary) -> pd.DataFrame:
    """The notes of a library that are there, by the row `place` of their vectors: the columns of the database's notes."""
    with reading() as database:
        found = database.execute("SELECT * FROM notes WHERE library = ? AND gone = 0 ORDER BY id", (library.id,))
        names = [column[0] for column in found.description]
        rows = [tuple(row) for row in found]
    table = pd.DataFrame(rows, columns=names)
    numbers = ("pitch", "velocity", "seconds", "sounding", "brightness", "attack", "noisiness", "inharmonicity")
    for column in numbers:
        table[column] = pd.to_numeric(table[column]).astype(np.float64)
    for column in ("pitch_estimated", "encoded"):
        table[column] = table[column].astype(bool)
    return table


def forget_other_codes(number: int, coded_by: str) -> OwnLibrary:
    """A library as it is, of which timbre codes of another network than `coded_by` are forgotten, to be made again."""
    library = library_of_id(number)
    if not coded_by or library.columns.get("coded_by", coded_by) == coded_by:
        return library
    columns = {name: told for name, told in library.columns.items() if name not in ("code", "coded_by")}
    with writing("libraries") as database:
        database.execute(
            "UPDATE libraries SET columns = ?, revision = revision + 1 WHERE id = ?", (json.dumps(columns), number)
        )
    (library.folder / "code.rows").unlink(missing_ok=True)
    return library_of_id(number)


def counts_of(library: OwnLibrary) -> tuple[int, int]:
    """How many notes a library has, and how many files were skipped."""
    with reading() as database:
        notes = database.execute("SELECT count(*) FROM notes WHERE library = ? AND gone = 0", (library.id,)).fetchone()
        skipped = database.execute("SELECT count(*) FROM skipped WHERE library = ?", (library.id,)).fetchone()
    return int(notes[0]), int(skipped[0])


def skipped_of(library: OwnLibrary) -> list[tuple[str, str]]:
    """(file, reason) of what cannot be used."""
    with reading() as database:
        found = database.execute("SELECT path, reason FROM skipped WHERE library = ? ORDER BY path", (library.id,))
        return [(str(path), str(reason)) for path, reason in found]


def _opened(row: sqlite3.Row) -> OwnLibrary:
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118  (a Row's own iterator gives values)
    for name in ("settings", "columns", "said"):
        values[name] = json.loads(values[name])
    return OwnLibrary(**values | {"shown": bool(values["shown"])})
