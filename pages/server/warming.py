"""The server makes itself ready: the first map is read before anybody asks, the model loaded once a map is drawn."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache

from pages.server.catalog import NoteMap, listing, note_map
from pages.server.map_data import packed_map
from pages.server.memory import give_back, give_back_much
from pages.server.studio import Studio
from pages.server.work import go_on
from timbre_core.errors import TimbreError
from timbre_core.features.settings import has_sound
from timbre_core.inverters import inverter_names

_LOG = logging.getLogger(__name__)
# Seconds that a server waits for its first visitor before it loads the model on its own.
_IDLE_START = 4.0
_LOOKED = 1.0  # seconds between two looks at how much memory is free
_GIVEN_BACK = 10  # looks between two times that it goes back to the system, however little it is


def share_cores() -> None:
    """Leave half of the cores to others: two sounds are computed at once (see answers.py), and together they take all."""
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))


def warm_up(notes: NoteMap) -> None:
    """Import torch, open the model and run one note through it, so that the first click finds everything ready.

    Raises TimbreError where the model cannot be used.
    """
    if len(notes.labels):
        share_cores()
        studio = Studio(notes)
        (studio.audio if has_sound(studio.settings) else studio.frames)(0, "reconstruction")
        _settle()


@cache
def _settle() -> None:
    """Take what was imported out of the garbage collector's rounds, once: each would stop all threads for a third of a second."""
    gc.collect()
    gc.freeze()


def _first_map(use: Callable[[NoteMap], object]) -> None:
    """Do something with the map that a visitor would see first, where there is one that opens."""
    try:
        maps = (note_map(checkpoint) for checkpoint in listing().checkpoints.values())
        notes = next((opened for opened in maps if opened is not None), None)
        if notes is not None:
            use(notes)
    except TimbreError as error:
        _LOG.warning("%s", error)


def read_first_map() -> None:
    """Have what the first page tells of a map."""
    _first_map(_shown)


def _shown(notes: NoteMap) -> None:
    packed_map(notes)
    inverter_names(notes.checkpoint.recipe.features)


_visited = threading.Event()


def visited() -> None:
    """Tell the server that somebody is here: their page comes first, warming up can wait until it is drawn."""
    _visited.set()


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """Read the first map while the first visitor's browser loads the page; warm up if nobody comes within some seconds."""

    async def warm_when_idle() -> None:
        await asyncio.to_thread(read_first_map)
        await asyncio.to_thread(go_on)
        await asyncio.sleep(_IDLE_START)
        if not _visited.is_set():
            await asyncio.to_thread(_first_map, warm_up)
        for look in itertools.count(1):
            await asyncio.sleep(_LOOKED)
            await asyncio.to_thread(give_back if look % _GIVEN_BACK == 0 else give_back_much)

    task = asyncio.create_task(warm_when_idle())
    yield
    task.cancel()
