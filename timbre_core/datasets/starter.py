"""The starter library that ships with the project: `starter_build` makes it."""

from __future__ import annotations

from pathlib import Path

from timbre_core.errors import TimbreError


def starter_path() -> Path:
    """Where the starter library is. Raises TimbreError if this copy of the project comes without it."""
    path = Path(__file__).with_name("starter.parquet")
    if not path.is_file():
        raise TimbreError(
            f"{path}: the starter library is missing: get the project again, or build it with "
            "'python -m timbre_core prepare starter OUT.parquet FONT.sf2 [FONT.sf2 ...]'."
        )
    return path
