"""What a visit to Explore shows first, told before the page itself is run: see `pages.early`."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.controls.pickers import inverter_chosen, inverters_offered, projections_offered
from pages.explore.filters import filters_from_link
from pages.explore.links import FILTERS
from pages.explore.parts import FIRST, MAP, NOTE
from pages.explore.view import map_data, note_data
from pages.server.answers import API, QUICK, answer
from pages.server.catalog import listing, note_map
from pages.server.layers import with_layers
from pages.server.note_routes import NOTE_ROUTES
from pages.server.vector_maps import vector_checkpoints

_KNOWN = {"checkpoint", "projection", "colour", "inverter", "note", *FILTERS}


def first_data(query: QueryParams) -> dict[str, dict[str, Any]] | None:
    """What Explore's components are told on a new visit with this link, by their names; None where the page shows more or
    something else than them, or may do so."""
    found = listing()
    offered = found.checkpoints | vector_checkpoints()
    if found.broken or not offered or not set(query) <= _KNOWN:
        return None
    checkpoint = offered.get(query.get("checkpoint", next(iter(offered))))
    opened = None if checkpoint is None else note_map(checkpoint)
    if opened is None or opened.labels.empty or not opened.projections:
        return None
    notes = with_layers(opened)
    projection = query.get("projection", projections_offered(notes)[0])
    colour = query.get("colour", notes.label_columns[0])
    inverter, note = query.get("inverter"), query.get("note")
    filters, refused = filters_from_link({name: query.getlist(name) for name in FILTERS}, notes)
    known = (
        projection in notes.projections  # in space nothing is drawn as soon
        and colour in notes.label_columns
        and (inverter is None or inverter in inverters_offered(notes.checkpoint))
        and (note is None or note in notes.rows)
    )
    if refused or not known:
        return None
    selected = None if note is None else {"note": note, "seq": 0}
    return {
        MAP.name: map_data(notes, projection, colour, selected, filters),
        NOTE.name: note_data(notes, selected, inverter and inverter_chosen(inverter)),
    }


async def first_route(request: Request) -> Response:
    """`/api/explore/first?`, then the page's own link: what its components are told, as JSON; 204 where that is not certain."""

    def work() -> Response:
        data = first_data(request.query_params)
        headers = {"Cache-Control": "no-store"}
        return Response(status_code=204, headers=headers) if data is None else JSONResponse(data, headers=headers)

    return await answer(QUICK, work)


FIRST_ROUTES = [Route(f"{API}/{FIRST}", first_route)]
ROUTES = [*FIRST_ROUTES, *NOTE_ROUTES]
"""All that answers for what is shown first."""
