"""Paths of files as text."""

from __future__ import annotations

import os
from pathlib import Path


def shown(path: str, root: Path) -> str:
    """The path below `root`, as text that can be kept."""
    return os.fsencode(path.removeprefix(f"{root}/")).decode("utf-8", "replace")


def is_text(path: str) -> bool:
    """Whether a path is UTF-8: file names on Linux need not be."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
