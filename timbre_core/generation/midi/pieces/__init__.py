"""Pieces in the public domain that come with the project, written by `build`."""

from __future__ import annotations

from importlib import resources

TITLES = {
    "bach-prelude-in-c": "Bach: Prelude in C, BWV 846",
    "pachelbel-canon": "Pachelbel: Canon, its beginning",
    "frere-jacques": "Frère Jacques, a round in four voices",
    "ode-to-joy": "Beethoven: Ode to Joy, in four voices",
}


def piece_file(name: str) -> bytes:
    """The MIDI file of one of `TITLES`. Raises KeyError for another name."""
    TITLES[name]
    return resources.files(__name__).joinpath(f"{name}.mid").read_bytes()
