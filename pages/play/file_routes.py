"""HTTP routes for what the Play page saves and loads: multi-sampled instruments and presets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.play.parameters import carrier, number, point, shape, tuning, whole
from pages.server.answers import (
    API,
    QUICK,
    BadRequest,
    answer,
    answer_while_wanted,
    attachment,
    body_of,
    parameter,
    refused,
)
from pages.server.catalog import find_playable
from timbre_core.errors import TimbreError

_EXPORT = ThreadPoolExecutor(1, thread_name_prefix="export")
_MOST_REMARKS = 20
_OWN = ThreadPoolExecutor(2, thread_name_prefix="own")


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

        notes = find_playable(parameter(request, "checkpoint"))
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
        title = request.query_params.get("name", "")[:200]
        name = file_name(title)
        macros = shape(request)
        sounds = export_instrument(notes, z, carrier(request, notes)).with_shape(macros)
        files = instrument_files(sampled(sounds, name, keys, how, tuning=tuning(request)), kind)
        preset = Preset(
            checkpoint=notes.checkpoint.model_name,
            name=name,
            z=list(z),
            attack=attack,
            release=release,
            macros=macros.steps(),
        )
        archive = zipped({**files, f"{name}.json": preset_to_json(preset).encode()})
        headers = {**attachment(f"{title or name}-{kind}.zip"), "Cache-Control": "no-store"}
        return Response(archive, media_type="application/zip", headers=headers)

    return await answer_while_wanted(request, _EXPORT, work)


async def save_route(request: Request) -> Response:
    """`/api/play/preset?checkpoint=&z=&key=&name=&attack=&release=[&shape=][&carrier=NOTE]`: the preset file of a sound."""

    def work() -> Response:
        from timbre_core.generation.presets import Preset, preset_to_json

        notes = find_playable(parameter(request, "checkpoint"))
        name = request.query_params.get("name", "")[:120]
        preset = Preset(
            checkpoint=notes.checkpoint.model_name,
            name=name,
            z=list(point(request, notes)),
            key=whole(request, "key", 0, 127),
            attack=number(request, "attack", 0.0, 10),
            release=number(request, "release", 0.25, 20),
            macros=shape(request).steps(),
            note=request.query_params.get("carrier", "")[:200] if "carrier" in request.query_params else "",
        )
        headers = {**attachment(f"{name or 'instrument'}.json"), "Cache-Control": "no-store"}
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

        notes = find_playable(parameter(request, "checkpoint"))
        try:
            preset = read_preset(data, notes.checkpoint)
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        return JSONResponse(preset.model_dump(), headers={"Cache-Control": "no-store"})

    return await answer(QUICK, work)


async def pieces_route(request: Request) -> Response:
    """`/api/play/pieces`: names and titles of the pieces that come with the project."""

    def work() -> Response:
        from timbre_core.generation.midi.pieces import TITLES

        return JSONResponse([{"name": name, "title": title} for name, title in TITLES.items()])

    return await answer(QUICK, work)


async def piece_route(request: Request) -> Response:
    """`/api/play/piece?name=`: the MIDI file of one of those pieces."""

    def work() -> Response:
        from timbre_core.generation.midi.pieces import TITLES, piece_file

        name = parameter(request, "name")
        if name not in TITLES:
            raise TimbreError(f"there is no piece {name[:80]!r}.")
        return Response(piece_file(name), media_type="audio/midi", headers=attachment(f"{name}.mid"))

    return await answer(QUICK, work)


async def perform_route(request: Request) -> Response:
    """POST `/api/play/perform?checkpoint=&z=&attack=&release=[&band=1][&stems=1]`, a MIDI file as body: the piece as WAV file.

    It is played with the sound at `z`, or with `band` each program with its family's. With `stems` a ZIP of one file for
    each channel. Header `X-Remarks`: what is to be told, between `|`.
    """
    from timbre_core.generation.midi.reading import LARGEST

    data = await body_of(request, LARGEST)
    if data is None:
        return refused(f"a MIDI file of more than {LARGEST // 2**20} MB is none: choose another file.", 413)

    def work() -> Response:
        from pages.play.engine import performance
        from timbre_core.features.audio import encode_wav
        from timbre_core.generation.formats.packing import zipped
        from timbre_core.generation.midi.performance import RATE
        from timbre_core.generation.midi.reading import read_midi

        notes = find_playable(parameter(request, "checkpoint"))
        z = None if "band" in request.query_params else point(request, notes)
        attack, release = number(request, "attack", 0.002, 10), number(request, "release", 0.25, 20)
        try:
            piece = read_midi(data)
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        made = performance(notes, piece, z, attack, release, carrier(request, notes), shape(request), tuning(request))
        mix = made.mix()
        headers = {"Cache-Control": "no-store", "X-Remarks": "|".join(made.remarks)}
        if "stems" not in request.query_params:
            return Response(encode_wav(mix, RATE), media_type="audio/wav", headers=headers)
        stems = {f"stem-{channel + 1:02d}.wav": encode_wav(audio, RATE) for channel, audio in made.stems()}
        return Response(zipped(stems), media_type="application/zip", headers=headers)

    return await answer_while_wanted(request, _EXPORT, work)


async def own_route(request: Request) -> Response:
    """POST `/api/play/own?checkpoint=&name=[&with=TOKEN][&pitch=MIDI]`, a sound file or a ZIP of some as body: an instrument.

    GET with `preset=KEY` is the same of the recordings that a kept preset plays.

    `with` adds the note to those of another one; without a body its last note gets the pitch. The answer says the `carrier`
    that plays it, the `notes` with the pitches that are heard, where it lies (`z`), how many `layers` of velocity it has, and
    `remarks` on damaged files and what an archive holds beside. A refusal says `pitch_wanted` where a pitch would help.
    """
    from pages.play.own import LARGEST, corrected, notes_of, with_archive, with_preset, with_sound

    data = await body_of(request, LARGEST) if request.method == "POST" else b""
    if data is None:
        name = request.query_params.get("name", "")[:80] or "this sound"
        return refused(f"{name}: more than {LARGEST // 2**20} MB are not one note: cut it.", 413)

    def work() -> Response:
        from pages.play.engine import instrument
        from pages.server.studio import Studio
        from timbre_core.generation.own_sounds import PitchUnheard

        notes = find_playable(parameter(request, "checkpoint"))
        name = parameter(request, "name") if request.method == "POST" else ""
        beside = request.query_params.get("with") or None
        pitch = number(request, "pitch", 0.0, 127) if "pitch" in request.query_params else None
        remarks: list[str] = []
        try:
            if request.method == "GET":
                token = with_preset(Studio(notes).space(), parameter(request, "preset"))
            elif data.startswith(b"PK\x03\x04") or (data and name.lower().endswith(".zip")):
                token, remarks = with_archive(Studio(notes).space(), data, name, beside)
            elif data:
                token = with_sound(Studio(notes).space(), data, name, beside, pitch, remarks)
            elif beside is None or pitch is None:
                raise BadRequest(f"{name[:80]}: an empty file: record or choose another one.")
            else:
                token = corrected(beside, pitch)
        except PitchUnheard as error:
            return JSONResponse({"error": str(error), "pitch_wanted": True}, 400)
        except TimbreError as error:
            raise BadRequest(str(error)) from error
        sounds = instrument(notes, (), token)
        z = [round(float(value), 4) for value in sounds.mean]
        told = [{"name": note.name, "pitch": round(note.pitch, 2)} for note in notes_of(token)]
        body = {
            "carrier": token,
            "notes": told,
            "z": z,
            "layers": len(sounds.layers),
            "remarks": remarks[:_MOST_REMARKS],
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    return await answer_while_wanted(request, _OWN, work)


PLAY_FILE_ROUTES = [
    Route(f"{API}/play/export", export_route),
    Route(f"{API}/play/pieces", pieces_route),
    Route(f"{API}/play/piece", piece_route),
    Route(f"{API}/play/perform", perform_route, methods=["POST"]),
    Route(f"{API}/play/own", own_route, methods=["GET", "POST"]),
    Route(f"{API}/play/preset", save_route, methods=["GET"]),
    Route(f"{API}/play/preset", load_route, methods=["POST"]),
]
