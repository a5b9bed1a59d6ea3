"""`python -m timbre_core VERB`: everything but training, which is `train_cli.py`."""

from __future__ import annotations

import argparse
import sys

from timbre_core import __version__
from timbre_core.cli import evaluate, generate, prepare, project, recipes, reconstruct
from timbre_core.cli.shell import command_parser, guarded

VERBS = {
    "recipes": recipes,
    "prepare": prepare,
    "evaluate": evaluate,
    "reconstruct": reconstruct,
    "generate": generate,
    "project": project,
}


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run one verb; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m timbre_core",
        description="Timbre Explorer: learn, see, hear and play timbre spaces. Train with `python train_cli.py`.",
        epilog="`python -m timbre_core VERB --help` shows a verb's options and an example.",
    )
    parser.add_argument("--version", action="version", version=f"Timbre Explorer {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, verb in VERBS.items():
        command_parser(verbs.add_parser(name, help=verb.HELP), verb)
    args = parser.parse_args(arguments)
    return guarded(lambda: args.run(args))


if __name__ == "__main__":
    sys.exit(main())
