"""Where checkpoints live, and which there are; none is opened. Imports next to nothing."""

from __future__ import annotations

import os
from pathlib import Path

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
