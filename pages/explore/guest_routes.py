"""HTTP route for a sound of the visitor's own. It is answered in one go and nothing of it is kept, so nobody else can hear it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.server.answers import API, SLOW, BadRequest, answer, body_of, inverter_of, number, parameter, refused
from pages.server.catalog import find_map
from timbre_core.errors import TimbreError
from timbre_core.features.uploads import LIMITS

_MENDED = (-60.0, 60.0)  # semitones


async def similar_route(request: Request) -> Response:
    """POST `/api/similar?checkpoint=&name=[&inverter=][&mend=]`, the file as body: the sound as a note (see `packed_guest`).

    mend: semitones that its pitch is to be corrected by.
    """
    content = await body_of(request, LIMITS.bytes)
    if content is None:
        sentence = (
            f"a file of more than {LIMITS.bytes // 1_000_000} MB is too large for one note: cut the note out of it."
        )
        return refused(sentence, 413)

    def work() -> Response:
        from pages.explore.guest import packed_guest

        notes = find_map(parameter(request, "checkpoint"))
        try:
            name, inverter = parameter(request, "name"), inverter_of(request, notes)
            packed = packed_guest(notes, content, name, inverter, number(request, "mend", *_MENDED))
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        return Response(packed, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})

    return await answer(SLOW, work)


GUEST_ROUTES = [Route(f"{API}/similar", similar_route, methods=["POST"])]
