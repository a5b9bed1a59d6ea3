"""HTTP routes for many notes at once: their labels as CSV, their sounds as a ZIP archive, and the notes that are like them.

The notes' ids come in the request's body as JSON; they are looked up and never become paths.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.server.alike import like_and_unlike
from pages.server.answers import API, QUICK, BadRequest, answer, answer_while_wanted, attachment, body_of, parameter
from pages.server.catalog import NoteMap, find_map
from pages.server.studio import RecordingMissing, Studio
from timbre_core.datasets.csv_cells import frame_text

MOST_ROWS = 50_000
MOST_SOUNDS = 200
MOST_ALIKE = 40
_LARGEST_BODY = 8 * 2**20
_LARGEST_ARCHIVE = 64 * 2**20
_ARCHIVE = ThreadPoolExecutor(1, thread_name_prefix="archive")
_NOT_TOLD = {"root", "audio", "start"}


async def csv_route(request: Request) -> Response:
    """POST `/api/gathered/csv?checkpoint=`: labels and places of the notes, as a CSV file in the order asked for."""
    body = await body_of(request, _LARGEST_BODY)

    def work() -> Response:
        notes = find_map(parameter(request, "checkpoint"))
        table = _table(notes, _rows(body, notes, MOST_ROWS))
        return _file(table.encode("utf-8"), "text/csv; charset=utf-8", f"{notes.checkpoint.name}-notes.csv")

    return await answer(QUICK, work)


async def zip_route(request: Request) -> Response:
    """POST `/api/gathered/zip?checkpoint=`: a WAV file of each note and `notes.csv`, as a ZIP archive.

    A note whose recording is not on this machine is there as the model's reconstruction; the table's column `sound` says so.
    """
    body = await body_of(request, _LARGEST_BODY)

    def work() -> Response:
        from timbre_core.features.audio import encode_wav
        from timbre_core.generation.formats.packing import file_name, zipped

        notes = find_map(parameter(request, "checkpoint"))
        rows = _rows(body, notes, MOST_SOUNDS)
        studio = Studio(notes)
        files, kinds = {}, []
        for place, row in enumerate(rows, 1):
            try:
                kind, audio = "recording", studio.audio(row, "original")
            except RecordingMissing:
                kind, audio = "reconstruction", studio.audio(row, "reconstruction")
            kinds.append(kind)
            files[f"{place:03d}-{file_name(notes.ids[row])}.wav"] = encode_wav(audio, studio.settings.sample_rate)
            if sum(map(len, files.values())) > _LARGEST_ARCHIVE:
                raise BadRequest(f"these sounds are more than {_LARGEST_ARCHIVE // 2**20} MB: choose fewer notes.")
        table = _table(notes, rows, file=list(files), sound=kinds)
        archive = zipped({**files, "notes.csv": table.encode("utf-8")})
        return _file(archive, "application/zip", f"{notes.checkpoint.name}-notes.zip")

    return await answer_while_wanted(request, _ARCHIVE, work)


async def like_route(request: Request) -> Response:
    """POST `/api/gathered/like?checkpoint=`: ids of the notes like some and unlike others, as JSON, the most alike first.

    The body is a JSON object of two lists of ids, `like` and `unlike`; the latter may be empty or missing.
    """
    body = await body_of(request, _LARGEST_BODY)

    def work() -> Response:
        notes = find_map(parameter(request, "checkpoint"))
        asked = _parsed(body, MOST_ROWS)
        if not isinstance(asked, dict):
            raise BadRequest("the request's body must be a JSON object of lists of note ids, `like` and `unlike`.")
        like, unlike = (asked.get(name, []) for name in ("like", "unlike"))
        rows = like_and_unlike(
            notes,
            _looked_up(like, notes, MOST_ROWS),
            _looked_up(unlike, notes, MOST_ROWS) if unlike else [],
            MOST_ALIKE,
        )
        return JSONResponse({"notes": [notes.ids[row] for row in rows]}, headers={"Cache-Control": "no-store"})

    return await answer(QUICK, work)


def _rows(body: bytes | None, notes: NoteMap, most: int) -> list[int]:
    return _looked_up(_parsed(body, most), notes, most)


def _parsed(body: bytes | None, most: int) -> object:
    if body is None:
        raise _too_many(most)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("the request's body must be a JSON list of note ids.") from None


def _looked_up(ids: object, notes: NoteMap, most: int) -> list[int]:
    if isinstance(ids, list) and len(ids) > most:
        raise _too_many(most)
    if not isinstance(ids, list) or not ids or not all(isinstance(note, str) for note in ids):
        raise BadRequest("the request's body must be a JSON list of note ids.")
    return [notes.row_of(note) for note in dict.fromkeys(ids)]


def _too_many(most: int) -> BadRequest:
    return BadRequest(f"these are more notes than the {most:,} that are given at once: choose fewer.")


def _table(notes: NoteMap, rows: list[int], **more: list[str]) -> str:
    told = notes.labels.iloc[rows].drop(columns=[name for name in _NOT_TOLD if name in notes.labels])
    return frame_text(pd.DataFrame(more, index=told.index).join(told))


def _file(data: bytes, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers={**attachment(name), "Cache-Control": "no-store"})


GATHERED_ROUTES = [
    Route(f"{API}/gathered/csv", csv_route, methods=["POST"]),
    Route(f"{API}/gathered/zip", zip_route, methods=["POST"]),
    Route(f"{API}/gathered/like", like_route, methods=["POST"]),
]
