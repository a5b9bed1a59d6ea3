"""Which colour stands for what, the same on every page.

The eleven family colours were found by maximising the smallest difference (OKLab) between any two of them, in normal
vision and in full protanopia, deuteranopia and tritanopia (Machado et al. 2009), at lightnesses that stand out from the
dark and the light background. tests/app/test_colours.py measures it.
"""

from __future__ import annotations

import colorsys
import zlib

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


def colour_of(column: str, value: str) -> str:
    """The colour (`#rrggbb`) of one value of a label column; unnamed values get a fixed colour from their own text."""
    if not value or value.lower() in {"unknown", "nan", "none"}:
        return UNKNOWN
    known = FAMILIES | DIGITS if column == "family" else SMALL_SETS.get(column, {})
    if value in known:
        return known[value]
    code = zlib.crc32(value.encode("utf-8"))
    red, green, blue = colorsys.hls_to_rgb((code % 360) / 360, 0.5 + (code // 360 % 5) * 0.05, 0.62)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
