"""What is done in the background, one after the other: the queue is in the database, and any process may work through it.

Whoever works holds a lock, which the operating system takes away with the process: after a crash or a restart the next one goes
on where it stopped.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from timbre_core.catalogue.database import exists, reading, writing
from timbre_core.catalogue.libraries import library_of_id
from timbre_core.catalogue.progress import Cancelled
from timbre_core.errors import TimbreError, explain_os_error, os_errors
from timbre_core.files import user_data_dir
from timbre_core.wording import counted

OPEN = ("queued", "running")
_TOLD_EVERY = 0.4  # seconds between two reports
_PACE = 0.3  # how much the latest rate counts

_LOG = logging.getLogger(__name__)

Teller = Callable[["Job"], None]


@dataclass(frozen=True)
class Job:
    """A piece of work. state: queued, running, done, failed or cancelled. rate: items a second, None where not known."""

    id: int
    kind: str
    library: int | None
    arguments: dict[str, Any]
    state: str
    phase: str
    done: int
    total: int
    rate: float | None
    message: str
    cancel: bool
    asked: float
    told: float

    @property
    def left(self) -> float | None:
        """Seconds that are left, None where that is not known."""
        return (self.total - self.done) / self.rate if self.rate and self.total else None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def ask(kind: str, library: int | None, arguments: dict[str, Any] | None = None) -> Job:
    """Put work into the queue; of the same work for the same library that waits already, or was interrupted, that."""
    now, begun = time.time(), is_worked_on()
    with writing() as database:
        waiting = database.execute(
            "SELECT id FROM jobs WHERE kind = ? AND library IS ? AND arguments = ? AND cancel = 0 "
            "AND (state = 'queued' OR (state = 'running' AND NOT ?))",
            (kind, library, json.dumps(arguments or {}), begun),
        ).fetchone()
        if waiting is not None:
            number = int(waiting[0])
        else:
            done = database.execute(
                "INSERT INTO jobs (kind, library, arguments, asked, told) VALUES (?, ?, ?, ?, ?)",
                (kind, library, json.dumps(arguments or {}), now, now),
            )
            number = int(done.lastrowid or 0)
    return job_of_id(number)


def job_of_id(number: int) -> Job:
    """Raises TimbreError for work that is no more: its library was removed."""
    with reading() as database:
        row = database.execute("SELECT * FROM jobs WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise TimbreError("that work is no more: its library was removed.")
    return _opened(row)


def list_jobs(only_open: bool = False) -> list[Job]:
    """All work, the newest last; or what waits and runs."""
    if not exists():
        return []
    where = "WHERE state IN ('queued', 'running')" if only_open else ""
    with reading() as database:
        return [_opened(row) for row in database.execute(f"SELECT * FROM jobs {where} ORDER BY id")]


def cancel(number: int) -> None:
    """Ask for work to end; what waits still is taken out of the queue."""
    with writing() as database:
        database.execute("UPDATE jobs SET cancel = 1 WHERE id = ? AND state IN ('queued', 'running')", (number,))
        database.execute(
            "UPDATE jobs SET state = 'cancelled', message = 'taken out of the queue' WHERE id = ? AND state = 'queued'",
            (number,),
        )


def is_worked_on() -> bool:
    """Whether some process works through the queue."""
    try:
        with _lock():
            return False
    except Timeout:
        return True
    except OSError as error:
        raise TimbreError(explain_os_error(error, user_data_dir(), writing=True)) from error


def start_worker() -> None:
    """Have the queue worked through in a process of its own, which outlives this one; where one works already, nothing."""
    if not list_jobs(only_open=True) or is_worked_on():
        return
    log = user_data_dir() / "library.log"
    with os_errors(log, writing=True), open(log, "ab") as output:
        subprocess.Popen(
            [sys.executable, "-m", "timbre_core", "library", "work"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "TIMBRE_DATA": str(user_data_dir().absolute())},
            cwd=os.getcwd(),
        )


def work(tell: Teller = lambda job: None, until: int | None = None, in_background: bool = False) -> bool:
    """Work through the queue until it is empty, or a job is done: `until`. False where another process does it.

    in_background: let other programs come first where nobody waits for what is done. After a training this process is nice for
    good, so that of a folder added after it the first sounds are read so, too: nobody but the administrator takes niceness back.
    """
    try:
        with _lock():
            while True:
                job = _next()
                if job is None:
                    return True
                _do(job, tell, in_background)
                if job.id == until:
                    return True
    except Timeout:
        return False


def _lock() -> FileLock:
    folder = user_data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "library.lock", timeout=0, is_singleton=False, thread_local=False)


def _next() -> Job | None:
    """The first that waits; what another process had begun and not ended comes before it, what nobody waits for after it."""
    with writing() as database:
        row = database.execute(
            "SELECT * FROM jobs WHERE state IN ('queued', 'running') ORDER BY state = 'queued', kind = 'encode', id LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        database.execute("UPDATE jobs SET state = 'running', told = ? WHERE id = ?", (time.time(), row["id"]))
    return _opened(row)


def _do(job: Job, tell: Teller, in_background: bool) -> None:
    report = _Reporter(job.id, tell, in_background)
    try:
        state, message = "done", KINDS[job.kind](job, report)
    except Cancelled:
        state, message = "cancelled", "stopped: what was read is kept, and updating the library goes on with the rest"
    except TimbreError as error:
        state, message = "failed", str(error)
    except sqlite3.IntegrityError:
        state, message = "cancelled", "the library was removed meanwhile"
    except Exception as error:
        # Work that fails in a way nobody foresaw must not be begun anew for ever, before all that waits behind it.
        _LOG.exception("%s failed", job.kind)
        said = explain_os_error(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}."
        state, message = "failed", f"it ended with a fault ({said[:300]}): library.log has the details."
    with writing("libraries") as database:
        database.execute(
            "UPDATE jobs SET state = ?, message = ?, told = ? WHERE id = ?", (state, message, time.time(), job.id)
        )
        database.execute(
            "DELETE FROM jobs WHERE state NOT IN ('queued', 'running') AND id <= "
            "(SELECT id FROM jobs ORDER BY id DESC LIMIT 1 OFFSET 50)"
        )
    report.finish()


class _Reporter:
    """Writes down how far a job is, now and then, and raises Cancelled where that was asked for."""

    def __init__(self, number: int, tell: Teller, in_background: bool) -> None:
        self._number, self._tell = number, tell
        self.in_background = in_background
        self._last = 0.0
        self._phase, self._total = "", 0
        self._rate: float | None = None
        self._before = (0.0, 0)

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if phase != self._phase or not self._total:
            self._phase, self._total, self._rate, self._before = phase, total, None, (now, done)
        elif now - self._last < _TOLD_EVERY and done < total:
            return
        self._last = now
        seconds, more = now - self._before[0], done - self._before[1]
        if more > 0 and seconds > 0:
            rate = more / seconds
            self._rate = rate if self._rate is None else _PACE * rate + (1 - _PACE) * self._rate
            self._before = (now, done)
        with writing() as database:
            database.execute(
                "UPDATE jobs SET phase = ?, done = ?, total = ?, rate = ?, told = ? WHERE id = ?",
                (phase, done, total, self._rate, time.time(), self._number),
            )
            row = database.execute("SELECT cancel FROM jobs WHERE id = ?", (self._number,)).fetchone()
        if row is None or row[0]:
            raise Cancelled
        self._tell(job_of_id(self._number))

    def finish(self) -> None:
        try:
            self._tell(job_of_id(self._number))
        except TimbreError:
            return  # its library was removed, and it with it


def _update(job: Job, report: _Reporter) -> str:
    from timbre_core.catalogue.adding import bring_up_to_date
    from timbre_core.catalogue.encoding import count_unencoded

    assert job.library is not None
    encoded = Path(job.arguments["encoded"]) if job.arguments.get("encoded") else None
    outcome = bring_up_to_date(
        library_of_id(job.library), report, job.arguments.get("workers"), encoded, report.in_background
    )
    if count_unencoded(job.library):
        ask("encode", job.library)
    parts = [f"{outcome.new:,} new"]
    for number, word in ((outcome.changed, "changed"), (outcome.moved, "moved"), (outcome.gone, "gone")):
        parts += [f"{number:,} {word}"] if number else []
    doubles = f"; {outcome.doubles:,} of them the recording of another one" if outcome.doubles else ""
    skipped = f"; {counted(outcome.skipped, 'file')} skipped" if outcome.skipped else ""
    return f"{counted(outcome.notes, 'note')} ({', '.join(parts)}){doubles}{skipped}"


def _encode(job: Job, report: _Reporter) -> str:
    from timbre_core.catalogue.encoding import encode_rest

    def others_wait() -> bool:
        return any(other.kind != job.kind for other in list_jobs(only_open=True))

    assert job.library is not None
    if not others_wait():
        done, left = encode_rest(library_of_id(job.library), report, others_wait)
        if not (left and others_wait()):
            rest = f"; {counted(left, 'file')} not readable: connect the drive, and update the library" if left else ""
            return f"{counted(done, 'note')} encoded{rest}"
    ask("encode", job.library)
    return "goes on after what waits"


def _train(job: Job, report: _Reporter) -> str:
    from timbre_core.catalogue.crew import step_back
    from timbre_core.catalogue.training import train_job

    if report.in_background:
        step_back(os.getpid())
    return train_job(job.arguments, report)


KINDS: dict[str, Callable[[Job, _Reporter], str]] = {"update": _update, "encode": _encode, "train": _train}
"""What does each kind of work; returns a sentence on what came of it."""


def _opened(row: sqlite3.Row) -> Job:
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118  (a Row's own iterator gives values)
    return Job(**values | {"arguments": json.loads(values["arguments"]), "cancel": bool(values["cancel"])})
