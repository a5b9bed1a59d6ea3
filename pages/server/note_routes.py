"""HTTP routes that several pages ask: the map's data, and a note's facts, sounds and spectrograms."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.server.answers import (
    AHEAD,
    API,
    BESIDE,
    QUICK,
    SLOW,
    BadRequest,
    answer,
    answer_while_wanted,
    inverter_of,
    parameter,
    ranged,
    stored,
)
from pages.server.catalog import NoteMap, find_map
from pages.server.latent_axes import described_latents
from pages.server.map_data import describe_note, packed_map, packed_space
from pages.server.packing import pack_frames
from pages.server.studio import KINDS, Kind, RecordingMissing, Studio
from pages.server.warming import warm_up

_LARGE = 4 * 2**20
_MOST_AMONG = 16


def _kind(request: Request) -> Kind:
    value = parameter(request, "kind")
    for kind in KINDS:
        if value == kind:
            return kind
    raise BadRequest(f"kind must be one of {', '.join(KINDS)}.")


def _note(request: Request) -> tuple[NoteMap, int]:
    notes = find_map(parameter(request, "checkpoint"))
    return notes, notes.row_of(parameter(request, "note"))


def _studio(request: Request) -> tuple[Studio, int]:
    """The opened checkpoint with the inverter asked for (none: its own), and the note's row.

    A note that its map has not is sought on the maps of `among`, names of checkpoints with / between them: so the notes of one
    library are heard through the model of another.
    """
    notes, note_id = find_map(parameter(request, "checkpoint")), parameter(request, "note")
    home = notes
    for name in request.query_params.get("among", "").split("/")[:_MOST_AMONG]:
        if note_id not in home.rows and name:
            home = find_map(name)
    return Studio(notes, inverter_of(request, notes), home), home.row_of(note_id)


async def map_route(request: Request) -> Response:
    """`/api/map?checkpoint=`: labels and projections of all notes, packed."""

    def work() -> Response:
        packed = packed_map(find_map(parameter(request, "checkpoint")))
        # Packing a large map into gzip takes longer than sending it: a second of the event loop's time for 300,000 notes.
        plain = {"Content-Encoding": "identity"} if len(packed) > _LARGE else {}
        return Response(packed, media_type="application/octet-stream", headers={**stored(request), **plain})

    return await answer(QUICK, work)


async def space_route(request: Request) -> Response:
    """`/api/space?checkpoint=`: the places of all notes in the 3-D view, packed."""

    def work() -> Response:
        notes = find_map(parameter(request, "checkpoint"))
        return Response(packed_space(notes), media_type="application/octet-stream", headers=stored(request))

    return await answer(QUICK, work)


async def note_route(request: Request) -> Response:
    """`/api/note?checkpoint=&note=`: labels, nearest neighbours and axes of one note, as JSON."""

    def work() -> Response:
        notes, row = _note(request)
        return JSONResponse(describe_note(notes, row), headers=stored(request))

    return await answer(QUICK, work)


async def latents_route(request: Request) -> Response:
    """`/api/latents?checkpoint=`: the dimensions of a map's latent space and the spread of its notes, as JSON."""

    def work() -> Response:
        return JSONResponse(
            described_latents(find_map(parameter(request, "checkpoint")).model_map), headers=stored(request)
        )

    return await answer(QUICK, work)


async def audio_route(request: Request) -> Response:
    """`/api/audio?checkpoint=&note=&kind=[&inverter=]`: a WAV file; single byte ranges are answered, as Safari wants them."""
    from timbre_core.features.audio import encode_wav

    def work() -> Response:
        studio, row = _studio(request)
        wav = encode_wav(*studio.heard(row, _kind(request)))
        return ranged(wav, request.headers.get("range", ""), stored(request))

    kind = request.query_params.get("kind")
    if kind == "original":
        return await answer(QUICK, work)
    return await answer_while_wanted(request, SLOW if kind == "reconstruction" else BESIDE, work)


async def preview_route(request: Request) -> Response:
    """`/api/preview?checkpoint=&note=[&ahead=1]`: a WAV file of a note's beginning, for a pointer that passes by.

    With `ahead` the pointer is not there yet: what must be decoded waits for all that somebody waits for. Header `X-Kind`
    says what sounds: the `original`, or the `reconstruction` where the recording is not on this machine.
    """
    from timbre_core.features.audio import encode_wav

    def sound(kind: Kind) -> Response:
        studio, row = _studio(request)
        wav = encode_wav(studio.preview(row, kind), studio.settings.sample_rate)
        return Response(wav, media_type="audio/wav", headers={**stored(request), "X-Kind": kind})

    def recorded() -> Response:
        try:
            return sound("original")
        except RecordingMissing:
            return Response(status_code=204)

    response = await answer(QUICK, recorded)
    if response.status_code != 204:
        return response
    lane = AHEAD if request.query_params.get("ahead") == "1" else SLOW
    return await answer_while_wanted(request, lane, lambda: sound("reconstruction"))


async def frames_route(request: Request) -> Response:
    """`/api/frames?checkpoint=&note=&kind=[&inverter=]`: frames (n_bins, n_frames) as bytes, 0 for -1 and 255 for +1, packed.

    The header says what they mean: see `frame_header`.
    """

    def work() -> Response:
        studio, row = _studio(request)
        frames = studio.frames(row, _kind(request))
        packed = pack_frames(frames.values, studio.settings, frames.ref_db)
        return Response(packed, media_type="application/octet-stream", headers=stored(request))

    return await answer_while_wanted(request, BESIDE, work)


async def ready_route(request: Request) -> Response:
    """`/api/ready?checkpoint=`: answers once the model is loaded, or says why it cannot be. The page asks for it as soon as
    its map is drawn."""

    def work() -> Response:
        warm_up(find_map(parameter(request, "checkpoint")))
        return JSONResponse({"ready": True}, headers={"Cache-Control": "no-store"})

    return await answer(SLOW, work)


NOTE_ROUTES = [
    Route(f"{API}/map", map_route),
    Route(f"{API}/space", space_route),
    Route(f"{API}/note", note_route),
    Route(f"{API}/latents", latents_route),
    Route(f"{API}/audio", audio_route),
    Route(f"{API}/preview", preview_route),
    Route(f"{API}/frames", frames_route),
    Route(f"{API}/ready", ready_route),
]
