"""HTTP routes of the Play page: notes of any point of the latent space, axes, starting points, presets and exports.

Like those in routes.py they know nothing of a session. A point travels in the address as `z`, numbers between commas:
the same address is always the same sound. Work whose asker has left before its turn comes is not done.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.widgets.answers import (
    API,
    QUICK,
    BadRequest,
    answer,
    answer_while_wanted,
    body_of,
    parameter,
    refused,
    stored,
)
from pages.widgets.catalog import NoteMap, find_map
from pages.widgets.map_data import note_card
from pages.widgets.packing import pack_frames
from timbre_core.errors import TimbreError

_LIVE = ThreadPoolExecutor(2, thread_name_prefix="play")
_EXPORT = ThreadPoolExecutor(1, thread_name_prefix="export")
_MOST_NEAR = 4
_NUMBER = 24  # characters of a number at most


def _point(request: Request, notes: NoteMap) -> tuple[float, ...]:
    from timbre_core.presets import FARTHEST

    size = notes.checkpoint.recipe.model.latent_dim
    parts = parameter(request, "z", _NUMBER * size).split(",")
    if len(parts) != size:
        raise BadRequest(f"parameter 'z' has {len(parts)} numbers, this checkpoint's latents have {size}.")
    try:
        values = tuple(round(float(part), 4) for part in parts)
    except (ValueError, OverflowError):
        raise BadRequest("parameter 'z' must be numbers between commas.") from None
    if not all(abs(value) <= FARTHEST for value in values):
        raise BadRequest(f"parameter 'z' must be finite numbers from {-FARTHEST:g} to {FARTHEST:g}.")
    return values


def _whole(request: Request, name: str, low: int, high: int) -> int:
    text = parameter(request, name, 12)
    try:
        value = int(text)
    except ValueError:
        raise BadRequest(f"parameter {name!r} must be a whole number.") from None
    if not low <= value <= high:
        raise BadRequest(f"parameter {name!r} must lie between {low} and {high}.")
    return value


def _number(request: Request, name: str, fallback: float, high: float) -> float:
    if name not in request.query_params:
        return fallback
    try:
        value = float(parameter(request, name, _NUMBER))
    except ValueError:
        value = math.nan
    if not 0 <= value <= high:
        raise BadRequest(f"parameter {name!r} must lie between 0 and {high:g}.")
    return value


async def space_route(request: Request) -> Response:
    """`/api/play/space?checkpoint=`: axes, families and keys of a checkpoint, as JSON."""

    def work() -> Response:
        from pages.widgets.play_engine import described_space

        return JSONResponse(described_space(find_map(parameter(request, "checkpoint"))), headers=stored(request))

    return await answer(QUICK, work)


async def traits_route(request: Request) -> Response:
    """`/api/play/traits?checkpoint=`: what each axis changes: `correlations` once measured, until then `done` and `of`."""

    def work() -> Response:
        from pages.widgets.play_engine import measurement
        from timbre_core.features.descriptors import DESCRIPTORS

        now = measurement(find_map(parameter(request, "checkpoint")))
        told = {
            name: [[round(float(value), 3) if math.isfinite(value) else None for value in row] for row in table]
            for name, table in now.correlations.items()
        }
        body = {
            "done": now.done,
            "of": now.of,
            "failed": now.failed,
            "notes": now.notes,
            "names": list(DESCRIPTORS),
            "correlations": told or None,
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    return await answer(QUICK, work)


async def start_route(request: Request) -> Response:
    """`/api/play/start?checkpoint=&note=` or `&seed=`: the latent to begin with, and the note's card."""

    def work() -> Response:
        notes = find_map(parameter(request, "checkpoint"))
        if "seed" in request.query_params:
            from pages.widgets.play_engine import prior_draw

            drawn = prior_draw(notes, _whole(request, "seed", 0, 2**32 - 1))
            return JSONResponse({"z": drawn}, headers=stored(request))
        note_id = parameter(request, "note")
        if note_id not in notes.rows:
            raise TimbreError(f"this map has no note {note_id[:80]!r}.")
        row = notes.rows[note_id]
        z = [round(float(value), 4) for value in notes.means[row]]
        return JSONResponse({"z": z, "note": note_card(notes, row)}, headers=stored(request))

    return await answer(_LIVE if "seed" in request.query_params else QUICK, work)


async def about_route(request: Request) -> Response:
    """`/api/play/about?checkpoint=&z=`: the notes nearest to a point, nearest first, and the pitch that its sound has by
    itself where the model is not conditioned on pitch."""

    def work() -> Response:
        from pages.widgets.play_engine import instrument

        notes = find_map(parameter(request, "checkpoint"))
        z = _point(request, notes)
        near = [
            {**note_card(notes, row), "distance": distance} for row, distance in notes.nearest(np.array(z), _MOST_NEAR)
        ]
        own = None if notes.checkpoint.recipe.uses_pitch else round(instrument(notes, z).root, 2)
        return JSONResponse({"nearest": near, "own_pitch": own}, headers=stored(request))

    return await answer_while_wanted(request, _LIVE, work)


