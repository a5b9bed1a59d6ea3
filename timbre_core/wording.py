"""Numbers of things, as people write them."""

from __future__ import annotations


def counted(number: object, word: str, plural: str | None = None) -> str:
    """As in `1 instrument`, `1,614 notes` and, with its plural given, `2 families`.

    number: an integer, or what a file of somebody's says in its place, which is told as it is.
    """
    told = f"{number:,}" if isinstance(number, int) else str(number)
    return f"{told} {word if number == 1 else plural or word + 's'}"
