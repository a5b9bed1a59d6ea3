"""Paths of files as text."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from pathlib import Path


def shown(path: str, root: Path) -> str:
    """The path below `root`, as text that can be kept."""
    return os.fsencode(path.removeprefix(f"{root}/")).decode("utf-8", "replace")


def reasons_together(skipped: Sequence[tuple[str, str]], root: Path, but: Container[str]) -> list[tuple[str, str]]:
    """(path below `root`, all its reasons) of what was left out, without the paths `but`."""
    reasons: dict[str, list[str]] = {}
    for path, reason in skipped:
        if path not in but:
            reasons.setdefault(shown(path, root), []).append(reason)
    return [(path, "; ".join(dict.fromkeys(told))) for path, told in reasons.items()]


def is_text(path: str) -> bool:
    """Whether a path is UTF-8: file names on Linux need not be."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
