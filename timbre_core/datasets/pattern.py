"""File-name patterns: labels from names such as "{instrument}_{pitch}_{velocity}"."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from timbre_core.errors import TimbreError

LABELS = ("instrument", "family", "source", "pitch", "velocity", "split")

_FIELD = re.compile(r"\{([^{}]*)\}")
_SHAPES = {
    "pitch": r"-?\d+(?:\.\d+)?|[A-Ga-g][#♯sb♭]?-?\d{1,2}",
    "velocity": r"\d+(?:\.\d+)?",
}


@dataclass(frozen=True)
class NamePattern:
    """A pattern ready to be matched: the regular expression and how many folder levels it looks at."""

    text: str
    expression: re.Pattern[str]
    levels: int

    def match(self, path: str) -> dict[str, str] | None:
        """The labels in a file's path (posix, with ending), or None if it does not fit the pattern."""
        parts = path.rpartition(".")[0].split("/")
        match = self.expression.fullmatch("/".join(parts[-1 - self.levels :]))
        return {name: text for name, text in match.groupdict().items() if name in LABELS} if match else None


def parse_pattern(text: str) -> NamePattern:
    """Read a file-name pattern.

    A pattern is the file's name without ending, with {instrument}, {family}, {source}, {pitch}, {velocity} or {split}
    where a label stands; any other name in braces, such as {take}, stands for text that is ignored. {pitch} is a MIDI
    number or a note name (60, C4, C#4, Bb3). With "/" it also looks at folders: "{family}/{instrument}/{pitch}".
    Raises TimbreError for a pattern that cannot be read or has no label in it.
    """
    names = _FIELD.findall(text)
    rest = _FIELD.sub("", text)
    if "{" in rest or "}" in rest or not all(name.isidentifier() for name in names):
        raise TimbreError(f"pattern {text!r}: braces must hold one word each, as in '{{instrument}}_{{pitch}}'.")
    for name in names:
        if names.count(name) > 1:
            raise TimbreError(f"pattern {text!r}: {{{name}}} occurs twice: give each field once.")
        near = difflib.get_close_matches(name, LABELS, n=1, cutoff=0.75)
        if name not in LABELS and near:
            raise TimbreError(f"pattern {text!r}: {{{name}}} is no label: did you mean {{{near[0]}}}?")
    if not set(names) & set(LABELS):
        raise TimbreError(f"pattern {text!r}: no label in it: use some of {', '.join(f'{{{n}}}' for n in LABELS)}.")
    pieces = re.split(r"(\{[^{}]*\})", text.strip("/"))
    expression = "".join(
        f"(?P<{piece[1:-1]}>{_SHAPES.get(piece[1:-1], '[^/]+?')})" if piece.startswith("{") else re.escape(piece)
        for piece in pieces
    )
    return NamePattern(text, re.compile(expression), text.strip("/").count("/"))
