"""What a new start shows first, made before: it is told without pandas, pyarrow and pydantic, whose import takes longer than
all else until a map is drawn.

FILE lies beside the checkpoints that ship; for other ones the app makes its own, in the user's cache folder. It knows what it was
made of, down to the modules that say what is in it: where any of that is different, it is left alone. Imports next to nothing.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pages.browser.plotly_script import PLOTLY
from pages.explore.parts import FIRST, MAP, NOTE
from pages.server.address import API
from pages.server.versions import stored, version_of
from timbre_core.catalogue.database import any_library
from timbre_core.checkpoint_folders import default_checkpoints_folder, list_checkpoints
from timbre_core.datasets.cache import cache_dir
from timbre_core.errors import TimbreError
from timbre_core.files import atomic_write
from timbre_core.layout import LATENTS, RECIPE, WEIGHTS
from timbre_core.maps import list_maps

FILE = "first-map.bin"
_MOST = 8 * 2**20  # bytes of a map's file: to read a larger one takes as long as the imports do
_NOW = ("version", "plotly")  # of what is told: as this server has it
_PROJECT = Path(__file__).resolve().parents[2]
_MADE_BY = (
    *(f"pages/explore/{name}.py" for name in ("first", "ready_made", "view")),
    *(f"pages/server/{name}.py" for name in ("colours", "map_data", "measured", "note_map", "packing", "words")),
    *(f"timbre_core/{name}.py" for name in ("analysis/sound_words", "datasets/vocabulary", "shown_first")),
)


@dataclass(frozen=True)
class ReadyMade:
    """What a page's components are told (see `first_data`), and their map, packed and compressed (see `packed_map`)."""

    made_of: str
    checkpoint: str
    told: dict[str, dict[str, Any]]
    packed: bytes

    @classmethod
    def read(cls, path: Path) -> ReadyMade:
        """From a file. Raises OSError or ValueError for none and for any other."""
        head, _, packed = path.read_bytes().partition(b"\n")
        told = json.loads(head)
        return cls(told["made_of"], told["checkpoint"], told["told"], packed)

    def write(self, path: Path) -> None:
        """Into a file, atomically."""
        head = {"made_of": self.made_of, "checkpoint": self.checkpoint, "told": self.told}
        with atomic_write(path) as temporary:
            temporary.write_bytes(json.dumps(head).encode() + b"\n" + self.packed)


def made_of(folder: Path, checkpoint: str) -> str:
    """Changes with all that decides what is shown first of the checkpoints in `folder`, where that is the map of `checkpoint`.

    Raises OSError or ValueError where it cannot be that.
    """
    paths = list_checkpoints(folder)
    if checkpoint not in [path.name for path in paths]:
        raise ValueError("another map is shown first")
    digest = hashlib.sha256()
    for path in paths:
        there = [name for name in (RECIPE, WEIGHTS, LATENTS) if (path / name).is_file()]
        digest.update(json.dumps([path.name, there, list(list_maps(path))]).encode())
        if RECIPE in there:
            digest.update(_content(path / RECIPE))
    for read in (folder / checkpoint / LATENTS, *(_PROJECT / name for name in _MADE_BY)):
        digest.update(_content(read))
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    if path.stat().st_size > _MOST:
        raise ValueError("too large to be read ahead of all else")
    return hashlib.sha256(path.read_bytes()).digest()


def ready_made() -> ReadyMade | None:
    """What was made for the checkpoints as they are: None where there is nothing, or people's own sounds may be shown too."""
    try:
        own = any_library()
    except TimbreError:
        return None  # the page says so
    return None if own else _found(default_checkpoints_folder(), cache_dir())


@cache
def _found(folder: Path, cache: Path) -> ReadyMade | None:
    for path in (folder / FILE, cache / FILE):
        try:
            found = ReadyMade.read(path)
            if found.made_of == made_of(folder, found.checkpoint):
                return found
        except (OSError, ValueError, LookupError, TypeError):
            continue  # none, or of something else
    return None


def make() -> ReadyMade | None:
    """What the page would show first now; None where that cannot be kept."""
    from starlette.datastructures import QueryParams

    from pages.explore.first import first_data
    from pages.server.catalog import find_map
    from pages.server.map_data import packed_map

    folder, told = default_checkpoints_folder(), first_data(QueryParams())
    name = "" if told is None else told[MAP.name]["checkpoint"]
    if told is None or any_library() or not (folder / name).is_dir():
        return None
    kept = {part: {key: value for key, value in data.items() if key not in _NOW} for part, data in told.items()}
    try:
        return ReadyMade(made_of(folder, name), name, kept, gzip.compress(packed_map(find_map(name)), mtime=0))
    except (OSError, ValueError):
        return None


def keep_for_next_start() -> None:
    """Make one for the checkpoints as they are, if there is none that fits."""
    made = None if ready_made() is not None else make()
    if made is not None:
        with contextlib.suppress(TimbreError):  # then the next start takes as long as this one
            made.write(cache_dir() / FILE)


def answered(request: Request) -> Response | None:
    """The answer to what is asked first, if it is ready."""
    answer = _ANSWERS.get(request.scope["path"]) if request.method == "GET" else None
    made = None if answer is None else ready_made()
    return None if answer is None or made is None else answer(made, request)


def _tell(made: ReadyMade, request: Request) -> Response | None:
    shown = {"checkpoint": made.checkpoint, **{name: made.told[MAP.name][name] for name in ("projection", "colour")}}
    if any(shown.get(name) != value for name, value in request.query_params.multi_items()):
        return None
    version = version_of(default_checkpoints_folder() / made.checkpoint)
    now = {MAP.name: {"version": version, "plotly": PLOTLY}, NOTE.name: {"version": version}}
    data = {name: {**told, **now[name]} for name, told in made.told.items()}
    return JSONResponse(data, headers={"Cache-Control": "no-store"})


def _send_map(made: ReadyMade, request: Request) -> Response | None:
    if request.query_params.get("checkpoint") != made.checkpoint:
        return None
    headers = {**stored(request), "Vary": "Accept-Encoding"}
    kind = "application/octet-stream"
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(made.packed), media_type=kind, headers=headers)
    return Response(made.packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})


_ANSWERS: dict[str, Callable[[ReadyMade, Request], Response | None]] = {
    f"{API}/{FIRST}": _tell,
    f"{API}/map": _send_map,
}
