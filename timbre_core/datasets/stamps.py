"""Sizes and times of audio files, which tell that data has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd


def stamps(root: Path, files: pd.Series) -> dict[str, list[tuple[str, int, int]]]:
    """Name, size and time of files below `root`, in order, by the folder they are in."""
    found = {}
    for folder, names in _by_folder(files).items():
        wanted = set(names)
        found[folder] = sorted(_stamp(entry) for entry in os.scandir(root / folder) if entry.name in wanted)
    return found


def _by_folder(paths: pd.Series) -> dict[str, list[str]]:
    """File names by the folder they are in."""
    parts = paths.str.rpartition("/")
    return {str(folder): list(names) for folder, names in parts[2].groupby(parts[0])}


def _stamp(entry: os.DirEntry[str]) -> tuple[str, int, int]:
    """Name, size and time of a file; a link that leads nowhere has none, and is told when it is read."""
    try:
        status = entry.stat()
    except OSError:
        return entry.name, -1, -1
    return entry.name, status.st_size, status.st_mtime_ns
