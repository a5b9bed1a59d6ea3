"""What all HTTP routes share: parameters that are checked, work off the event loop, errors as one sentence."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from pages.server.address import ADDRESS as ADDRESS
from pages.server.address import API as API
from pages.server.catalog import NoteMap
from pages.server.lanes import Lanes
from pages.server.studio import RecordingMissing
from pages.server.versions import stored as stored
from pages.server.warming import share_cores
from timbre_core.errors import TimbreError
from timbre_core.inverters import inverter_names

QUICK = ThreadPoolExecutor(4, thread_name_prefix="quick")
_LANES = Lanes(2, "slow", share_cores)
SLOW = _LANES.lane(0.0)
BESIDE = _LANES.lane(0.3)
"""For what goes with a sound that is heard first: pictures, and versions to compare it with."""
AHEAD = _LANES.lane(2.0)
"""For what nobody waits for yet."""
_LOG = logging.getLogger(__name__)
_LONGEST_PARAMETER = 512
_NO_FILE_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\\/:*?"<>|]+')
_LONGEST_FILE_NAME = 180  # bytes in UTF-8, without the ending
_LEFT = 0.05  # seconds between looks at whether the asker is still there


class BadRequest(TimbreError):
    """A parameter of the request is missing or makes no sense."""


def parameter(request: Request, name: str, longest: int = _LONGEST_PARAMETER) -> str:
    """A parameter of the request's address; raises BadRequest when it is missing or longer than `longest` characters."""
    value = request.query_params.get(name, "")
    if not value or len(value) > longest:
        raise BadRequest(f"parameter {name!r} is missing or too long.")
    return value


def number(request: Request, name: str, low: float, high: float) -> float | None:
    """A number of the request's address from `low` to `high`, None where it is left out. Raises BadRequest for anything else."""
    if name not in request.query_params:
        return None
    return checked_number(parameter(request, name, 24), f"parameter {name!r}", low, high)


def checked_number(text: str, what: str, low: float, high: float) -> float:
    """Text as a number from `low` to `high`. Raises BadRequest, calling it `what`."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise BadRequest(f"{what} must be a number from {low:g} to {high:g}.")
    return round(value, 4)


def inverter_of(request: Request, notes: NoteMap) -> str | None:
    """The inverter asked for, one of those for the map's features; None leaves it to the checkpoint."""
    if "inverter" not in request.query_params:
        return None
    wanted, names = parameter(request, "inverter"), inverter_names(notes.checkpoint.recipe.features)
    if wanted not in names:
        raise BadRequest(f"inverter must be one of {', '.join(names)}.")
    return wanted


async def body_of(request: Request, most: int) -> bytes | None:
    """The request's body; None as soon as it turns out to have more than `most` bytes, or its sender has left."""
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                return None
    except ClientDisconnect:
        return None
    return bytes(data)


def refused(sentence: str, status: int) -> Response:
    """A request that is not taken on, and why."""
    return JSONResponse({"error": sentence}, status)


def attachment(name: str) -> dict[str, str]:
    """The header that saves an answer as a file called `name`, ending and all, in letters of any script (RFC 6266): with
    `filename*` (RFC 5987), and an ASCII name for what does not read it. Path separators and control characters become `-`."""
    from timbre_core.generation.formats.packing import file_name

    text = _NO_FILE_NAME.sub("-", unicodedata.normalize("NFC", name)).strip(" .")
    stem, dot, ending = text.rpartition(".")
    stem, ending = (stem, ending[:12]) if dot else (ending, "")
    stem = stem.encode("utf-8", "replace")[:_LONGEST_FILE_NAME].decode(errors="ignore").strip() or "sound"
    last = re.sub(r"[^A-Za-z0-9]", "", ending)
    plain = file_name(stem) + f".{last}" * bool(last)
    told = quote(f"{stem}.{ending}" if ending else stem, safe="!#$&+^`|~")
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{told}"}


async def answer(pool: Executor, work: Callable[[], Response]) -> Response:
    """Run `work` in a pool; what goes wrong becomes a JSON answer with one sentence."""

    def run() -> Response:
        try:
            return work()
        except StopIteration as error:  # no future takes it: whoever waits for one would wait for ever
            raise RuntimeError("nothing is left to iterate over") from error

    try:
        return await asyncio.get_running_loop().run_in_executor(pool, run)
    except RecordingMissing as error:
        return JSONResponse({"error": str(error), "recording_missing": True}, 404)
    except BadRequest as error:
        return refused(str(error), 400)
    except TimbreError as error:
        return refused(str(error), 404)
    except Exception:
        _LOG.exception("a request failed")
        return refused("Something went wrong here: the server's log has the details.", 500)


async def answer_while_wanted(request: Request, pool: Executor, work: Callable[[], Response]) -> Response:
    """As `answer`, but work that is still waiting for its turn when its asker leaves is left undone."""
    left = threading.Event()

    async def watch() -> None:
        await asyncio.sleep(_LEFT)
        while not await request.is_disconnected():
            await asyncio.sleep(_LEFT)
        left.set()

    watcher = asyncio.create_task(watch())
    try:
        return await answer(pool, lambda: Response(status_code=204) if left.is_set() else work())
    finally:
        watcher.cancel()


def ranged(data: bytes, wanted: str, headers: dict[str, str]) -> Response:
    """A WAV file, or the one range of it that a `Range: bytes=` header asks for (RFC 9110, section 14)."""
    headers = {**headers, "Accept-Ranges": "bytes"}
    unit, _, span = wanted.partition("=")
    first, dash, last = span.partition("-")
    if unit.strip() != "bytes" or not dash or "," in span or not (first + last).isdecimal() or len(span) > 30:
        return Response(data, media_type="audio/wav", headers=headers)
    size = len(data)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    return Response(
        data[start : end + 1],
        status_code=206,
        media_type="audio/wav",
        headers={**headers, "Content-Range": f"bytes {start}-{end}/{size}"},
    )
