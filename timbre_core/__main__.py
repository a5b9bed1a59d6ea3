"""`python -m timbre_core VERB`: everything but training, which is `train_cli.py`."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from timbre_core.cli.shell import check_checkpoints, command_parser, guarded, home_expanded
from timbre_core.version import __version__

VERBS = (
    "recipes",
    "prepare",
    "duplicates",
    "evaluate",
    "compare",
    "reconstruct",
    "generate",
    "morph",
    "traverse",
    "swap",
    "transfer",
    "export",
    "perform",
    "export-model",
    "project",
    "library",
)


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run one verb; returns the exit code."""
    return guarded(lambda: _run(arguments), ends_process=arguments is None)


def _called() -> str:
    """How the command was started: as the installed script, or through Python."""
    name = Path(sys.argv[0]).stem
    return name if name == "timbre" else "python -m timbre_core"


def _run(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog=_called(),
        description="Timbre Explorer: learn, see, hear and play timbre spaces. Train with `python train_cli.py`.",
        epilog="`python -m timbre_core VERB --help` shows a verb's options and an example.",
    )
    parser.add_argument("--version", action="version", version=f"Timbre Explorer {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name in VERBS:
        # Imported under guard, so that Ctrl-C is answered in one line from the start.
        verb = importlib.import_module(f"timbre_core.cli.{name.replace('-', '_')}")
        command_parser(verbs.add_parser(name, help=verb.HELP), verb)
    args = home_expanded(parser.parse_args(arguments))
    check_checkpoints(args)
    exit_code: int = args.run(args)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
