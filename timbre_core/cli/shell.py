"""What all commands share: building their parsers, and turning errors into one line and an exit code."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from timbre_core.cli.stopping import STOPPED, Stopping, stopping
from timbre_core.datasets.skipped import HELD_OUT, skipped_lines
from timbre_core.errors import TimbreError, explain_os_error
from timbre_core.files import check_output_folder as check_output_folder

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library

_MOST_WATCHED = 10_000  # files: an --out may be a home folder
_there: dict[Path, tuple[int, int]] = {}  # where the command writes: the files that were there before it, as they were


def command_parser(parser: argparse.ArgumentParser, verb: ModuleType) -> None:
    """Give `parser` a verb module's description, example and arguments."""
    parser.description = verb.HELP
    parser.epilog = f"example:\n  {verb.EXAMPLE}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    verb.add_arguments(parser)
    parser.set_defaults(run=verb.run)


def home_expanded(args: argparse.Namespace) -> argparse.Namespace:
    """The arguments with `~` as the home folder, also where the shell leaves it: `--out=~/runs`, `--set data.roots=~/notes`."""

    def expanded(value: object) -> object:
        if isinstance(value, list):
            return [expanded(each) for each in value]
        if not isinstance(value, str):
            return value
        key, equals, rest = value.partition("=")
        if equals and "~" not in key and rest.startswith("~"):
            return key + equals + os.path.expanduser(rest)
        return os.path.expanduser(value)

    for name, value in vars(args).items():
        setattr(args, name, expanded(value))
    return args


def check_checkpoints(args: argparse.Namespace) -> None:
    """Raises TimbreError where a checkpoint that the arguments name is not there: asked before what reads one is imported,
    which takes seconds."""
    from timbre_core.checkpoint_folders import find_checkpoint

    named = (getattr(args, name, None) for name in ("checkpoint", "start_from"))
    for name in [*(name for name in named if name is not None), *getattr(args, "checkpoints", ())]:
        find_checkpoint(name)


def guarded(run: Callable[[], int], ends_process: bool = False) -> int:
    """Run a command; errors meant for people become one line on stderr.

    Files that it replaced are told at its end, of those that `check_wav_file` and `check_result_folder` were asked about.
    Exit codes: 0, 1 (error), 130 (Ctrl-C), 143 (SIGTERM), 129 (SIGHUP: its terminal is gone); argparse adds 2 (usage).
    ends_process: see `stopping`.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal, or a pipe, that has no letter for a file's name: neither that nor bytes that are no text end a command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    _there.clear()
    with stopping(ends_process) as asked:
        try:
            return _explained(run, asked)
        finally:
            _tell_replaced()
            _flush()


def _explained(run: Callable[[], int], asked: Stopping) -> int:
    """The exit code of a command, errors told."""
    try:
        exit_code = run()
        if sys.stdout is not None:
            sys.stdout.flush()  # a full disk is told here
        asked.over()
        return exit_code
    except BaseException as error:
        asked.over()
        if asked.asked is not None or isinstance(error, KeyboardInterrupt):  # libraries make other errors of it
            _say(f"\n{STOPPED}")
            return asked.exit_code
        if isinstance(error, TimbreError):
            return _fail(str(error))
        if isinstance(error, BrokenPipeError):
            return 0  # the reader of our output went away (`| head`): not an error, and nothing more can be printed
        if isinstance(error, OSError):
            return _fail(explain_os_error(error))
        if isinstance(error, MemoryError):
            return _fail("not enough memory: close other programs, or use a smaller training.batch_size or --limit.")
        raise


def _flush() -> None:
    """Write what is left; what cannot be written (`| head`, a reader that Ctrl-C ended, too) must not trouble Python's end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal is gone
        print(line, file=sys.stderr)


def check_seed(seed: int) -> None:
    """Raises TimbreError for a --seed that no random generator takes."""
    if not 0 <= seed < 2**32:
        raise TimbreError(f"--seed {seed}: choose from 0 to {2**32 - 1}.")


def check_output_file(path: Path | str, option: str) -> None:
    """Raises TimbreError, naming the option, when a file could not be written to `path`: to be asked before the work."""
    path = Path(path)
    if path.is_dir():
        raise TimbreError(f"{option} {path}: it is a folder: name a file in it.")
    check_output_folder(path.parent, option)


def check_wav_file(path: Path | str, option: str) -> None:
    """Raises TimbreError, naming the option, when no WAV file could be written to `path`, or its name says another kind.

    That it replaced a file is told when it has: see `guarded`.
    """
    check_output_file(path, option)
    if Path(path).suffix.lower() != ".wav":
        raise TimbreError(f"{option} {path}: only WAV files are written: give a name that ends in .wav.")
    _there.update(_states([Path(path)]))


def check_result_folder(path: Path | str, option: str) -> None:
    """As `check_output_folder`; files in it that are replaced are told as those of `check_wav_file` are."""
    check_output_folder(path, option)
    if Path(path).is_dir():
        _there.update(_states(islice(Path(path).rglob("*"), _MOST_WATCHED)))


def _states(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """What tells a file from the one that replaces it, of those that are there."""
    return {file: (state.st_ino, state.st_mtime_ns) for file in files if file.is_file() and (state := file.stat())}


def _tell_replaced() -> None:
    """A line on stderr about the files that were there, and are others now: not ahead, as an error may keep them."""
    now = _states(_there)
    replaced = [file for file, state in _there.items() if now.get(file, state) != state]
    if len(replaced) == 1:
        _say(f"note: {replaced[0]} was there already, and is replaced.")
    elif replaced:
        _say(f"note: {len(replaced)} files were there already, and are replaced: {replaced[0]} ...")
    _there.clear()


def default_output(name: str) -> str:
    """A default name of what a command writes: `name`, `name-2` and so on, so that what nobody named replaces nothing."""
    stem, ending = (name.removesuffix(".wav"), ".wav") if name.endswith(".wav") else (name, "")
    path, number = name, 2
    while Path(path).exists():
        path, number = f"{stem}-{number}{ending}", number + 1
    return path


def tell_library(library: Library, given: bool = False) -> None:
    """What was decided about a library's labels, and what of it cannot be used: a line for each on stderr.

    given: it was given in place of the recipe's own data, so that instruments which the recipe holds out need not be there.
    """
    for sentence in library.said:
        print(sentence, file=sys.stderr)
    tell_skipped([each for each in library.skipped if not (given and each[0].startswith(HELD_OUT))])


def tell_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    """A line on stderr for each (file, reason) of what was found and cannot be used, as far as anybody reads on."""
    for line in skipped_lines(skipped):
        print(line, file=sys.stderr)


def _fail(message: str) -> int:
    _say(f"error: {' '.join(message.splitlines())}")
    return 1
