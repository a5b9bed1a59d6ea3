"""The HTTP route that reads Scala files."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.server.answers import API, QUICK, BadRequest, answer, body_of, refused
from timbre_core.errors import TimbreError

_LARGEST = 1024 * 1024


async def tuning_route(request: Request) -> Response:
    """POST `/api/play/tuning`, {scl, kbm} as JSON, the texts of a Scala scale and, or empty, of a keyboard mapping.

    The answer says the scale's `name`, and the MIDI `pitches` of the keys 0-127, null where a key plays nothing.
    """
    body = await body_of(request, _LARGEST)
    if body is None:
        return refused("a Scala file has a few kilobytes, this is more: choose another file.", 413)

    def work() -> Response:
        from timbre_core.features.tuning import key_pitches, read_mapping, read_scale

        try:
            told = json.loads(body)
            texts = [str(told[name]) for name in ("scl", "kbm")]
        except (UnicodeDecodeError, ValueError, RecursionError, KeyError, TypeError):
            raise BadRequest("the texts of a scale and of a mapping are expected, as scl and kbm.") from None
        with tempfile.TemporaryDirectory() as folder:
            scale, mapping = Path(folder) / "scale.scl", Path(folder) / "mapping.kbm"
            for path, text in zip((scale, mapping), texts, strict=True):
                path.write_text(text, encoding="latin-1", errors="replace")
            try:
                read = read_scale(scale)
                pitches = key_pitches(read, read_mapping(mapping) if texts[1] else None)
            except TimbreError as error:
                raise BadRequest(str(error).replace(f"{folder}/", "")) from error
        playable = [pitch if pitch is not None and 0 <= pitch <= 127 else None for pitch in pitches]
        if not any(pitch is not None for pitch in playable):
            raise BadRequest("in this tuning no key has a pitch that can be heard: choose another one.")
        told = {"name": read.name[:80], "pitches": [None if pitch is None else round(pitch, 4) for pitch in playable]}
        return JSONResponse(told)

    return await answer(QUICK, work)


TUNING_ROUTES = [Route(f"{API}/play/tuning", tuning_route, methods=["POST"])]
