"""What all routes share."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from pages.server.answers import QUICK, answer, attachment, body_of


@pytest.mark.parametrize(
    ("name", "plain", "whole"),
    [
        ("琴_60.wav", "_60.wav", "琴_60.wav"),
        ("Fl\u0308ote nü.flac", "Flote-nu.flac", "Fl\u0308ote nü.flac"),
        ("скрипка.sfz", "instrument.sfz", "скрипка.sfz"),
        ('../a"b\\c\r\nX: 1\u202e.wav', "a-b-c-X--1.wav", "-a-b-c-X- 1-.wav"),
        ("no ending", "no-ending", "no ending"),
        ("", "sound", "sound"),
        ("\ud800" + "é" * 300 + ".wav", "e" * 60 + ".wav", "-" + "é" * 89 + ".wav"),
    ],
)
def test_names_of_files_to_save(name: str, plain: str, whole: str) -> None:
    told = attachment(name)["Content-Disposition"]
    assert told.isascii()
    assert told.startswith(f"attachment; filename=\"{plain}\"; filename*=UTF-8''")
    assert unquote(told.partition("''")[2]) == whole


def test_a_page_that_is_left_while_it_sends_is_no_fault() -> None:
    async def leave() -> Message:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": []}, leave)
    assert asyncio.run(body_of(request, 10)) is None


@pytest.mark.parametrize("fault", [StopIteration, ValueError, RecursionError, MemoryError])
def test_a_fault_of_any_kind_is_answered(fault: type[Exception]) -> None:
    def work() -> Response:
        raise fault

    assert asyncio.run(asyncio.wait_for(answer(QUICK, work), 5)).status_code == 500
