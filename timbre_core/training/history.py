"""`history.jsonl`: a line per epoch, kept beside the weights while a training runs and after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import write_text

FILE_NAME = "history.jsonl"


def append_epoch(folder: Path, record: dict[str, Any]) -> None:
    """Add one epoch's line."""
    path = folder / FILE_NAME
    with os_errors(path), open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(record, allow_nan=False) + "\n")


def keep_epochs(folder: Path, count: int) -> None:
    """Drop the lines after epoch `count`: a killed run may have written a line but not the state that belongs to it."""
    path = folder / FILE_NAME
    if not path.exists():
        if count:
            raise TimbreError(f"{path}: it is missing although {count} epochs were trained: start the training again.")
        return
    with os_errors(path):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    write_text(path, "".join(lines[:count]))
