"""What was found and cannot be used, told to people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

NAMED = 20
"""Skipped notes or files that are named one by one: nobody reads on."""

HELD_OUT = "data.split.held_out"
"""What names of instruments that a split holds out, and that are not there, are told under."""


def skipped_lines(skipped: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A line for each (file, reason), as far as anybody reads on, and how many more there are."""
    for file, reason in skipped[:NAMED]:
        yield f"skipped {file}: {reason}"
    if len(skipped) > NAMED:
        yield f"skipped {len(skipped) - NAMED} more"
