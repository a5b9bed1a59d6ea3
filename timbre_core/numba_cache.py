"""A folder for what numba compiles, where it finds none by itself.

Libraries that are compiled with `cache=True` (UMAP, PaCMAP, librosa) cannot even be imported where neither the packages nor the
user's cache folder can be written, as in a container with a plain user: numba raises "no locator available".
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

_VARIABLE = "NUMBA_CACHE_DIR"


@cache
def numba_can_cache() -> bool:
    """Whether numba has a folder to keep what it compiles, after it was given one where need be.

    Call it before numba, or what is compiled with it, is imported. The folder is inside $TIMBRE_CACHE, or else a new one
    that goes when the process ends: what numba keeps is unpickled, so it must not lie where others can write.
    """
    if any(_writable(folder) for folder in _numbas_own()):
        return True
    chosen = os.environ.get("TIMBRE_CACHE")
    folder = Path(chosen).expanduser() / "numba" if chosen else None
    if folder is None or not _writable(folder):
        try:
            folder = Path(tempfile.mkdtemp(prefix="timbre-numba-"))
        except OSError:
            return False
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[_VARIABLE] = str(folder)  # also for the processes that are started from here
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(folder)
    return True


def _numbas_own() -> list[Path]:
    """Folders that numba takes whatever the module is: the one it was told, and the user's."""
    import platformdirs

    told = os.environ.get(_VARIABLE)
    return [*([Path(told)] if told else []), Path(platformdirs.user_cache_dir("numba", appauthor=False))]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True
