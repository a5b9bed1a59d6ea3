"""`history.jsonl`: a line per epoch, kept beside the weights while a training runs and after it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import write_text
from timbre_core.layout import HISTORY


def append_epoch(folder: Path, record: dict[str, Any]) -> None:
    """Add one epoch's line."""
    path = folder / HISTORY
    with os_errors(path), open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(record, allow_nan=False) + "\n")


def keep_epochs(folder: Path, count: int) -> None:
    """Drop the lines after epoch `count`: a killed run may have written a line but not the state that belongs to it."""
    path = folder / HISTORY
    if not path.exists():
        if count:
            raise TimbreError(f"{path}: it is missing although {count} epochs were trained: start the training again.")
        return
    with os_errors(path):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    write_text(path, "".join(lines[:count]))


@dataclass(frozen=True)
class Epochs:
    """What a history says, as far as it can be read.

    columns: name -> a value per epoch, such as `epoch`, `beta`, `train.recon`, `val.kl_raw`; NaN where an epoch has none.
    damaged: numbers of the lines that could not be read. gaps: epochs of which some value is no finite number.
    """

    columns: dict[str, list[float]] = field(default_factory=dict)
    damaged: list[int] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.columns.get("epoch", ()))


def read_epochs(folder: Path) -> Epochs:
    """The history of a training that may be running, or of a checkpoint; empty before the first epoch.

    Damaged lines are left out. A last line without its line break is still being written, and waits.
    """
    path = folder / HISTORY
    with os_errors(path):
        if folder.is_dir() and not path.exists():
            return Epochs()
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    rows: list[dict[str, float]] = []
    damaged: list[int] = []
    for position, line in enumerate(lines, start=1):
        row = _numbers(line)
        if row is not None:
            rows.append(row)
        elif line.strip() and (position < len(lines) or line.endswith("\n")):
            damaged.append(position)
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name, math.nan) for row in rows] for name in names}
    gaps = [int(row["epoch"]) for row in rows if any(math.isnan(value) for value in row.values())]
    return Epochs(columns, damaged, gaps)


def _numbers(line: str) -> dict[str, float] | None:
    """A line's values with `train` and `val` opened up; None for a line that is no epoch's record."""
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    flat = {name: value for name, value in record.items() if not isinstance(value, dict)}
    for part, values in record.items():
        if isinstance(values, dict):
            flat |= {f"{part}.{name}": value for name, value in values.items()}
    numbers = {name: _finite(value) for name, value in flat.items()}
    return numbers if math.isfinite(numbers.get("epoch", math.nan)) else None


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) <= 1e300 else math.nan
