"""Which files of a folder are sounds."""

from __future__ import annotations

import os
from pathlib import Path

from timbre_core.errors import os_errors

AUDIO_ENDINGS = frozenset((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"))


def audio_files(root: Path) -> list[str]:
    """Paths below `root` (posix) of all audio files, sorted; hidden files and folders are left out.

    Raises TimbreError when a folder cannot be read.
    """
    found = []

    def refuse(error: OSError) -> None:
        raise error

    with os_errors(root):
        for folder, folders, names in os.walk(root, onerror=refuse):
            folders[:] = [name for name in folders if not name.startswith(".")]
            below = Path(folder).relative_to(root)
            found += [
                (below / name).as_posix()
                for name in names
                if not name.startswith(".") and os.path.splitext(name)[1].lower() in AUDIO_ENDINGS
            ]
    return sorted(found)
