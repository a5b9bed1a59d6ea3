"""Which checkpoints there are, and the parts of them that a map needs. Imports neither torch nor librosa."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pages.server.layers import OWN, with_layers
from pages.server.memo import Memo
from pages.server.note_map import PROJECTIONS, SPACE, NoteMap, load_map
from pages.server.vector_maps import VECTORS, VectorMap, vector_checkpoints
from pages.server.versions import version_of
from timbre_core.checkpoint import (
    Checkpoint,
    default_checkpoints_folder,
    list_checkpoints,
    open_checkpoint,
)
from timbre_core.errors import TimbreError, explain_os_error
from timbre_core.files import readable
from timbre_core.maps import list_maps
from timbre_core.shown_first import order_to_show


@dataclass(frozen=True)
class Listing:
    """What was found in the checkpoints folder: folders that open, by name, the first to be shown first, and why the others
    do not."""

    folder: Path
    checkpoints: dict[str, Checkpoint]
    broken: dict[str, str]


_opened = Memo(64)
_maps = Memo(8)


def listing() -> Listing:
    """Every timbre space's folder, opened; a broken one is told apart by its reason and breaks nothing.

    Networks of other tasks (inverters, classifiers) are left out.
    """
    folder = default_checkpoints_folder()
    good: dict[str, Checkpoint] = {}
    broken: dict[str, str] = {}
    try:
        paths = list_checkpoints(folder)
    except OSError as error:
        return Listing(folder, {}, {readable(folder.name): explain_os_error(error, folder)})
    for path in paths:
        checkpoint = _kept(path)
        if isinstance(checkpoint, TimbreError):
            broken[readable(path.name)] = str(checkpoint)
        elif checkpoint.recipe.makes_a_space:
            good[path.name] = checkpoint
            good |= {each.name: each for each in (replace(checkpoint, map_name=name) for name in list_maps(path))}
    return Listing(folder, dict(sorted(good.items(), key=lambda named: order_to_show(named[1]))), broken)


def note_map(checkpoint: Checkpoint) -> NoteMap | None:
    """The map of a checkpoint, None where none was computed. Raises TimbreError when latents.parquet is damaged."""
    if not (checkpoint.latents_file).exists():
        return None
    version = _map_version(checkpoint)
    kind = VectorMap if checkpoint.map_name == VECTORS else NoteMap
    return _maps.get((checkpoint.path, version), partial(load_map, checkpoint, version, kind))


def find_checkpoint(name: str) -> Checkpoint:
    """The checkpoint of that name; the name is looked up, it never becomes a path."""
    folder = default_checkpoints_folder()
    try:
        paths = {path.name: path for path in list_checkpoints(folder)}
        checkpoint = _kept(paths[name]) if name in paths else _with_map(paths, name)
    except OSError as error:
        raise TimbreError(explain_os_error(error, folder)) from error
    if not isinstance(checkpoint, Checkpoint) or not checkpoint.recipe.makes_a_space:
        raise TimbreError(f"there is no checkpoint {name[:80]!r}: choose one from the list.")
    return checkpoint


def find_map(name: str) -> NoteMap:
    """The map of the checkpoint of that name; the name is looked up, it never becomes a path."""
    if name.endswith(f"@{VECTORS}"):
        found = vector_checkpoints().get(name)
        opened = None if found is None else note_map(found)
        if opened is None:
            raise TimbreError(f"there is no map of vectors {name[:80]!r}: choose one from the list.")
        return opened
    layers = name.endswith(f"@{OWN}")
    opened = note_map(find_checkpoint(name.removesuffix(f"@{OWN}")))
    if opened is None:
        raise TimbreError(f"checkpoint {name!r} has no map yet: make it with `python -m timbre_core project`.")
    return with_layers(opened) if layers else opened


def find_playable(name: str) -> NoteMap:
    """The same, of one that is the map of a model; raises TimbreError for a map of vectors."""
    notes = find_map(name)
    notes.check_model()
    return notes


def _map_version(checkpoint: Checkpoint) -> str:
    """Changes whenever a file of the checkpoint or its map does, and from map to map."""
    version = version_of(checkpoint.path)
    if not checkpoint.map_name:
        return version
    stat = checkpoint.latents_file.stat()
    text = f"{version}\0{checkpoint.map_name}\0{stat.st_size}\0{stat.st_mtime_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _with_map(paths: dict[str, Path], name: str) -> Checkpoint | TimbreError | None:
    """The checkpoint that `FOLDER@MAP` names, if there is one; both are looked up."""
    stem, _, map_name = name.rpartition("@")
    checkpoint = _kept(paths[stem]) if stem in paths and map_name in list_maps(paths[stem]) else None
    return replace(checkpoint, map_name=map_name) if isinstance(checkpoint, Checkpoint) else checkpoint


def _kept(path: Path) -> Checkpoint | TimbreError:
    return _opened.get((path, version_of(path)), partial(_open, path))


def _open(path: Path) -> Checkpoint | TimbreError:
    try:
        return open_checkpoint(path)
    except TimbreError as error:
        return error


__all__ = [
    "PROJECTIONS",
    "SPACE",
    "Listing",
    "NoteMap",
    "find_checkpoint",
    "find_map",
    "find_playable",
    "listing",
    "note_map",
    "version_of",
]
