"""HTTP routes of the Morph page: sounds along a path between notes, their pitch, and the path's place on the map.

Like those in routes.py they know nothing of a session; the same address is always the same sound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.morph.engine import MOST_NOTES, Asked, heard_pitch, sound, trail
from pages.server.answers import API, QUICK, SLOW, BadRequest, answer, parameter, ranged, stored
from pages.server.catalog import NoteMap, find_map
from pages.server.packing import pack_frames
from timbre_core.errors import TimbreError
from timbre_core.generation.contours import Contour
from timbre_core.generation.paths import PATHS

MOST_SECONDS = 12.0
MOST_CONTOUR = 2000
"""Characters of a contour."""

_LONGEST_NOTES = 4096
_MOST_POINTS = 64


def notes_in(text: str, rows: Mapping[str, int]) -> tuple[str, ...]:
    """Note ids between commas; ids that have commas themselves are known by the map's `rows`.

    Raises TimbreError for one that is not on the map, BadRequest for too many.
    """
    parts = text.split(",")
    found: list[str] = []
    first = 0
    while first < len(parts):
        if len(found) == MOST_NOTES:
            raise BadRequest(f"more than {MOST_NOTES} notes: a path goes through {MOST_NOTES} at most.")
        ends = range(first + 1, min(len(parts), first + 8) + 1)
        end = next((end for end in reversed(ends) if ",".join(parts[first:end]) in rows), None)
        if end is None:
            raise TimbreError(f"this map has no note {parts[first][:80]!r}.")
        found.append(",".join(parts[first:end]))
        first = end
    return tuple(found)


def contour_in(points: str, vibrato: str) -> Contour:
    """A contour from `seconds:MIDI` between commas and `cents,Hz` (empty: none). Raises TimbreError for what is none."""
    pairs = [part.split(":") for part in points.split(",")]
    swing = vibrato.split(",") if vibrato else ["0", "5.5"]
    try:
        numbers = [(float(time), float(pitch)) for time, pitch in pairs]
        depth, rate = (float(number) for number in swing)
    except ValueError:
        raise TimbreError("a contour is seconds:pitch between commas, and a vibrato cents,Hz.") from None
    if len(numbers) > _MOST_POINTS:
        raise TimbreError(f"a contour of {len(numbers)} points: {_MOST_POINTS} are enough.")
    return Contour(tuple(numbers), depth, rate)


def _notes(request: Request) -> tuple[NoteMap, tuple[str, ...]]:
    notes = find_map(parameter(request, "checkpoint"))
    return notes, notes_in(parameter(request, "notes", _LONGEST_NOTES), notes.rows)


def _path(request: Request) -> str:
    path = request.query_params.get("path", "spherical")
    if path not in PATHS:
        raise BadRequest(f"parameter 'path' must be one of {', '.join(PATHS)}.")
    return path


def _number(request: Request, name: str, low: float, high: float) -> float | None:
    if name not in request.query_params:
        return None
    try:
        value = float(parameter(request, name, 24))
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise BadRequest(f"parameter {name!r} must lie between {low:g} and {high:g}.")
    return value


def _asked(request: Request) -> tuple[NoteMap, Asked]:
    notes, chosen = _notes(request)
    pitch: float | Contour | None = _number(request, "key", 0, 127)
    if "contour" in request.query_params:
        try:
            pitch = contour_in(
                parameter(request, "contour", MOST_CONTOUR), request.query_params.get("vibrato", "")[:40]
            )
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        if not notes.checkpoint.recipe.uses_pitch:
            name = notes.checkpoint.name
            raise BadRequest(
                f"{name} is not told the pitch, so it cannot follow a contour: choose a checkpoint that is."
            )
    place = _number(request, "place", 0, len(chosen) - 1)
    seconds = _number(request, "seconds", 0.25, MOST_SECONDS) or 2.0
    return notes, Asked(chosen, _path(request), None if place is None else round(place, 4), round(seconds, 3), pitch)


async def sound_route(request: Request) -> Response:
    """`/api/morph/sound?checkpoint=&notes=a,b[&path=][&place=][&seconds=][&key=|&contour=0:60,1:67&vibrato=50,5.5]`: a WAV file.

    With `place` (0: the first note, 1: the second ...) one timbre of the path, otherwise a sound that goes all the way.
    """

    def work() -> Response:
        from timbre_core.features.audio import encode_wav

        made = sound(*_asked(request))
        wav = encode_wav(made.audio, made.sample_rate)
        return ranged(wav, request.headers.get("range", ""), stored(request))

    return await answer(SLOW, work)


async def frames_route(request: Request) -> Response:
    """`/api/morph/frames?` as for a sound: the frames that the model decodes for it, packed as in /api/frames."""

    def work() -> Response:
        notes, asked = _asked(request)
        packed = pack_frames(sound(notes, asked).frames, notes.checkpoint.recipe.features)
        return Response(packed, media_type="application/octet-stream", headers=stored(request))

    return await answer(SLOW, work)


async def pitch_route(request: Request) -> Response:
    """`/api/morph/pitch?` as for a sound: the pitch that is heard in it over time, as JSON (see `heard_pitch`)."""

    def work() -> Response:
        return JSONResponse(heard_pitch(*_asked(request)), headers=stored(request))

    return await answer(SLOW, work)


async def trail_route(request: Request) -> Response:
    """`/api/morph/trail?checkpoint=&notes=a,b&projection=[&path=]`: points of the path on the map, as JSON."""

    def work() -> Response:
        notes, chosen = _notes(request)
        projection = parameter(request, "projection", 24)
        if projection not in notes.projections:
            raise BadRequest(f"parameter 'projection' must be one of {', '.join(notes.projections)}.")
        return JSONResponse({"points": trail(notes, chosen, _path(request), projection)}, headers=stored(request))

    return await answer(QUICK, work)


MORPH_ROUTES = [
    Route(f"{API}/morph/sound", sound_route),
    Route(f"{API}/morph/frames", frames_route),
    Route(f"{API}/morph/pitch", pitch_route),
    Route(f"{API}/morph/trail", trail_route),
]