async def sound_route(request: Request) -> Response:
    """`/api/play/sound?checkpoint=&z=&key=`: a WAV file of one MIDI key, to be held.

    Header `X-Loop`: the samples that the part to repeat begins and ends with, `start-end`, where there is one; the
    same stands in the file's `smpl` chunk. With `&whole=1` the note is as long as the model makes it, for saving.
    """

    def work() -> Response:
        from pages.widgets.play_engine import export_instrument, played
        from timbre_core.features.audio import encode_wav
        from timbre_core.sampler import looped_wav

        notes = find_map(parameter(request, "checkpoint"))
        z, key = _point(request, notes), _whole(request, "key", 0, 127)
        if "whole" in request.query_params:
            instrument = export_instrument(notes, z)
            wav = encode_wav(instrument.whole(key), instrument.space.sample_rate)
            return Response(wav, media_type="audio/wav", headers=stored(request))
        note = played(notes, z, key)
        headers = stored(request)
        if note.loop is not None:
            headers["X-Loop"] = f"{note.loop[0]}-{note.loop[1]}"
        return Response(looped_wav(note), media_type="audio/wav", headers=headers)

    return await answer_while_wanted(request, _LIVE, work)


async def picture_route(request: Request) -> Response:
    """`/api/play/frames?checkpoint=&z=&key=`: the frames that the model decodes for a key, packed as in /api/frames."""

    def work() -> Response:
        from pages.widgets.play_engine import instrument

        notes = find_map(parameter(request, "checkpoint"))
        z, key = _point(request, notes), _whole(request, "key", 0, 127)
        packed = pack_frames(instrument(notes, z).frames(key), notes.checkpoint.recipe.features)
        return Response(packed, media_type="application/octet-stream", headers=stored(request))

    return await answer_while_wanted(request, _LIVE, work)


async def export_route(request: Request) -> Response:
    """`/api/play/export?checkpoint=&z=&low=&high=&step=&name=`: a ZIP archive with SFZ, WAV files and the preset."""

    def work() -> Response:
        from pages.widgets.play_engine import export_instrument
        from timbre_core.presets import Preset, preset_to_json
        from timbre_core.sampler import file_name, multi_sample, sampled_keys, zipped

        notes = find_map(parameter(request, "checkpoint"))
        z = _point(request, notes)
        low, high = _whole(request, "low", 0, 127), _whole(request, "high", 0, 127)
        try:
            keys = sampled_keys(low, high, _whole(request, "step", 1, 24))
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        name = file_name(request.query_params.get("name", "")[:200])
        files = multi_sample(export_instrument(notes, z), name, keys)
        preset = Preset(checkpoint=notes.checkpoint.name, name=name, z=list(z))
        archive = zipped({**files, f"{name}.json": preset_to_json(preset).encode()})
        headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
        return Response(archive, media_type="application/zip", headers=headers)

    return await answer_while_wanted(request, _EXPORT, work)


async def save_route(request: Request) -> Response:
    """`/api/play/preset?checkpoint=&z=&key=&name=&attack=&release=`: the preset file of a sound."""

    def work() -> Response:
        from timbre_core.presets import Preset, preset_to_json
        from timbre_core.sampler import file_name

        notes = find_map(parameter(request, "checkpoint"))
        name = request.query_params.get("name", "")[:120]
        preset = Preset(
            checkpoint=notes.checkpoint.name,
            name=name,
            z=list(_point(request, notes)),
            key=_whole(request, "key", 0, 127),
            attack=_number(request, "attack", 0.0, 10),
            release=_number(request, "release", 0.25, 20),
        )
        headers = {"Content-Disposition": f'attachment; filename="{file_name(name)}.json"', "Cache-Control": "no-store"}
        return Response(preset_to_json(preset), media_type="application/json", headers=headers)

    return await answer(QUICK, work)


async def load_route(request: Request) -> Response:
    """POST `/api/play/preset?checkpoint=`, the file as body: what it holds, or why it is refused in one sentence."""
    from timbre_core.presets import LARGEST

    data = await body_of(request, LARGEST)
    if data is None:
        sentence = f"a preset has a few kilobytes, this file has more than {LARGEST // 1024}: choose another file."
        return refused(sentence, 413)

    def work() -> Response:
        from timbre_core.presets import read_preset

        notes = find_map(parameter(request, "checkpoint"))
        try:
            preset = read_preset(data, notes.checkpoint)
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        return JSONResponse(preset.model_dump(), headers={"Cache-Control": "no-store"})

    return await answer(QUICK, work)


PLAY_ROUTES = [
    Route(f"{API}/play/space", space_route),
    Route(f"{API}/play/traits", traits_route),
    Route(f"{API}/play/start", start_route),
    Route(f"{API}/play/about", about_route),
    Route(f"{API}/play/sound", sound_route),
    Route(f"{API}/play/frames", picture_route),
    Route(f"{API}/play/export", export_route),
    Route(f"{API}/play/preset", save_route, methods=["GET"]),
    Route(f"{API}/play/preset", load_route, methods=["POST"]),
]
