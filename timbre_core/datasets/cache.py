"""Where things are kept that can be computed again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """The user's cache folder for this project; the environment variable TIMBRE_CACHE names another one."""
    override = os.environ.get("TIMBRE_CACHE")
    if override:
        return Path(override).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("timbre-explorer", appauthor=False))
