"""Instruments that share recordings: a file beside the notes names them, so that a split never parts them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from timbre_core.errors import TimbreError
from timbre_core.files import read_json, write_json

LINKED = "linked.json"


def write_linked(folder: Path, linked: Mapping[str, str]) -> None:
    """Write `linked.json`: the group of each instrument that is the same recording as another one, in part or wholly."""
    if linked:
        write_json(folder / LINKED, dict(linked))
    else:
        (folder / LINKED).unlink(missing_ok=True)


def read_linked(folder: Path) -> dict[str, str]:
    """The groups of instruments in a folder's `linked.json`; none where there is no such file.

    Raises TimbreError when it is there and holds something else.
    """
    path = folder / LINKED
    if not path.is_file():
        return {}
    content = read_json(path)
    if not isinstance(content, dict) or not all(isinstance(group, str) for group in content.values()):
        raise TimbreError(
            f"{path}: an object with a group's name for each instrument was expected: correct or delete it."
        )
    return content
