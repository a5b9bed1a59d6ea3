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
    """`/api/play/export?checkpoint=&z=&low=&high=&step=&name=[&format=&rate=&bits=&layers=&loop=&attack=&release=]`: a ZIP.

    It holds the instrument in the format, its licence note, and the preset. `loop` is `auto`, `on` or `off`.
    """

    def work() -> Response:
        from pages.play.engine import export_instrument
        from timbre_core.generation.formats.packing import file_name, zipped
        from timbre_core.generation.formats.registry import format_of, instrument_files
        from timbre_core.generation.presets import Preset, preset_to_json
        from timbre_core.generation.sampler import ATTACK, RELEASE, Sampling, sampled, sampled_keys

        notes = find_map(parameter(request, "checkpoint"))
        z = point(request, notes)
        low, high = whole(request, "low", 0, 127), whole(request, "high", 0, 127)
        kind = request.query_params.get("format", "sfz")
        attack, release = number(request, "attack", ATTACK, 10), number(request, "release", RELEASE, 20)
        rate, bits = whole(request, "rate", 1, 10**6, 44_100), whole(request, "bits", 1, 64, 16)
        loop = {"auto": None, "on": True, "off": False}
        wanted = request.query_params.get("loop", "auto")
        if wanted not in loop:
            raise BadRequest(f"parameter 'loop' must be one of {', '.join(loop)}.")
        try:
            format_of(kind)
            keys = sampled_keys(low, high, whole(request, "step", 1, 24))
            how = Sampling(rate, bits, whole(request, "layers", 1, 4, 1), loop[wanted], attack, release)
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        name = file_name(request.query_params.get("name", "")[:200])
        files = instrument_files(sampled(export_instrument(notes, z), name, keys, how), kind)
        preset = Preset(checkpoint=notes.checkpoint.model_name, name=name, z=list(z), attack=attack, release=release)
        archive = zipped({**files, f"{name}.json": preset_to_json(preset).encode()})
        headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
        return Response(archive, media_type="application/zip", headers=headers)

    return await answer_while_wanted(request, _EXPORT, work)


async def save_route(request: Request) -> Response:
    """`/api/play/preset?checkpoint=&z=&key=&name=&attack=&release=`: the preset file of a sound."""

    def work() -> Response:
        from timbre_core.generation.formats.packing import file_name
        from timbre_core.generation.presets import Preset, preset_to_json

        notes = find_map(parameter(request, "checkpoint"))
        name = request.query_params.get("name", "")[:120]
        preset = Preset(
            checkpoint=notes.checkpoint.model_name,
            name=name,
            z=list(point(request, notes)),
            key=whole(request, "key", 0, 127),
            attack=number(request, "attack", 0.0, 10),
            release=number(request, "release", 0.25, 20),
        )
        headers = {"Content-Disposition": f'attachment; filename="{file_name(name)}.json"', "Cache-Control": "no-store"}
        return Response(preset_to_json(preset), media_type="application/json", headers=headers)

    return await answer(QUICK, work)


async def load_route(request: Request) -> Response:
    """POST `/api/play/preset?checkpoint=`, the file as body: what it holds, or why it is refused in one sentence."""
    from timbre_core.generation.presets import LARGEST

    data = await body_of(request, LARGEST)
    if data is None:
        sentence = f"a preset has a few kilobytes, this file has more than {LARGEST // 1024}: choose another file."
        return refused(sentence, 413)

    def work() -> Response:
        from timbre_core.generation.presets import read_preset

        notes = find_map(parameter(request, "checkpoint"))
        try:
            preset = read_preset(data, notes.checkpoint)
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        return JSONResponse(preset.model_dump(), headers={"Cache-Control": "no-store"})

    return await answer(QUICK, work)


PLAY_FILE_ROUTES = [
    Route(f"{API}/play/export", export_route),
    Route(f"{API}/play/preset", save_route, methods=["GET"]),
    Route(f"{API}/play/preset", load_route, methods=["POST"]),
]
