"""What tells whether a checkpoint has changed, and how long answers about it may be kept. Imports next to nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from starlette.requests import Request


def version_of(path: Path) -> str:
    """Changes whenever a file of the checkpoint does."""
    digest = hashlib.sha256()
    for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
        if entry.is_file():
            stat = entry.stat()
            digest.update(f"{entry.name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def stored(request: Request) -> dict[str, str]:
    """Addresses that carry a version never change what they stand for; others are asked for again."""
    return {"Cache-Control": "private, max-age=3600" if "v" in request.query_params else "no-cache"}
