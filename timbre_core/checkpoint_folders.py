"""Where checkpoints live, and which there are; none is opened. Imports next to nothing."""

from __future__ import annotations

import os
from pathlib import Path

from timbre_core.errors import TimbreError
from timbre_core.files import as_on_disk, readable
from timbre_core.layout import RECIPE, UNFINISHED, WEIGHTS


def list_checkpoints(folder: Path | str | None = None) -> list[Path]:
    """Checkpoint folders, by name. Unfinished trainings are left out, broken checkpoints are not.

    Parameters
    ----------
    folder : Path or str, optional
        Where to look, by default where checkpoints live (see `open_checkpoint`).

    Returns
    -------
    list of Path

    Examples
    --------
    >>> from timbre_core import list_checkpoints
    >>> "nsynth-cvae" in [path.name for path in list_checkpoints()]
    True
    """
    folder = Path(folder).expanduser() if folder is not None else default_checkpoints_folder()
    if not folder.is_dir():
        return []
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.is_dir()
        and not entry.name.startswith(".")
        and not entry.name.endswith(UNFINISHED)
        and ((entry / RECIPE).exists() or (entry / WEIGHTS).exists())
    )


def list_trainings(folder: Path | str) -> list[Path]:
    """Folders of unfinished trainings inside `folder`, by name: each becomes the checkpoint of its name without the suffix."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    found = (entry for entry in folder.iterdir() if entry.name.endswith(UNFINISHED) and not entry.name.startswith("."))
    return sorted(entry for entry in found if entry.is_dir())


def default_checkpoints_folder() -> Path:
    """Where checkpoints live unless told otherwise.

    $TIMBRE_CHECKPOINTS; or `checkpoints` beside the package in a copy of the project; or else, for an installed package,
    `checkpoints` in the current folder.
    """
    chosen = os.environ.get("TIMBRE_CHECKPOINTS")
    if chosen:
        return Path(chosen).expanduser()
    project = Path(__file__).resolve().parent.parent
    return (project if (project / "pyproject.toml").is_file() else Path()) / "checkpoints"


def find_checkpoint(path: Path | str, folder: Path | str | None = None) -> tuple[Path, str]:
    """The folder that `open_checkpoint` opens, and the map that is asked for, empty for its own; whether there is such a map
    is not looked at. Raises TimbreError where there is no such folder, or it is not complete."""
    folder = Path(folder).expanduser() if folder is not None else default_checkpoints_folder()
    path = as_on_disk(path)
    stem, _, map_name = path.name.rpartition("@")
    if stem and map_name and not path.is_dir() and not (folder / path).is_dir():
        return find_checkpoint(path.with_name(stem) if len(path.parts) > 1 else stem, folder)[0], map_name
    named = len(path.parts) == 1 and str(path) == path.name
    if named and not path.is_dir() and as_on_disk(folder / path).is_dir():
        path = as_on_disk(folder / path)
    if not path.is_dir():
        place = folder if named else path.parent
        near = ", ".join(readable(found.name) for found in list_checkpoints(place))
        hint = f"Checkpoints in {place}: {near}." if near else "Or name their folder in TIMBRE_CHECKPOINTS."
        raise TimbreError(f"{path}: no such checkpoint folder: check the path. {hint}")
    if readable(path) != str(path):
        raise TimbreError(f"{readable(path)}: its name is no UTF-8 text, as this project needs it: rename the folder.")
    for name in (RECIPE, WEIGHTS):
        if not (path / name).is_file():
            raise TimbreError(
                f"{path}: {name} is missing, so this is not a complete checkpoint: copy or train it again."
            )
    # A link keeps its own name: it is what the checkpoint was asked for by.
    return path.resolve() if path.name == ".." else path.absolute(), ""
