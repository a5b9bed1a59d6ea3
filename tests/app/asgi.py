"""Asks the routes directly, without a server."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def get(path: str, query: str = "", headers: dict[str, str] | None = None, app: Any = None) -> Answer:
    # In a thread of its own: a test before this one may have left an event loop running here.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, call(path, query, headers, app=app)).result()


def post(path: str, query: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, call(path, query, headers, method="POST", body=body)).result()


async def call(
    path: str,
    query: str = "",
    headers: dict[str, str] | None = None,
    method: str = "GET",
    body: bytes = b"",
    gone: Callable[[], bool] = lambda: False,
    app: Any = None,
) -> Answer:
    """One request (ASGI 3.0) to an app, without one to the app's own routes; `gone` says whether its asker has left."""
    from starlette.applications import Starlette

    from pages.routes import ROUTES

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("utf-8")) for name, value in (headers or {}).items()],
        "client": ("test", 1),
        "server": ("test", 80),
        "root_path": "",
    }
    sent: list[dict[str, Any]] = []

    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        if asked > 1 and not gone():  # whoever waits for the asker to leave lets others work meanwhile
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"} if gone() else {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await (app or Starlette(routes=ROUTES))(scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    answered = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    told = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], told, answered)


def told(answer: Answer) -> Any:
    """What an answer's JSON says."""
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def heard(answer: Answer) -> np.ndarray:
    """The samples of an answer's WAV file at 16 kHz."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "audio/wav"
    audio, rate = soundfile.read(io.BytesIO(answer.body))
    assert rate == 16_000
    return audio


def unpack(body: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of what `packing` packs."""
    size = int.from_bytes(body[:4], "little")
    header = json.loads(body[4 : 4 + size])
    arrays = {
        name: np.frombuffer(body, told["dtype"], told["length"], 4 + size + told["offset"])
        for name, told in header["arrays"].items()
    }
    return header, arrays
