"""How long work tells what is done, and is told to end."""

from __future__ import annotations

from typing import Protocol


class Cancelled(Exception):
    """Somebody asked for the work to end: what is confirmed stays."""


class Report(Protocol):
    """Takes what is done, and raises Cancelled where that was asked for."""

    def __call__(self, phase: str, done: int, total: int) -> None: ...
