"""What all commands share: building their parsers, and turning errors into one line and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from timbre_core.datasets.skipped import HELD_OUT, skipped_lines
from timbre_core.errors import TimbreError, explain_os_error
from timbre_core.files import check_output_folder as check_output_folder

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library


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


def guarded(run: Callable[[], int]) -> int:
    """Run a command; errors meant for people become one line on stderr.

    Exit codes: 0, 1 (error), 130 (Ctrl-C); argparse adds 2 (usage).
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal, or a pipe, that has no letter for a file's name: neither that nor bytes that are no text end a command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return run()
    except TimbreError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        print("\nstopped: whatever was finished is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error, and nothing more can be printed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(explain_os_error(error))
    except MemoryError:
        return _fail("not enough memory: close other programs, or use a smaller training.batch_size or --limit.")


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

    That a file is there already is told.
    """
    check_output_file(path, option)
    if Path(path).suffix.lower() != ".wav":
        raise TimbreError(f"{option} {path}: only WAV files are written: give a name that ends in .wav.")
    if Path(path).exists():
        print(f"note: {path} is there already, and will be replaced.", file=sys.stderr)


def check_result_folder(path: Path | str, option: str) -> None:
    """As `check_output_folder`; that files are there already, which may be replaced, is told."""
    check_output_folder(path, option)
    if Path(path).is_dir() and any(os.scandir(path)):
        print(f"note: {path} holds files already: those of the same names will be replaced.", file=sys.stderr)


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
    print(f"error: {' '.join(message.splitlines())}", file=sys.stderr)
    return 1
