"""The queue of work on one's own libraries, and the processes that do it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from timbre_core.__main__ import main
from timbre_core.catalogue import crew as crew_module
from timbre_core.catalogue import jobs
from timbre_core.catalogue.crew import Crew
from timbre_core.catalogue.database import database_file, reading, writing
from timbre_core.catalogue.progress import Cancelled
from timbre_core.errors import TimbreError


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))


def open_doubling(argument: int) -> Callable[[Sequence[int]], list[int]]:
    def double(task: Sequence[int]) -> list[int]:
        if argument in task:
            os.kill(os.getpid(), signal.SIGKILL)
        return [2 * item for item in task]

    return double


def lost(item: int) -> int:
    return -item


def test_an_item_that_ends_its_process_costs_itself_alone() -> None:
    with Crew(open_doubling, 5, lost, 2) as crew:
        found = sorted(result for results in crew.results(list(range(1, 11)), 3) for result in results)
    assert found == sorted([-5, *(2 * item for item in range(1, 11) if item != 5)])


def open_niceness(_: None) -> Callable[[Sequence[int]], list[int]]:
    return lambda task: [os.getpriority(os.PRIO_PROCESS, 0)] * len(task)


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="this system has no niceness")
def test_processes_step_back_when_nobody_waits_for_them() -> None:
    with Crew(open_niceness, None, lost, 1) as crew:
        before = next(iter(crew.results([1], 1)))
        crew.step_back()
        after = next(iter(crew.results([1], 1)))
    assert before[0] == os.getpriority(os.PRIO_PROCESS, 0)
    assert after[0] >= 5


def test_work_is_done_in_order_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[int] = []

    def count(job: jobs.Job, report: jobs._Reporter) -> str:
        for done in range(4):
            report("counting", done, 4)
        did.append(job.arguments["number"])
        return f"counted {job.arguments['number']}"

    def fails(job: jobs.Job, report: jobs._Reporter) -> str:
        raise TimbreError("no such thing: get one.")

    monkeypatch.setattr(jobs, "KINDS", {"count": count, "fails": fails})
    first = jobs.ask("count", None, {"number": 1})
    assert jobs.ask("count", None, {"number": 1}).id == first.id, "what waits is not asked for twice"
    jobs.ask("fails", None)
    jobs.ask("count", None, {"number": 2})
    told: list[str] = []
    assert jobs.work(lambda job: told.append(job.state))
    assert did == [1, 2]
    assert [(job.state, job.message) for job in jobs.list_jobs()] == [
        ("done", "counted 1"),
        ("failed", "no such thing: get one."),
        ("done", "counted 2"),
    ]
    assert "running" in told


def test_work_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(job: jobs.Job, report: jobs._Reporter) -> str:
        jobs.cancel(job.id)
        report("slow", 0, 9)
        raise AssertionError("it went on")

    monkeypatch.setattr(jobs, "KINDS", {"slow": slow})
    running, waiting = jobs.ask("slow", None), jobs.ask("slow", None, {"again": True})
    jobs.cancel(waiting.id)
    jobs.work()
    assert [jobs.job_of_id(each.id).state for each in (running, waiting)] == ["cancelled", "cancelled"]
    assert issubclass(Cancelled, Exception)


def test_what_another_process_left_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KINDS", {"count": lambda job, report: "done"})
    waiting, left = jobs.ask("count", None), jobs.ask("count", None, {"left": True})
    with writing() as database:
        database.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (left.id,))
    order: list[int] = []
    jobs.work(lambda job: order.append(job.id))
    assert order == [left.id, waiting.id]


def test_one_process_works_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KINDS", {"count": lambda job, report: "done"})
    jobs.ask("count", None)
    with jobs._lock():
        assert jobs.is_worked_on()
        assert not jobs.work()
    assert not jobs.is_worked_on()
    assert jobs.work()


_WRITER = """
import sys, time
from timbre_core.catalogue.database import writing
number = 0
while True:
    with writing("kept") as database:
        database.execute("INSERT INTO stars VALUES (?, 0)", (f"{sys.argv[1]}-{number}-a",))
        database.execute("INSERT INTO stars VALUES (?, 0)", (f"{sys.argv[1]}-{number}-b",))
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_writer_loses_nothing_that_was_confirmed(seed: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(seed)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.03 * seed)
    process.send_signal(signal.SIGKILL)
    confirmed = [0, *map(int, process.stdout.read().split())]
    process.wait()
    process.stdout.close()
    with reading() as database:
        kept = {sound for (sound,) in database.execute("SELECT sound FROM stars")}
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert {f"{seed}-{number}-{half}" for number in confirmed for half in "ab"} <= kept
    assert len(kept) % 2 == 0, "a transaction is there whole or not at all"
    assert database_file().exists()


def test_work_with_a_fault_fails_once_and_what_waits_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(job: jobs.Job, report: jobs._Reporter) -> str:
        raise IndexError("nobody foresaw this")

    monkeypatch.setattr(jobs, "KINDS", {"breaks": breaks, "fine": lambda job, report: "done"})
    bad, unknown, good = (jobs.ask(kind, None) for kind in ("breaks", "of a later version", "fine"))
    assert jobs.work()
    assert [jobs.job_of_id(job.id).state for job in (bad, unknown, good)] == ["failed", "failed", "done"]
    assert "nobody foresaw this" in jobs.job_of_id(bad.id).message


def test_a_data_folder_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.ask("update", None)

    def refuse() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(jobs, "_lock", refuse)
    with pytest.raises(TimbreError, match="no permission"):
        jobs.start_worker()


def test_work_whose_process_died_is_called_interrupted_and_not_asked_for_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "KINDS", {"count": lambda job, report: "counted"})
    begun = jobs.ask("count", None)
    with writing() as database:
        database.execute("UPDATE jobs SET state = 'running', phase = 'counting', done = 3, total = 9, rate = 2")
    with jobs._lock():
        assert main(["library", "list"]) == 0
        assert "running: count : counting 3 of 9, about 3 s left" in capsys.readouterr().out
        assert jobs.ask("count", None).id != begun.id, "what runs may have passed what is new"
    assert main(["library", "list"]) == 0
    told = capsys.readouterr().out
    assert "interrupted: count : counting 3 of 9\n" in told
    assert "library work` goes on with it" in told
    assert jobs.ask("count", None).id == begun.id
    assert main(["library", "work"]) == 0
    capsys.readouterr()
    main(["library", "list"])
    assert "count" not in capsys.readouterr().out


@pytest.mark.parametrize(("count", "begun"), [(0, False), (23, False), (24, True)])
def test_what_reads_is_imported_early_only_where_several_processes_will_read(
    count: int, begun: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[object] = []
    monkeypatch.setattr(crew_module, "prepare", prepared.append)
    for number in range(count):
        path = tmp_path / str(number % 3) / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.with_suffix(".txt").touch()
    crew_module.prepare_for(tmp_path)
    assert bool(prepared) == begun


@pytest.mark.parametrize("more", [[], ["--encoded", "shards"]])
def test_a_folder_of_no_sounds_or_of_encoded_ones_starts_no_process_early(
    more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[object] = []
    monkeypatch.setattr(crew_module, "prepare", prepared.append)
    for number in range(24 * bool(more)):
        (tmp_path / f"{number}.wav").touch()
    assert main(["library", "add", str(tmp_path), "--name", "x", "--checkpoint", "none-such", *more]) == 1
    assert not prepared
