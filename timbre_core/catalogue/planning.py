"""What there is to do in a library's folder: which files are new or changed, known, moved or gone."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from timbre_core.catalogue.database import reading, writing
from timbre_core.catalogue.labels import file_state, known
from timbre_core.catalogue.libraries import OwnLibrary
from timbre_core.catalogue.path_text import is_text, reasons_together
from timbre_core.catalogue.progress import Report
from timbre_core.catalogue.reading import Asked

_NO_TEXT = "its name is no UTF-8 text: rename it"


@dataclass
class Plan:
    """Which files are to be read, with their pitches; which are known and unchanged."""

    todo: list[Asked]
    kept: list[str]
    moved: int
    gone: int

    @classmethod
    def of(
        cls,
        library: OwnLibrary,
        root: Path,
        notes: pd.DataFrame,
        skipped: list[tuple[str, str]],
        coded_by: str,
        report: Report,
    ) -> Plan:
        """Compare the folder with what is known of it, and write down what needs no reading."""
        with reading() as database:
            rows = database.execute("SELECT * FROM notes WHERE library = ?", (library.id,)).fetchall()
            before = {row["path"]: row for row in rows}
            done = _done(library, rows, coded_by)
            refused = {
                path: (size, changed)
                for path, size, changed in database.execute(
                    "SELECT path, size, changed FROM skipped WHERE library = ?", (library.id,)
                )
            }
        pitches = dict(zip(map(str, notes["audio"]), notes["pitch"].to_numpy(np.float64), strict=True))
        good = {path: pitch for path, pitch in pitches.items() if is_text(path)}
        skipped = skipped + [(str(root / path), _NO_TEXT) for path in pitches.keys() - good.keys()]
        states = {path: file_state(root / path) for path in good}
        kept = [path for path in good if states[path] == done.get(path)]
        fresh = [path for path in good if states[path] not in (refused.get(path), done.get(path))]
        vanished = {path: row for path, row in before.items() if path not in good}
        moved = _moved(root, fresh, vanished, states, report)
        gone = [row["id"] for row in vanished.values() if row["id"] not in moved.values() and not row["gone"]]
        labels = labels_of(notes)
        with writing("libraries") as database:
            database.executemany(
                "UPDATE notes SET path = ?, size = ?, changed = ?, gone = 0 WHERE id = ?",
                [(path, *states[path], number) for path, number in moved.items()],
            )
            database.executemany("UPDATE notes SET gone = 1 WHERE id = ?", [(number,) for number in gone])
            database.executemany(
                "UPDATE notes SET gone = 0, instrument = ?, family = ?, source = ?, velocity = ? WHERE library = ? AND path = ?",
                [(*labels[path][:3], labels[path][3], library.id, path) for path in kept],
            )
            there = {str(root / path) for path in good}
            database.execute(
                "DELETE FROM skipped WHERE library = ? AND path NOT IN (SELECT value FROM json_each(?))",
                (library.id, json.dumps(sorted(good))),
            )
            database.executemany(
                "INSERT OR REPLACE INTO skipped VALUES (?, ?, -2, -2, ?)",
                [(library.id, *told) for told in reasons_together(skipped, root, there)],
            )
            database.execute("UPDATE libraries SET revision = revision + 1 WHERE id = ?", (library.id,))
        return cls([Asked(path, good[path]) for path in fresh if path not in moved], kept, len(moved), len(gone))


def _done(library: OwnLibrary, rows: Sequence[sqlite3.Row], coded_by: str) -> dict[str, tuple[int, int]]:
    """Size and time of change of the files, by path, of which all is known that is kept of a note."""
    coded: set[int] = set()
    if coded_by and rows and library.columns.get("code"):
        codes = np.asarray(library.array("code", 1 + max(row["place"] for row in rows)))
        coded = set(np.flatnonzero(codes.any(axis=1)).tolist())
    return {row["path"]: (row["size"], row["changed"]) for row in rows if not coded_by or row["place"] in coded}


def _moved(
    root: Path, fresh: Sequence[str], vanished: dict[str, object], states: dict[str, tuple[int, int]], report: Report
) -> dict[str, int]:
    """New paths that hold what a vanished one held: the note's id by its new path."""
    lost_sizes: dict[int, dict[str, int]] = {}
    for row in vanished.values():
        lost_sizes.setdefault(row["size"], {})[row["content"]] = row["id"]  # type: ignore[index]
    found: dict[str, int] = {}
    likely = [path for path in fresh if states[path][0] in lost_sizes] if lost_sizes else []
    for done, path in enumerate(likely):
        report("looking for what was moved", done, len(likely))
        try:
            content = hashlib.sha256((root / path).read_bytes()).hexdigest()
        except OSError:
            continue
        number = lost_sizes[states[path][0]].pop(content, None)
        if number is not None:
            found[path] = number
    return found


def labels_of(notes: pd.DataFrame) -> dict[str, tuple[str, str, str, float | None]]:
    """Instrument, family, source and velocity by path."""
    rows = zip(notes["audio"], notes["instrument"], notes["family"], notes["source"], notes["velocity"], strict=True)
    return {str(path): (str(a), str(b), str(c), known(float(velocity))) for path, a, b, c, velocity in rows}
