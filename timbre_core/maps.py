"""A checkpoint's maps beside its own: of other notes, each under a name, all of them made with `project`.

They lie in the checkpoint's folder, as maps/NAME/latents.parquet, or in the user's data folder where that cannot be written.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.errors import TimbreError
from timbre_core.files import atomic_write, check_name, user_data_dir
from timbre_core.layout import LATENTS

if TYPE_CHECKING:
    import pandas as pd

MAPS = "maps"
ORIGINAL = "original"
"""What a checkpoint's first map is called when another takes its place."""
_LONGEST = 60  # characters of a name

_LATENTS_ROUNDED = ("mu", "logvar", "trajectory", "code")


def map_file(folder: Path, name: str) -> Path:
    """Where the map `name` of the checkpoint in `folder` is, or is to be written. Raises TimbreError for what is no name."""
    name = check_map_name(name)
    places = [place / name / "latents.parquet" for place in _places(folder)]
    there = next((place for place in places if place.exists()), None)
    if there is not None and os.access(there.parent, os.W_OK):
        return there
    inside = folder / MAPS if (folder / MAPS).exists() else folder
    return places[0] if os.access(inside, os.W_OK) else places[1]


def check_map_name(name: str) -> str:
    """`name`, composed, if a map can be called so. Raises TimbreError otherwise."""
    if len(name) > _LONGEST or "@" in name:
        raise TimbreError(f"--name {name[:80]!r}: choose at most {_LONGEST} characters, without '@'.")
    return check_name(name, "--name")


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


def write_latents(path: Path, latents: pd.DataFrame, roots: list[str], name: str = "") -> Path:
    """Write latents.parquet into a checkpoint folder, or as its map `name`, atomically; returns the file.

    `roots` say where the notes have their audio. Numbers of latents are rounded to a 256th of their spread or finer, far
    below a posterior's width: a third of the bytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Absolute, so that the audio is found from wherever the app is started; names such as "starter" stay names.
    roots = [str(Path(root).expanduser().resolve()) if Path(root).expanduser().exists() else root for root in roots]
    table = pa.Table.from_pandas(rounded_latents(latents), preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"library": json.dumps(roots).encode()})
    file = map_file(path, name) if name else path / LATENTS
    with atomic_write(file) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return file


def rounded_latents(latents: pd.DataFrame) -> pd.DataFrame:
    """A map's table with its numbers of latents rounded as `write_latents` tells; once rounded, they stay as they are."""
    rounded = {name: _rounded(latents[name]) for name in _LATENTS_ROUNDED if name in latents and len(latents)}
    return latents.assign(**rounded)


def _rounded(vectors: pd.Series) -> pd.Series:
    """Vectors whose numbers are multiples of a power of two that is at most a 256th of their standard deviation."""
    import numpy as np

    each = [np.asarray(vector, dtype=np.float32) for vector in vectors]
    spread = float(np.concatenate(each).std())
    if not np.isfinite(spread) or spread <= 0:
        return vectors
    step = np.float32(2.0 ** np.floor(np.log2(spread / 256)))
    return vectors.map(lambda vector: np.round(np.asarray(vector, dtype=np.float32) / step) * step)
