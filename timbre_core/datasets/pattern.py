"""File-name patterns: labels from names such as "{instrument}_{pitch}_{velocity}"."""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from timbre_core.datasets import dynamics, helmholtz, pitch_names
from timbre_core.errors import TimbreError

LABELS = ("instrument", "family", "source", "pitch", "velocity", "split")

_FIELD = re.compile(r"\{([^{}]*)\}")
_TOLD = 80  # letters of a pattern in an error
_ANYTHING = "[^/]+?"
_SHAPES = {
    "pitch": rf"-?\d+(?:\.\d+)?|(?i:{pitch_names.NAME}|{pitch_names.HZ})",
    "velocity": rf"\d+(?:\.\d+)?|(?i:{dynamics.WRITTEN})",
}
_WANTED = {
    "pitch": "a MIDI number or a note name such as C4, C#4 or Bb3",
    "velocity": "a number from 1 to 127 or a dynamic such as mf, v3 or mezzo-forte",
}


@dataclass(frozen=True)
class NamePattern:
    """A pattern ready to be matched: its pieces, of which those in braces are fields, and the folder levels it looks at."""

    text: str
    pieces: tuple[str, ...]
    levels: int

    def match(self, path: str) -> dict[str, str] | None:
        """The labels in a file's path (posix, with ending), or None if it does not fit the pattern."""
        part = self._part_of(path)
        # Letters without an octave fit so much that they are only looked for where nothing else is found.
        match = self._expression(frozenset()).fullmatch(part) or _expression(self.pieces, frozenset(), True).fullmatch(
            part
        )
        return {name: text for name, text in match.groupdict().items() if name in LABELS} if match else None

    def explain(self, path: str) -> str:
        """Why a file's path does not fit: the field that is not what it should be with its text, or where the name differs."""
        part = self._part_of(path)
        shaped = [piece[1:-1] for piece in self.pieces if piece[1:-1] in _SHAPES]
        for count in range(1, len(shaped) + 1):
            for fields in itertools.combinations(shaped, count):
                match = self._expression(frozenset(fields)).fullmatch(part)
                if match:
                    return " and ".join(f"its {field} {match[field]!r} is not {_WANTED[field]}" for field in fields)
        for known in range(len(self.pieces) - 1, 0, -1):
            match = self._expression(frozenset(shaped), known).match(part)
            if match and not self.pieces[known].startswith("{"):
                rest = part[match.end() :].partition("/")[0]
                return f"there is no {self.pieces[known]!r} after {match[0] + rest!r}"
        return f"{part!r} has not its parts"

    def _part_of(self, path: str) -> str:
        """What of a path the pattern is about: composed, as it was typed (see Unicode's NFC)."""
        parts = path.rpartition(".")[0].split("/")
        return unicodedata.normalize("NFC", "/".join(parts[-1 - self.levels :]))

    def _expression(self, loose: frozenset[str], pieces: int | None = None) -> re.Pattern[str]:
        return _expression(self.pieces[:pieces], loose)


@lru_cache(maxsize=256)
def _expression(pieces: tuple[str, ...], loose: frozenset[str], letters: bool = False) -> re.Pattern[str]:
    """The regular expression of a pattern's pieces, in which the fields `loose` may be anything.

    letters: pitches may be letters as Helmholtz has them.
    """

    def one(piece: str) -> str:
        if not piece.startswith("{"):
            return re.escape(unicodedata.normalize("NFC", piece))
        name = piece[1:-1]
        more = f"|{helmholtz.WRITTEN}" if letters and name == "pitch" else ""
        return f"(?P<{name}>{_ANYTHING if name in loose else _SHAPES.get(name, _ANYTHING) + more})"

    return re.compile("".join(map(one, pieces)))


def parse_pattern(text: str) -> NamePattern:
    """Read a file-name pattern.

    A pattern is the file's name without ending, with {instrument}, {family}, {source}, {pitch}, {velocity} or {split}
    where a label stands; any other name in braces, such as {take}, stands for text that is ignored. {pitch} is a MIDI
    number or a note name (60, C4, C#4, Bb3, and see datasets.pitch_names), {velocity} a number or a dynamic (90, mf,
    mezzo-forte, v3). With "/" it also looks at folders: "{family}/{instrument}/{pitch}".
    Raises TimbreError for a pattern that cannot be read or has no label in it.
    """
    told = text if len(text) <= _TOLD else f"{text[:_TOLD]}…"
    names = _FIELD.findall(text)
    rest = _FIELD.sub("", text)
    if "{" in rest or "}" in rest or not all(name.isidentifier() for name in names):
        raise TimbreError(f"pattern {told!r}: braces must hold one word each, as in '{{instrument}}_{{pitch}}'.")
    for name in names:
        if names.count(name) > 1:
            raise TimbreError(f"pattern {told!r}: {{{name[:_TOLD]}}} occurs twice: give each field once.")
        near = difflib.get_close_matches(name, LABELS, n=1, cutoff=0.75)
        if name not in LABELS and near:
            raise TimbreError(f"pattern {told!r}: {{{name[:_TOLD]}}} is no label: did you mean {{{near[0]}}}?")
    if not set(names) & set(LABELS):
        raise TimbreError(f"pattern {told!r}: no label in it: use some of {', '.join(f'{{{n}}}' for n in LABELS)}.")
    pieces = re.split(r"(\{[^{}]*\})", text.strip("/"))
    return NamePattern(text, tuple(filter(None, pieces)), text.strip("/").count("/"))
