"""Which notes, and how their labels are read: the arguments of every command that reads folders of sounds for a model."""

from __future__ import annotations

import argparse


def add_library_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """--data (`default` says which notes are taken without it) and --pattern."""
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        metavar="DIR",
        help=f"NSynth folders, folders of sounds, .parquet libraries, or 'starter' (default: {default})",
    )
    parser.add_argument(
        "--pattern", help="how file names of a folder say their labels: '{instrument}_{pitch}_{velocity}'"
    )
