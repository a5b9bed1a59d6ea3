"""HTTP routes of the Transfer page: a sound opened in a space, and what becomes of it, to hear and to see.

Like those in routes.py they know nothing of a session. A sound of one's own is named by its token (see own_sounds.py).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.server.answers import (
    API,
    BadRequest,
    answer_while_wanted,
    attachment,
    checked_number,
    number,
    parameter,
    ranged,
    stored,
)
from pages.server.catalog import NoteMap, find_map
from pages.server.lanes import Lanes
from pages.server.warming import share_cores
from pages.transfer.engine import (
    Change,
    Source,
    described_result,
    described_source,
    moved,
    opened,
    title,
    wanted_pitch,
)
from pages.transfer.own_sounds import SoundGone
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.generation.transfer import Sound

_LIVE = Lanes(2, "transfer", share_cores)
_SOUNDS, _PICTURES = _LIVE.lane(0.0), _LIVE.lane(0.3)
_MOST_CORRECTIONS = 32
_LONGEST = 3600.0  # seconds
FARTHEST = 36.0
"""Semitones that a sound can be shifted by, and a correction can move."""


def _source(request: Request, notes: NoteMap) -> Source:
    if "sound" in request.query_params:
        return Source(token=parameter(request, "sound", 64))
    return Source(note=notes.ids[notes.row_of(parameter(request, "note"))])


def _change(request: Request, notes: NoteMap) -> Change:
    from timbre_core.features.pitch_track import Correction
    from timbre_core.generation.transfer import MOST_AMOUNT

    toward = parameter(request, "toward", 200) if "toward" in request.query_params else None
    if toward is not None and toward not in notes.rows and toward not in notes.families:
        raise TimbreError(f"no family or note {toward[:80]!r} on this map: choose another.")
    corrections = []
    parts = parameter(request, "mend", 1200).split(",") if "mend" in request.query_params else []
    if len(parts) > _MOST_CORRECTIONS:
        raise BadRequest(f"parameter 'mend' has {len(parts)} corrections: at most {_MOST_CORRECTIONS} can be made.")
    for part in parts:
        bounds = ((0, _LONGEST), (0, _LONGEST), (-FARTHEST, FARTHEST))
        numbers = part.split("~")
        if len(numbers) != len(bounds):
            raise BadRequest("parameter 'mend' must be start~end~semitones between commas.")
        start, end, semitones = (
            checked_number(text, "each number of 'mend'", *b) for text, b in zip(numbers, bounds, strict=True)
        )
        if end <= start:
            raise BadRequest(f"a correction of 'mend' ends at {end:g} s, before it begins at {start:g} s.")
        corrections.append(Correction(start, end, semitones))
    return Change(
        toward,
        0.0 if toward is None else number(request, "amount", 0, MOST_AMOUNT) or 0.0,
        number(request, "shift", -FARTHEST, FARTHEST) or 0.0,
        request.query_params.get("steady") == "1",
        tuple(corrections),
    )


def _check_pitch(sound: Sound, change: Change) -> None:
    """Raises BadRequest for a change that would leave the range of pitches."""
    try:
        wanted_pitch(sound, change)
    except TimbreError as error:
        raise BadRequest(str(error)) from error


async def _answered(
    request: Request, work: Callable[[NoteMap, Source, Change, dict[str, str]], Response], lane: Executor = _SOUNDS
) -> Response:
    def guarded() -> Response:
        notes = find_map(parameter(request, "checkpoint"))
        source = _source(request, notes)
        # What is one's own lies in no cache.
        headers = {"Cache-Control": "no-store"} if source.token else stored(request)
        try:
            change = _change(request, notes)
            _check_pitch(opened(notes, source), change)
            return work(notes, source, change, headers)
        except SoundGone as error:
            return JSONResponse({"error": str(error)}, 410)

    return await answer_while_wanted(request, lane, guarded)


async def source_route(request: Request) -> Response:
    """`/api/transfer/source?checkpoint=&note=|sound=[&mend=]`: the sound with its pitch and its place, packed."""

    def work(notes: NoteMap, source: Source, change: Change, headers: dict[str, str]) -> Response:
        packed = described_source(notes, source, change)
        return Response(packed, media_type="application/octet-stream", headers=headers)

    return await _answered(request, work)


async def sound_route(request: Request) -> Response:
    """`/api/transfer/sound?checkpoint=&note=|sound=[&toward=&amount=&shift=&steady=1&mend=][&save=1]`: a WAV file.

    mend: corrections of the pitch, `start~end~semitones` (seconds) between commas. With `save` it is a download.
    """

    def work(notes: NoteMap, source: Source, change: Change, headers: dict[str, str]) -> Response:
        from timbre_core.features.audio import encode_wav

        result = moved(notes, source, change)
        if "save" in request.query_params:
            target = f" to {change.toward}" if change.toward and change.amount else ""
            headers |= attachment(f"{title(notes, source)}{target}.wav")
        wav = encode_wav(result.audio, result.sample_rate)
        return ranged(wav, request.headers.get("range", ""), headers)

    return await _answered(request, work)


async def picture_route(request: Request) -> Response:
    """`/api/transfer/picture?` as for the sound: its spectrogram, the pitch it was asked for, and its place, packed."""

    def work(notes: NoteMap, source: Source, change: Change, headers: dict[str, str]) -> Response:
        packed = described_result(notes, source, change)
        return Response(packed, media_type="application/octet-stream", headers=headers)

    return await _answered(request, work, _PICTURES)


TRANSFER_ROUTES = [
    Route(f"{API}/transfer/source", source_route),
    Route(f"{API}/transfer/sound", sound_route),
    Route(f"{API}/transfer/picture", picture_route),
]
