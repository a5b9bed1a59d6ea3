"""Ctrl-C while threads are started: none is left that nobody waits for."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from timbre_core.cli.batch import run_batch
from timbre_core.datasets.interrupts import interrupts_deferred
from timbre_core.datasets.threads import in_threads, shared_out


@pytest.fixture
def interrupted_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C comes as a thread has just been started, before its pool knows of it."""
    start = threading.Thread.start

    def interrupted(self: threading.Thread) -> None:
        start(self)
        if "ThreadPoolExecutor" in self.name:  # not tqdm's own
            time.sleep(0.05)  # it is at work by now
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(threading.Thread, "start", interrupted)


def _slow(ended: list[int]) -> int:
    try:
        time.sleep(0.2)
    finally:
        ended.append(1)
    return 1


@pytest.mark.usefixtures("interrupted_starts")
def test_a_thread_that_ctrl_c_comes_upon_is_waited_for() -> None:
    ended: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        list(in_threads(lambda _: _slow(ended), [0], "note", "slow"))
    assert ended == [1]


@pytest.mark.usefixtures("interrupted_starts")
def test_so_is_one_of_several_that_share_long_work() -> None:
    ended: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        shared_out(lambda _, tell: _slow(ended), [0, 1], 2, lambda more: None)
    assert ended == [1, 1]


@pytest.mark.usefixtures("interrupted_starts")
def test_so_is_one_of_a_batch() -> None:
    ended: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run_batch({name: lambda: [str(_slow(ended))] for name in "ab"}, "files", jobs=2)
    assert ended == [1, 1]


def test_ctrl_c_is_answered_when_the_block_is_done() -> None:
    reached: list[str] = []

    def work() -> None:
        with interrupts_deferred():
            signal.raise_signal(signal.SIGINT)
            reached.append("end")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_and_ignored_interrupts_are_left_alone() -> None:
    def elsewhere() -> None:
        with interrupts_deferred():
            seen.append(signal.getsignal(signal.SIGINT))

    seen: list[object] = []
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_deferred():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_a_batch_is_at_is_ended_and_put_away() -> None:
    put_away: list[str] = []

    def long(name: str) -> list[str]:
        try:
            for _ in range(3000):
                time.sleep(0.01)
        finally:
            put_away.append(name)
        return []

    def interrupting() -> list[str]:
        time.sleep(0.2)
        signal.raise_signal(signal.SIGINT)
        return []

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_batch({"a": lambda: long("a"), "b": lambda: long("b"), "c": interrupting}, "files", jobs=3)
    assert sorted(put_away) == ["a", "b"]
    assert time.monotonic() - begun < 10
