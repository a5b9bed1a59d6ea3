"""HTTP routes of the Play page: notes of any point of the latent space, axes and starting points.

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

from pages.play.file_routes import PLAY_FILE_ROUTES
from pages.play.parameters import carrier, number, point, shape, whole
from pages.play.preset_routes import PRESET_ROUTES
from pages.play.tuning_routes import TUNING_ROUTES
from pages.server.answers import API, QUICK, answer, answer_while_wanted, parameter, stored
from pages.server.catalog import find_playable
from pages.server.map_data import note_card
from pages.server.packing import pack_frames

_LIVE = ThreadPoolExecutor(2, thread_name_prefix="play")
_MOST_NEAR = 4


async def space_route(request: Request) -> Response:
    """`/api/play/space?checkpoint=`: axes, families and keys of a checkpoint, as JSON."""

    def work() -> Response:
        from pages.play.engine import described_space

        return JSONResponse(described_space(find_playable(parameter(request, "checkpoint"))), headers=stored(request))

    return await answer(QUICK, work)


async def traits_route(request: Request) -> Response:
    """`/api/play/traits?checkpoint=`: what each axis changes: `correlations` once measured, until then `done` and `of`."""

    def work() -> Response:
        from pages.play.engine import measurement
        from timbre_core.features.descriptors import DESCRIPTORS

        now = measurement(find_playable(parameter(request, "checkpoint")).model_map)
        told = {
            name: [[round(float(value), 3) if math.isfinite(value) else None for value in row] for row in table]
            for name, table in now.correlations.items()
        }
        body = {
            "done": now.done,
            "of": now.of,
            "failed": now.failed,
            "notes": now.notes,
            "pitch_held": now.pitch_held,
            "names": list(DESCRIPTORS),
            "correlations": told or None,
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    return await answer(QUICK, work)


async def start_route(request: Request) -> Response:
    """`/api/play/start?checkpoint=&note=` or `&seed=`: the latent to begin with, and the note's card;
    `recorded`: whether its instrument can be played from recordings, `recordings`: the MIDI pitches of them. Without either,
    `beginning`: the id of a note to begin with, null where there is none."""

    def work() -> Response:
        notes = find_playable(parameter(request, "checkpoint"))
        if "seed" in request.query_params:
            from pages.play.engine import prior_draw

            drawn = prior_draw(notes, whole(request, "seed", 0, 2**32 - 1))
            return JSONResponse({"z": drawn}, headers=stored(request))
        if "note" not in request.query_params:
            from pages.play.beginning import beginning

            # Recordings come and go without a new version of the map.
            return JSONResponse({"beginning": beginning(notes)}, headers={"Cache-Control": "no-store"})
        row = notes.row_of(parameter(request, "note"))
        from pages.play.engine import recorded_pitches
        from pages.server.studio import mean_of

        z = [round(float(value), 4) for value in mean_of(notes, row)]

        pitches = recorded_pitches(notes, row)
        told = {"z": z, "note": note_card(notes, row), "recorded": bool(pitches), "recordings": pitches}
        return JSONResponse(told, headers=stored(request))

    return await answer(_LIVE, work)


async def about_route(request: Request) -> Response:
    """`/api/play/about?checkpoint=&z=`: the notes nearest to a point, nearest first, and the pitch that its sound has by
    itself where the model is not conditioned on pitch."""

    def work() -> Response:
        from pages.play.engine import instrument

        notes = find_playable(parameter(request, "checkpoint"))
        z = point(request, notes)
        near = [
            {**note_card(notes, row), "distance": distance} for row, distance in notes.nearest(np.array(z), _MOST_NEAR)
        ]
        own = None if notes.checkpoint.recipe.uses_pitch else round(instrument(notes, z).root, 2)
        return JSONResponse({"nearest": near, "own_pitch": own}, headers=stored(request))

    return await answer_while_wanted(request, _LIVE, work)


async def sound_route(request: Request) -> Response:
    """`/api/play/sound?checkpoint=&z=&key=[&carrier=NOTE][&shape=]`: a WAV file of one MIDI key, to be held.

    Header `X-Loop`: the samples that the part to repeat begins and ends with, `start-end`, where there is one; the
    same stands in the file's `smpl` chunk. With `&whole=1` the note is as long as the model makes it, for saving. With a
    carrier, what sounds is that note's instrument from its recordings, moved to the key. `&shape=brightness=2,noise=-1` shapes it
    by macros, in steps. `&pitch=` is the MIDI pitch of a key that is tuned otherwise; `&velocity=` chooses
    among dropped sounds that were recorded more softly, too.
    """

    def work() -> Response:
        from pages.play.engine import export_instrument, played
        from timbre_core.features.audio import encode_wav
        from timbre_core.generation.sampler import looped_wav

        notes = find_playable(parameter(request, "checkpoint"))
        z, key = point(request, notes), whole(request, "key", 0, 127)
        if "whole" in request.query_params:
            instrument = export_instrument(notes, z, carrier(request, notes)).with_shape(shape(request))
            wav = encode_wav(instrument.whole(key), instrument.space.sample_rate)
            return Response(wav, media_type="audio/wav", headers=stored(request))
        velocity = whole(request, "velocity", 1, 127, 127)
        note = played(notes, z, number(request, "pitch", key, 127), carrier(request, notes), shape(request), velocity)
        headers = stored(request)
        if note.loop is not None:
            headers["X-Loop"] = f"{note.loop[0]}-{note.loop[1]}"
        return Response(looped_wav(note), media_type="audio/wav", headers=headers)

    return await answer_while_wanted(request, _LIVE, work)


async def picture_route(request: Request) -> Response:
    """`/api/play/frames?checkpoint=&z=&key=[&carrier=NOTE][&shape=]`: the frames of a key, as the model
    decodes them or of what the recordings give, packed as in /api/frames."""

    def work() -> Response:
        from pages.play.engine import frames

        notes = find_playable(parameter(request, "checkpoint"))
        z, key = point(request, notes), whole(request, "key", 0, 127)
        found = frames(notes, z, key, carrier(request, notes), shape(request))
        packed = pack_frames(found, notes.checkpoint.recipe.features)
        return Response(packed, media_type="application/octet-stream", headers=stored(request))

    return await answer_while_wanted(request, _LIVE, work)


PLAY_ROUTES = [
    Route(f"{API}/play/space", space_route),
    Route(f"{API}/play/traits", traits_route),
    Route(f"{API}/play/start", start_route),
    Route(f"{API}/play/about", about_route),
    Route(f"{API}/play/sound", sound_route),
    Route(f"{API}/play/frames", picture_route),
    *PLAY_FILE_ROUTES,
    *PRESET_ROUTES,
    *TUNING_ROUTES,
]
