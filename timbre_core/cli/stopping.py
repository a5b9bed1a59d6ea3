"""Ctrl-C, SIGTERM and SIGHUP while a command runs: it ends once, in order, however often it is asked to."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from timbre_core.datasets.interrupts import STOPPING

STOPPED = "stopped: whatever was finished is kept."
_PATIENCE = 5.0  # seconds that a command has for ending in order, before the next Ctrl-C ends it at once
_SOON = 0.05  # seconds


class Stop(KeyboardInterrupt):
    """The process was asked to stop. Not KeyboardInterrupt itself: one that passes through `exec`, as of a named tuple while
    modules are imported, has Python kill itself by the signal when all else is done, whoever caught it."""


class Stopping:
    """How often, and by what, a command was asked to stop."""

    def __init__(self) -> None:
        self.asked: int | None = None  # the signal's number
        self._since: float | None = None

    @property
    def exit_code(self) -> int:
        """As shells have it: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self.asked or signal.SIGINT)

    def over(self) -> None:
        """The command is done: nothing is left that an interrupt could stop."""
        if self._since is None:
            self._since = time.monotonic()

    def answer(self, number: int, _frame: object) -> None:
        """A signal came: the first one raises an error, and others may not disturb what is done about that."""
        if self._since is None:
            self.asked, self._since = number, time.monotonic()
            raise Stop
        if time.monotonic() - self._since > _PATIENCE:
            self.asked = self.asked or number
            os.write(2, f"\n{STOPPED}\n".encode())
            os._exit(self.exit_code)

    def unraised(self, error: Any) -> None:
        """An interrupt that came where Python drops errors (a finalizer, a callback): it comes again."""
        if not isinstance(error.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(error)
        elif self.asked is not None and threading.current_thread() is threading.main_thread():
            number, self.asked, self._since = self.asked, None, None
            again = threading.Timer(_SOON, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()


@contextlib.contextmanager
def stopping(ends_process: bool) -> Iterator[Stopping]:
    """Within it signals that ask to stop raise KeyboardInterrupt, once.

    ends_process: nothing but Python's own end comes after the block, which must not be disturbed either. Signals that are
    ignored, or dealt with by others, are left alone.
    """
    state = Stopping()
    before = {number: signal.getsignal(number) for number in STOPPING}
    ours = [number for number, each in before.items() if each in (signal.SIG_DFL, signal.default_int_handler)]
    if threading.current_thread() is not threading.main_thread():
        yield state
        return
    hook = sys.unraisablehook
    sys.unraisablehook = state.unraised
    for number in ours:
        signal.signal(number, state.answer)
    try:
        yield state
    finally:
        state.over()
        if ends_process:
            for number in ours:
                atexit.register(signal.signal, number, signal.SIG_IGN)
        else:
            for number in ours:
                signal.signal(number, before[number])
            sys.unraisablehook = hook
