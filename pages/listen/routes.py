"""HTTP routes of the listening page: sounds and spectrograms of the starter library's notes.

Every parameter is one of a list that is looked up; nothing becomes a path. librosa's slow inversions have a thread of
their own, so that nothing else waits behind them.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.listen.booth import LIBROSA, SOURCES, Booth, Source, starter_library, variants
from pages.server.answers import API, SLOW, BadRequest, answer, parameter, ranged, stored
from pages.server.catalog import find_checkpoint
from pages.server.packing import pack_frames
from pages.server.warming import share_cores

_PATIENT = ThreadPoolExecutor(1, thread_name_prefix="librosa", initializer=share_cores)


def _asked(request: Request) -> tuple[Booth, int, str, Source]:
    """The checkpoint, the note's row, what to hear it as, and what is inverted."""
    booth = Booth(find_checkpoint(parameter(request, "checkpoint")))
    row = starter_library().find(parameter(request, "note"))
    variant, source = parameter(request, "variant"), parameter(request, "source")
    for known in SOURCES:
        if source == known:
            names = variants(booth.checkpoint, known)
            if variant not in names:
                raise BadRequest(f"variant must be one of {', '.join(names)}.")
            return booth, row, variant, known
    raise BadRequest(f"source must be one of {', '.join(SOURCES)}.")


def _pool(request: Request) -> Executor:
    return _PATIENT if request.query_params.get("variant") == LIBROSA else SLOW


async def audio_route(request: Request) -> Response:
    """`/api/listen/audio?checkpoint=&note=&variant=&source=`: a WAV file; single byte ranges are answered."""

    def work() -> Response:
        from timbre_core.features.audio import encode_wav

        booth, row, variant, source = _asked(request)
        wav = encode_wav(booth.audio(row, variant, source), booth.checkpoint.recipe.features.sample_rate)
        return ranged(wav, request.headers.get("range", ""), stored(request))

    return await answer(_pool(request), work)


async def frames_route(request: Request) -> Response:
    """`/api/listen/frames?checkpoint=&note=&variant=&source=`: the frames of that sound, packed for spectrogram.js."""

    def work() -> Response:
        booth, row, variant, source = _asked(request)
        packed = pack_frames(booth.frames(row, variant, source), booth.checkpoint.recipe.features)
        return Response(packed, media_type="application/octet-stream", headers=stored(request))

    return await answer(_pool(request), work)


LISTEN_ROUTES = [Route(f"{API}/listen/audio", audio_route), Route(f"{API}/listen/frames", frames_route)]
