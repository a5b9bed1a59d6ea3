"""Which colour stands for what, the same on every page.

The eleven family colours were found by maximising the smallest difference (OKLab) between any two of them, in normal
vision and in full protanopia, deuteranopia and tritanopia (Machado et al. 2009), at lightnesses that stand out from the
dark and the light background. tests/app/test_colours.py measures it.
"""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Iterable

FAMILIES = {
    "bass": "#4276f8",
    "brass": "#abab25",
    "flute": "#59dff9",
    "guitar": "#ac793c",
    "keyboard": "#8537ba",
    "mallet": "#a5e129",
    "organ": "#a73938",
    "reed": "#e08192",
    "string": "#d73a8f",
    "synth_lead": "#48abf2",
    "vocal": "#e6bba2",
}
DIGITS = dict(zip("0123456789", FAMILIES.values(), strict=False))
"""Spoken or written digits are families too."""
UNKNOWN = "#8a94a6"
SMALL_SETS = {
    "source": {"acoustic": "#e08192", "electronic": "#48abf2", "synthetic": "#a5e129"},
    "split": {"train": "#8a94a6", "valid": "#abab25", "test": "#d73a8f"},
}


NAMELESS = frozenset({"", "unknown", "nan", "none"})
"""Labels that name nothing."""
_GOLDEN = 0.618034


def colour_of(column: str, value: str) -> str:
    """The colour (`#rrggbb`) of one value of a label column; unnamed values get a fixed colour from their own text.

    Where all values of a column are known, `colours_of` tells them apart better.
    """
    if value.lower() in NAMELESS:
        return UNKNOWN
    known = _known(column)
    if value in known:
        return known[value]
    code = zlib.crc32(value.encode("utf-8"))
    return _hsl((code % 360) / 360, 0.5 + (code // 360 % 5) * 0.05)


def colours_of(column: str, values: Iterable[str]) -> dict[str, str]:
    """Colours (`#rrggbb`) for all values of a label column, no two the same.

    Values that have a colour of their own on every page keep it; the others get those of the families that are left, which
    everybody can tell apart, and then hues a golden section apart.
    """
    known = _known(column)
    every = list(dict.fromkeys(values))
    colours = {value: colour_of(column, value) for value in every if value in known or value.lower() in NAMELESS}
    left = [colour for colour in FAMILIES.values() if colour not in colours.values()]
    for place, value in enumerate(sorted(set(every) - set(colours))):
        turn = place - len(left)
        colours[value] = left[place] if turn < 0 else _hsl(turn * _GOLDEN % 1, (0.58, 0.46, 0.7)[turn % 3])
    return colours


def _known(column: str) -> dict[str, str]:
    return FAMILIES | DIGITS if column == "family" else SMALL_SETS.get(column, {})


def _hsl(hue: float, lightness: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.62)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
