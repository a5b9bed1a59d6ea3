"""The queue in front of the model: what is due first is done first, nothing waits forever, what nobody wants is left out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from pages.server.lanes import Lanes
from tests.app.asgi import Answer, call

FAMILIES = ("bass", "brass", "flute", "guitar")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def one_at_a_time(clock: Clock) -> tuple[Lanes, Callable[[], None]]:
    """Lanes with a single thread that is busy until the function is called."""
    lanes, gate = Lanes(1, "test", clock=clock), threading.Event()
    busy = threading.Event()

    def block() -> None:
        busy.set()
        assert gate.wait(10)

    lanes.lane(0).submit(block)
    assert busy.wait(10)
    return lanes, gate.set


def test_the_urgent_overtakes_and_the_patient_are_not_forgotten() -> None:
    clock, done = Clock(), list[str]()
    lanes, go = one_at_a_time(clock)
    urgent, patient = lanes.lane(0.0), lanes.lane(2.0)
    waiting = [patient.submit(done.append, "ahead"), urgent.submit(done.append, "sound")]
    clock.now = 1.0
    waiting += [patient.submit(done.append, "ahead later"), urgent.submit(done.append, "sound later")]
    clock.now = 2.5
    waiting.append(urgent.submit(done.append, "sound last"))
    go()
    for each in waiting:
        each.result(10)
    assert done == ["sound", "sound later", "ahead", "sound last", "ahead later"]


def test_what_is_cancelled_is_left_out_and_errors_come_back() -> None:
    lanes, go = one_at_a_time(Clock())
    done: list[str] = []

    def fail() -> None:
        raise ValueError("no")

    dropped, failed, kept = (lanes.lane(0).submit(work) for work in (lambda: done.append("x"), fail, lambda: 7))
    assert dropped.cancel()
    go()
    assert kept.result(10) == 7
    with pytest.raises(ValueError, match="no"):
        failed.result(10)
    assert done == []


@pytest.fixture
def made(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is made of notes without recordings, in order; all of it is asked for at the same time of the queue's clock."""
    from pages.server import answers
    from pages.server.studio import Studio
    from timbre_core.checkpoint import open_checkpoint, write_latents

    checkpoint = open_checkpoint(checkpoints / "alpha")
    assert checkpoint.latents is not None
    write_latents(checkpoint.path, checkpoint.latents, [str(checkpoints / "gone")])
    made: list[str] = []

    def noting(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
        def noted(studio: Studio, row: int, kind: str) -> Any:
            result = make(studio, row, kind)  # raises where a recording is wanted
            made.append(f"{name} {studio.notes.ids[row].split('_')[0]}")
            return result

        return noted

    for name in ("preview", "frames", "audio"):
        monkeypatch.setattr(Studio, name, noting(name, getattr(Studio, name)))
    monkeypatch.setattr(answers._LANES, "_clock", Clock())
    return made


def ask(path: str, family: str, gone: Callable[[], bool] = lambda: False, **more: str) -> Coroutine[Any, Any, Answer]:
    note = f"{family}_synthetic_00{FAMILIES.index(family)}-054-100"
    return call(f"/api/{path}", urlencode({"checkpoint": "alpha", "note": note, **more}), gone=gone)


def asked_while_busy(*requests: Coroutine[Any, Any, Answer], leave: Callable[[], None] = lambda: None) -> list[int]:
    """Requests that come one after the other while both threads are busy: the answers' statuses. A single thread makes them."""
    from pages.server import answers

    gates = threading.Event(), threading.Event()
    blocked = [answers.SLOW.submit(gate.wait, 60) for gate in gates]

    async def ask_all() -> list[int]:
        tasks = []
        for request in requests:
            tasks.append(asyncio.create_task(request))
            await asyncio.sleep(0.05)
        leave()
        await asyncio.sleep(0.3)
        gates[0].set()
        return [answer.status for answer in await asyncio.gather(*tasks)]

    # In a thread of its own: a test before this one may have left an event loop running here.
    try:
        with ThreadPoolExecutor(1) as thread:
            statuses = thread.submit(asyncio.run, ask_all()).result(60)
    finally:
        for gate in gates:
            gate.set()
    for each in blocked:
        each.result(30)
    return statuses


def test_what_is_heard_first_overtakes_pictures_and_what_is_read_ahead(made: list[str]) -> None:
    statuses = asked_while_busy(
        ask("preview", "flute", ahead="1"),
        ask("frames", "guitar", kind="reconstruction"),
        ask("preview", "brass"),
        ask("audio", "bass", kind="reconstruction"),
    )
    assert statuses == [200] * 4
    asked = [name for name in made if name in ("preview flute", "frames guitar", "preview brass", "audio bass")]
    assert asked == ["preview brass", "audio bass", "frames guitar", "preview flute"]


def test_what_nobody_waits_for_any_longer_is_not_made(made: list[str]) -> None:
    left = threading.Event()
    statuses = asked_while_busy(
        ask("preview", "flute", gone=left.is_set),
        ask("audio", "guitar", gone=left.is_set, kind="reconstruction"),
        ask("frames", "brass", gone=left.is_set, kind="reconstruction"),
        ask("preview", "bass"),
        leave=left.set,
    )
    assert statuses == [204, 204, 204, 200]
    assert {name.split()[1] for name in made} == {"bass"}


def test_a_sound_is_the_same_read_ahead_or_not_and_for_every_visitor(made: list[str]) -> None:
    with ThreadPoolExecutor(4) as visitors:
        asked = [
            visitors.submit(asyncio.run, ask("preview", family, **more))
            for family in ("flute", "brass")
            for more in ({}, {"ahead": "1"})
        ]
        flute, flute_ahead, brass, brass_ahead = (each.result(60).body for each in asked)
    assert flute == flute_ahead
    assert brass == brass_ahead
    assert flute != brass
