"""File names written in full, or with what a download site adds to them, as names are written elsewhere."""

from __future__ import annotations

import re
import unicodedata

_FREESOUND = re.compile(r"\d{2,}__(?:(?!__).)+__(?=.)")
"""What freesound.org puts before a sound's own name: its number and its user."""
_ACCIDENTAL = re.compile(
    r"(?<![A-Za-z0-9])(?P<letter>[A-G])[ _-](?P<sign>sharp|flat|natural)[ _-]?(?P<octave>\d)(?!\d)", re.IGNORECASE
)
_MEZZO = re.compile(r"(?<![A-Za-z])mezzo[ _](?=(?:forte|piano)(?![A-Za-z]))", re.IGNORECASE)
_SIGNS = {"sharp": "#", "flat": "b", "natural": ""}


def plain_stem(file: str) -> str:
    """The name of a file (posix path) without its ending, composed: `A sharp 4` as `A#4`, `mezzo forte` as `mezzoforte`."""
    stem = unicodedata.normalize("NFKC", file.rpartition("/")[2].rpartition(".")[0])
    stem = _FREESOUND.sub("", stem, count=1) if _FREESOUND.match(stem) else stem
    stem = _ACCIDENTAL.sub(lambda found: found["letter"] + _SIGNS[found["sign"].lower()] + found["octave"], stem)
    return _MEZZO.sub("mezzo", stem)
