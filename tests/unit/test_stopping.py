"""Signals that ask a command to stop: it ends once, in order, with one line, however often they come and when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from timbre_core.catalogue.crew import _FORKS
from timbre_core.cli.shell import guarded
from timbre_core.datasets.interrupts import STOPPING, interrupts_not_inherited

ROOT = Path(__file__).resolve().parents[2]
STOPPED = "\nstopped: whatever was finished is kept.\n"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends signals")


def _ended(run: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """What became of a process whose command is the body `run` of a function."""
    script = "import os, signal, sys, threading, time\nfrom timbre_core.cli.shell import guarded\n\ndef run():\n"
    script += textwrap.indent(textwrap.dedent(run), "    ") + "\n    return 0\n\n"
    script += "sys.exit(guarded(run, ends_process=True))\n"
    found = os.pathsep.join(map(str, (ROOT, *paths)))
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": found},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
    )


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_second_one_does_not_disturb_what_the_first_began(name: str, code: int) -> None:
    done = _ended(f"""
        try:
            signal.raise_signal(signal.{name})
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.{name})
            print("put away", flush=True)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (code, "put away\n", STOPPED)


def test_one_at_the_end_of_python_is_not_heard() -> None:
    done = _ended("""
        def late():
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)
        threading.Thread(target=late).start()
    """)
    assert (done.returncode, done.stderr) == (0, "")


def test_one_where_python_drops_errors_comes_again() -> None:
    done = _ended("""
        class Dropped:
            def __del__(self):
                signal.raise_signal(signal.SIGINT)
        Dropped()
        time.sleep(30)
    """)
    assert (done.returncode, done.stderr) == (130, STOPPED)


def test_other_dropped_errors_are_shown() -> None:
    done = _ended("""
        class Dropped:
            def __del__(self):
                raise ValueError("odd")
        Dropped()
    """)
    assert done.returncode == 0
    assert "ValueError: odd" in done.stderr


def test_one_that_a_library_makes_another_error_of() -> None:
    done = _ended("""
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("the library is not installed")
    """)
    assert (done.returncode, done.stderr) == (130, STOPPED)


def test_one_in_the_midst_of_an_import_is_told_by_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "command.py").write_text(
        textwrap.dedent("""
            import signal, sys
            from timbre_core.cli.shell import guarded

            def run():
                exec("signal.raise_signal(signal.SIGINT)")  # as collections.namedtuple and dataclasses do

            sys.exit(guarded(run, ends_process=True))
        """)
    )
    found = os.pathsep.join(map(str, (ROOT, tmp_path)))
    done = subprocess.run(
        [sys.executable, "-m", "command"],
        env={**os.environ, "PYTHONPATH": found},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, STOPPED)


def test_after_a_while_the_next_one_ends_what_does_not_end() -> None:
    done = _ended("""
        from timbre_core.cli import stopping
        stopping._PATIENCE = 0.1
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            time.sleep(0.2)
            signal.raise_signal(signal.SIGINT)
            time.sleep(30)
    """)
    assert (done.returncode, done.stderr) == (130, STOPPED)


def test_a_reader_that_is_gone_changes_nothing() -> None:
    done = _ended("""
        reader, writer = os.pipe()
        os.close(reader)
        for stream in (1, 2):
            os.dup2(writer, stream)
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            print("figures")
    """)
    assert done.returncode == 130


def test_a_full_disk_behind_the_output_is_told() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = _ended('os.dup2(os.open("/dev/full", os.O_WRONLY), 1)\nprint("figures")')
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_within_another_program_its_answers_come_back() -> None:
    before = [signal.getsignal(number) for number in STOPPING], sys.unraisablehook
    assert guarded(lambda: signal.raise_signal(signal.SIGTERM) or 0) == 143
    assert ([signal.getsignal(number) for number in STOPPING], sys.unraisablehook) == before


def test_one_while_a_process_starts_is_answered_then() -> None:
    reached: list[str] = []

    def work() -> None:
        with interrupts_not_inherited():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("started")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["started"]


@pytest.mark.skipif(not _FORKS, reason="no server that forks")
def test_the_server_that_forks_hears_none_while_it_imports(tmp_path: Path) -> None:
    (tmp_path / "slow_to_import.py").write_text(
        f"import time\nfrom pathlib import Path\nPath({str(tmp_path / 'begun')!r}).touch()\ntime.sleep(1)\n"
    )
    done = _ended(
        f"""
        from timbre_core.catalogue.crew import prepare
        prepare(["slow_to_import"])
        while not os.path.exists({str(tmp_path / "begun")!r}):
            time.sleep(0.01)
        try:
            os.killpg(0, signal.SIGINT)
        finally:
            from multiprocessing import forkserver
            time.sleep(2)
            assert os.waitpid(forkserver._forkserver._forkserver_pid, os.WNOHANG) == (0, 0)
            print("it is there", flush=True)
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "it is there\n", STOPPED)


@pytest.mark.skipif(not _FORKS, reason="no server that forks")
def test_the_server_that_forks_does_not_outlive_the_command(tmp_path: Path) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(30)\n")
    begun = time.monotonic()
    done = _ended(
        """
        from timbre_core.catalogue.crew import prepare
        prepare(["slow_to_import"])
        signal.raise_signal(signal.SIGINT)
        """,
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (130, STOPPED)
    assert time.monotonic() - begun < 25, "what the server inherits of the output is open as long as it is there"
