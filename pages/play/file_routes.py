"""HTTP routes for what the Play page saves and loads: multi-sampled instruments and presets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.play.parameters import number, point, whole
from pages.server.answers import API, QUICK, BadRequest, answer, answer_while_wanted, body_of, parameter, refused
from pages.server.catalog import find_map
from timbre_core.errors import TimbreError

_EXPORT = ThreadPoolExecutor(1, thread_name_prefix="export")


async def export_route(request: Request) -> Response:
    """`/api/play/export?checkpoint=&z=&low=&high=&step=&name=`: a ZIP archive with SFZ, WAV files and the preset."""

    def work() -> Response:
