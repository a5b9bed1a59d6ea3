"""A checkpoint's maps beside its own: of other notes, each under a name, all of them made with `project`.

They lie in the checkpoint's folder, as maps/NAME/latents.parquet, or in the user's data folder where that cannot be written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from timbre_core.errors import TimbreError
from timbre_core.files import atomic_write, check_name, user_data_dir

MAPS = "maps"
ORIGINAL = "original"
"""What a checkpoint's first map is called when another takes its place."""
_LONGEST = 60  # characters of a name


def map_file(folder: Path, name: str) -> Path:
    """Where the map `name` of the checkpoint in `folder` is, or is to be written. Raises TimbreError for what is no name."""
    check_name(name, "--name")
    if len(name) > _LONGEST or "@" in name:
        raise TimbreError(f"--name {name[:80]!r}: choose at most {_LONGEST} characters, without '@'.")
    places = [place / name / "latents.parquet" for place in _places(folder)]
    there = next((place for place in places if place.exists()), None)
    if there is not None and os.access(there.parent, os.W_OK):
        return there
    inside = folder / MAPS if (folder / MAPS).exists() else folder
    return places[0] if os.access(inside, os.W_OK) else places[1]


def list_maps(folder: Path) -> dict[str, Path]:
    """The maps of the checkpoint in `folder` beside its own, by name: their files."""
    found: dict[str, Path] = {}
    for place in _places(folder):
        if place.is_dir():
            for entry in sorted(place.iterdir()):
                if (entry / "latents.parquet").is_file() and not entry.name.startswith("."):
                    found.setdefault(entry.name, entry / "latents.parquet")
    return dict(sorted(found.items()))


def keep_original(folder: Path) -> Path | None:
    """Keep a checkpoint's map as ORIGINAL before another takes its place; returns the file, None where nothing is to be kept.

    The first one is kept, not what users made of it since.
    """
    own, kept = folder / "latents.parquet", folder / MAPS / ORIGINAL / "latents.parquet"
    if not own.exists() or ORIGINAL in list_maps(folder):
        return None
    with atomic_write(kept) as temporary:
        shutil.copyfile(own, temporary)
    return kept


def _places(folder: Path) -> tuple[Path, Path]:
    """In the checkpoint's folder, and in the user's for checkpoints of this name with these weights."""
    return folder / MAPS, user_data_dir() / MAPS / f"{folder.name}-{weights_mark(folder)}"


def weights_mark(folder: Path) -> str:
    """What tells this checkpoint's weights from others': enough to tell, and cheap to read."""
    weights = folder / "model.safetensors"
    digest = hashlib.sha256()
    try:
        digest.update(str(weights.stat().st_size).encode())
        with open(weights, "rb") as file:
            digest.update(file.read(1 << 16))
    except OSError:
        digest.update(b"none")
    return digest.hexdigest()[:12]
