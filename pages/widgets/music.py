"""Words for pitches, labels and ids, as people read them."""

from __future__ import annotations

import math

_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def note_name(midi: float) -> str:
    """The nearest note's name: 60 -> `C4`, 69 -> `A4`; an empty string where the pitch is unknown."""
    if midi is None or not math.isfinite(midi):
        return ""
    nearest = round(midi)
    return f"{_NAMES[nearest % 12]}{nearest // 12 - 1}"


def readable(label: str) -> str:
    """A label as words: `synth_lead` -> `synth lead`."""
    return " ".join(label.replace("_", " ").split())


def plain(text: str, limit: int = 80) -> str:
    """Text from data or from the address bar, shortened and with everything that Markdown would act on escaped."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    printable = "".join(character if character.isprintable() else " " for character in short)
    return "".join(
        f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~$:&@" else character for character in printable
    )
