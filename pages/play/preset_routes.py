"""HTTP routes for presets that are kept: those that come with the project and one's own, with tags, words and stars."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.play.own import is_own, notes_of
from pages.server.answers import API, BadRequest, answer, body_of, parameter, refused
from pages.server.catalog import NoteMap, find_playable
from timbre_core.errors import TimbreError

_LARGEST = 256 * 1024
_PRESETS = ThreadPoolExecutor(1, thread_name_prefix="presets")
_HELD = 3.5  # seconds that a sound is held for while words for it are measured


async def presets_route(request: Request) -> Response:
    """GET `/api/play/presets?checkpoint=`: `presets`, one's own first, and the `words` they are found by.

    POST a change, {do: keep, delete, star, unstar; id; preset; tags; own}, as JSON; the answer is what is kept then, and the `id`
    of what was kept. `own` is the carrier of dropped sounds that the preset plays: they are kept with it.
    """
    body = await body_of(request, _LARGEST) if request.method == "POST" else b""
    if body is None:
        return refused("a preset has a few kilobytes, this is more: leave something out.", 413)

    def work() -> Response:
        notes = find_playable(parameter(request, "checkpoint"))
        kept = None
        if request.method == "POST":
            if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                raise BadRequest("a change must be sent as application/json.")
            try:
                kept = _change(notes, _told(body))
            except TimbreError as error:
                raise BadRequest(str(error)) from error
        return JSONResponse({**_described(notes), "id": kept}, headers={"Cache-Control": "no-store"})

    return await answer(_PRESETS, work)


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (UnicodeDecodeError, ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise BadRequest("a change must be a JSON object.")
    return told


def _described(notes: NoteMap) -> dict[str, Any]:
    from timbre_core.analysis.preset_words import WORDS
    from timbre_core.catalogue.presets import presets_of

    size = notes.checkpoint.recipe.model.latent_dim
    told = [
        {
            "id": each.key,
            "tags": each.tags,
            "words": each.words,
            "starred": each.starred,
            "sounds": each.sounds,
            **each.preset.model_dump(exclude={"checkpoint"}),
        }
        for each in presets_of(notes.checkpoint.model_name)
        if len(each.preset.z) == size
    ]
    return {"presets": told, "words": WORDS}


def _change(notes: NoteMap, told: dict[str, Any]) -> str | None:
    from timbre_core.catalogue import presets

    do, key = told.get("do"), str(told.get("id", ""))[:200]
    if do == "keep":
        return _keep(notes, told)
    if do == "delete":
        presets.delete_preset(key)
    elif do in ("star", "unstar"):
        presets.star_preset(key, notes.checkpoint.model_name, do == "star")
    else:
        raise BadRequest("'do' must be one of keep, delete, star, unstar.")
    return None


def _keep(notes: NoteMap, told: dict[str, Any]) -> str:
    from timbre_core.catalogue.presets import PresetSound, keep_preset
    from timbre_core.generation.presets import FORMAT, read_preset

    tags = told.get("tags", [])
    if not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise BadRequest("'tags' must be a list of words.")
    given = told.get("preset")
    if not isinstance(given, dict):
        raise BadRequest("a preset is missing.")
    content = {**given, "format": FORMAT, "checkpoint": notes.checkpoint.model_name}
    preset = read_preset(json.dumps(content).encode(), notes.checkpoint)
    if preset.note and preset.note not in notes.rows:
        raise BadRequest(f"this map has no note {preset.note[:80]!r}.")
    own = told.get("own") or None
    if own is not None and not (isinstance(own, str) and is_own(own)):
        raise BadRequest("'own' must be the carrier of dropped sounds.")
    rate = notes.checkpoint.recipe.features.sample_rate
    sounds = [PresetSound(note.name[:200], note.pitch, note.file(rate)) for note in notes_of(own)] if own else []
    return keep_preset(preset, tags, _words(notes, preset, own), sounds)


def _words(notes: NoteMap, preset: Any, own: str | None) -> list[str]:
    """Words for how the preset sounds at its key."""
    import numpy as np

    from pages.play.engine import played
    from timbre_core.analysis.preset_words import words_of
    from timbre_core.generation.midi.voices import held_sound

    note = played(notes, tuple(preset.z), preset.key, own or preset.note or None, preset.shape)
    size = round(_HELD * note.sample_rate)
    audio = held_sound(note, size)[:size].astype(np.float64)
    return words_of(np.pad(audio, (0, size - len(audio))), note.sample_rate, note.key)


PRESET_ROUTES = [Route(f"{API}/play/presets", presets_route, methods=["GET", "POST"])]
