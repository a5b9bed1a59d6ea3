"""HTTP routes for what is kept of sounds: stars, tags, collections, and sets of sounds as files.

Notes are named by the ids of a map, looked up, and known to the catalogue by keys that outlive maps. What changes something is
taken as JSON alone, which a form on another site cannot send.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from pages.server.answers import API, QUICK, BadRequest, answer, answer_while_wanted, attachment, body_of, parameter
from pages.server.catalog import NoteMap, find_map
from pages.server.kept import described_kept, items_of, sound_file
from timbre_core.catalogue import keeping
from timbre_core.catalogue.exports import KINDS, write_set
from timbre_core.errors import TimbreError

MOST_NOTES = 50_000
MOST_EXPORTED = 5_000
_LARGEST_BODY = 8 * 2**20
_EXPORT = ThreadPoolExecutor(1, thread_name_prefix="export")

_CHANGES: dict[str, Callable[[list[str], str, str], None]] = {
    "star": lambda sounds, name, new: keeping.star(sounds),
    "unstar": lambda sounds, name, new: keeping.star(sounds, False),
    "tag": lambda sounds, name, new: keeping.tag(sounds, name),
    "untag": lambda sounds, name, new: keeping.tag(sounds, name, False),
    "collect": lambda sounds, name, new: keeping.collect(sounds, name),
    "uncollect": lambda sounds, name, new: keeping.uncollect(sounds, name),
    "rename": lambda sounds, name, new: keeping.rename_collection(name, new),
    "delete": lambda sounds, name, new: keeping.delete_collection(name),
}


async def kept_route(request: Request) -> Response:
    """GET `/api/kept?checkpoint=`: stars, tags and collections, as ids of this map's notes. POST a change: {do, notes, name,
    new}; the answer is what is kept then."""
    body = await body_of(request, _LARGEST_BODY) if request.method == "POST" else b""

    def work() -> Response:
        notes = find_map(parameter(request, "checkpoint"))
        if request.method == "POST":
            if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                raise BadRequest("a change must be sent as application/json.")
            _change(notes, _told(body))
        return JSONResponse(described_kept(notes), headers={"Cache-Control": "no-store"})

    return await answer(QUICK, work)


async def export_route(request: Request) -> Response:
    """POST `/api/kept/export?checkpoint=&kind=[&name=]`, the notes' ids as a JSON list: a ZIP archive, see `write_set`."""
    body = await body_of(request, _LARGEST_BODY)

    def work() -> Response:
        notes = find_map(parameter(request, "checkpoint"))
        kind = parameter(request, "kind")
        if kind not in KINDS:
            raise BadRequest(f"kind must be one of {', '.join(KINDS)}.")
        name = request.query_params.get("name", "")[:60] or "sounds"
        rows = _rows(notes, _told(body), MOST_EXPORTED)
        with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as made:
            path = Path(made.name)
        try:
            write_set(items_of(notes, rows), kind, path, name)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        done = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(
            path,
            media_type="application/zip",
            headers={**attachment(f"{name}.zip"), "Cache-Control": "no-store"},
            background=done,
        )

    return await answer_while_wanted(request, _EXPORT, work)


async def file_route(request: Request) -> Response:
    """`/api/kept/file?checkpoint=&note=`: a note's own file, as it is; of a shipped note a WAV file. For other programs, which
    it can be dragged to."""

    def work() -> Response:
        notes, note = find_map(parameter(request, "checkpoint")), parameter(request, "note")
        data, kind, name = sound_file(notes, _rows(notes, [note], 1)[0])
        return Response(data, media_type=kind, headers={**attachment(name), "Cache-Control": "no-store"})

    return await answer(QUICK, work)


def _told(body: bytes | None) -> Any:
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):
        raise BadRequest("the request's body must be JSON, and at most 8 MB.") from None


def _change(notes: NoteMap, told: Any) -> None:
    if not isinstance(told, dict) or not isinstance(told.get("do"), str) or told["do"] not in _CHANGES:
        raise BadRequest(f"'do' must be one of {', '.join(_CHANGES)}.")
    name, new = told.get("name", ""), told.get("new", "")
    if not isinstance(name, str) or not isinstance(new, str):
        raise BadRequest("'name' and 'new' must be text.")
    asked = told.get("notes", [])
    rows = _rows(notes, asked, MOST_NOTES) if asked else []
    try:
        _CHANGES[told["do"]]([notes.sound_key(row) for row in rows], name, new)
    except TimbreError as error:
        raise BadRequest(str(error)) from error


def _rows(notes: NoteMap, ids: Any, most: int) -> Sequence[int]:
    if not isinstance(ids, list) or not ids or not all(isinstance(note, str) for note in ids):
        raise BadRequest("notes must be a list of ids.")
    if len(ids) > most:
        raise BadRequest(f"these are more notes than the {most:,} that are taken at once: choose fewer.")
    unknown = next((note for note in ids if note not in notes.rows), None)
    if unknown is not None:
        raise TimbreError(f"this map has no note {unknown[:80]!r}.")
    return [notes.rows[note] for note in dict.fromkeys(ids)]


KEPT_ROUTES = [
    Route(f"{API}/kept", kept_route, methods=["GET", "POST"]),
    Route(f"{API}/kept/export", export_route, methods=["POST"]),
    Route(f"{API}/kept/file", file_route),
]
"""Routes of stars, tags, collections and exports."""
