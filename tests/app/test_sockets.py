"""Answers leave the server at once: connections are accepted without Nagle's algorithm."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from pages.opening import lifespan
from pages.server.sockets import send_at_once


def without_delay(listening: socket.socket) -> bool:
    """Whether a connection that the socket accepts has Nagle's algorithm off."""
    with socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            return bool(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Made as Streamlit makes its own: with no protocol number."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


def test_what_listens_hands_on_that_nothing_waits(listening: socket.socket) -> None:
    assert not without_delay(listening)
    closed = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    closed.close()
    send_at_once()
    assert without_delay(listening)


def test_the_server_does_so_as_it_starts(listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.opening._router", lambda: None)
    monkeypatch.setattr("pages.server.warming._first_map", lambda use: None)
    monkeypatch.setattr("pages.server.warming.go_on", lambda: None)

    async def start() -> None:
        async with lifespan(None):
            assert without_delay(listening)

    asyncio.run(start())
