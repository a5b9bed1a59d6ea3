"""Train a model: `python train_cli.py [RECIPE] [--data DIR] [--out DIR]`; `--help` shows everything."""

from __future__ import annotations

import argparse
import sys

from timbre_core.cli.shell import command_parser, guarded


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and train; returns the exit code."""
    return guarded(lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    # Imported under guard, so that Ctrl-C is answered in one line from the start.
    from timbre_core.cli import train

    parser = argparse.ArgumentParser(prog="train_cli.py")
    command_parser(parser, train)
    args = parser.parse_args(arguments)
    return train.run(args)


if __name__ == "__main__":
    sys.exit(main())
