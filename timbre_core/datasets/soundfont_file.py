"""What a SoundFont file holds, read from its headers alone: presets, and where on the keyboard which recording lies.

The layout is that of the SoundFont Technical Specification 2.04 (E-mu Systems 2006), chapters 5 to 8: a RIFF file whose
chunk `pdta` lists presets, whose zones name instruments, whose zones name samples. SF3 files (samples as Ogg Vorbis) have
the same headers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from timbre_core.errors import TimbreError, os_errors

DRUMS = 128
"""The bank of drum kits: a key there is an instrument of its own and has no pitch."""

_KEY_RANGE, _VELOCITY_RANGE, _INSTRUMENT, _SAMPLE, _ROOT_KEY = 43, 44, 41, 53, 58
_COARSE_TUNE, _SUSTAIN, _LOOP = 51, 37, 54
_FALLS = 200  # centibels below its peak to which an envelope decays
_HEADERS = {
    b"phdr": np.dtype([("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("zone", "<u2"), ("rest", "V12")]),
    b"inst": np.dtype([("name", "S20"), ("zone", "<u2")]),
    b"shdr": np.dtype([("name", "S20"), ("places", "<u4", 5), ("root", "u1"), ("cents", "i1"), ("rest", "V4")]),
    b"pbag": np.dtype([("generator", "<u2"), ("modulator", "<u2")]),
    b"ibag": np.dtype([("generator", "<u2"), ("modulator", "<u2")]),
    b"pgen": np.dtype([("kind", "<u2"), ("amount", "<u2")]),
    b"igen": np.dtype([("kind", "<u2"), ("amount", "<u2")]),
}


@dataclass(frozen=True)
class Zone:
    """A recording of a preset and where it is played: keys and velocities from-to (inclusive), and its own key.

    sample: its number among the font's samples. root: the MIDI key at which it sounds as recorded. rings: whether it dies
    away while its key is held, as what is plucked or struck does: it has no loop, or its envelope falls by 20 dB and more.
    """

    low: int
    high: int
    softest: int
    loudest: int
    sample: int
    root: int
    rings: bool

    def plays(self, key: int, velocity: int) -> bool:
        """Whether a key struck with this velocity sounds it."""
        return self.low <= key <= self.high and self.softest <= velocity <= self.loudest


@dataclass(frozen=True)
class Preset:
    """A sound of a SoundFont: its place (bank and program), its name, and its recordings."""

    bank: int
    program: int
    name: str
    zones: tuple[Zone, ...]

    @property
    def keys(self) -> list[int]:
        """The MIDI keys that sound, in order."""
        return [key for key in range(128) if any(zone.low <= key <= zone.high for zone in self.zones)]


def read_presets(path: Path | str) -> list[Preset]:
    """All presets of a SoundFont in order of bank and program. Reads its headers, no samples.

    Raises TimbreError for a file that is no SoundFont, is damaged, or cannot be read.
    """
    path = Path(path)
    tables = _tables(path)
    try:
        found = list(_presets(tables))
    except (IndexError, ValueError) as error:
        raise TimbreError(f"{path}: the list of its presets is damaged: get the SoundFont again.") from error
    return sorted(found, key=lambda preset: (preset.bank, preset.program))


def _tables(path: Path) -> dict[bytes, np.ndarray]:
    with os_errors(path), open(path, "rb") as file:
        header = file.read(12)
        if header[:4] != b"RIFF" or header[8:] != b"sfbk":
            raise TimbreError(f"{path}: not a SoundFont: give a file with the ending .sf2 or .sf3.")
        while len(chunk := file.read(12)) == 12:
            size = struct.unpack("<I", chunk[4:8])[0]
            if chunk[:4] == b"LIST" and chunk[8:] == b"pdta":
                return _headers(file.read(size - 4), path)
            file.seek(size - 4 + size % 2, 1)
    raise TimbreError(f"{path}: lists no presets, so it is truncated: get the SoundFont again.")


def _headers(content: bytes, path: Path) -> dict[bytes, np.ndarray]:
    tables, at = {}, 0
    while at + 8 <= len(content):
        name, size = struct.unpack("<4sI", content[at : at + 8])
        kind = _HEADERS.get(name)
        if kind is not None:
            body = content[at + 8 : at + 8 + size]
            tables[name] = np.frombuffer(body[: len(body) // kind.itemsize * kind.itemsize], dtype=kind)
        at += 8 + size + size % 2
    if set(tables) != set(_HEADERS):
        raise TimbreError(f"{path}: the list of its presets is incomplete: get the SoundFont again.")
    return tables


def _presets(tables: dict[bytes, np.ndarray]) -> Iterator[Preset]:
    headers, instruments, samples = tables[b"phdr"], tables[b"inst"], tables[b"shdr"]
    for header, after in pairwise(headers):
        zones: list[Zone] = []
        for outer in _zones(tables[b"pbag"], tables[b"pgen"], int(header["zone"]), int(after["zone"]), _INSTRUMENT):
            number = outer[_INSTRUMENT]
            first, last = int(instruments["zone"][number]), int(instruments["zone"][number + 1])
            for inner in _zones(tables[b"ibag"], tables[b"igen"], first, last, _SAMPLE):
                keys, velocities = _both(outer, inner, _KEY_RANGE), _both(outer, inner, _VELOCITY_RANGE)
                if not keys or not velocities:
                    continue
                root = inner.get(_ROOT_KEY, 0xFFFF)
                if root > 127:
                    root = min(int(samples["root"][inner[_SAMPLE]]), 127)
                tune = _signed(inner.get(_COARSE_TUNE, 0)) + _signed(outer.get(_COARSE_TUNE, 0))
                falls = _signed(inner.get(_SUSTAIN, 0)) + _signed(outer.get(_SUSTAIN, 0)) >= _FALLS
                rings = falls or inner.get(_LOOP, 0) & 1 == 0
                zones.append(Zone(*keys, *velocities, inner[_SAMPLE], root - tune, rings))
        name = header["name"].split(b"\0")[0].decode("latin-1").strip()
        yield Preset(int(header["bank"]), int(header["program"]), name, tuple(zones))


def _zones(bags: np.ndarray, generators: np.ndarray, first: int, last: int, goal: int) -> Iterator[dict[int, int]]:
    """The settings of every zone that leads to a `goal` (an instrument or a sample), a global zone's filled in."""
    shared: dict[int, int] = {}
    for number in range(first, last):
        start, end = int(bags["generator"][number]), int(bags["generator"][number + 1])
        own = dict(zip(map(int, generators["kind"][start:end]), map(int, generators["amount"][start:end]), strict=True))
        if goal in own:
            yield shared | own
        elif number == first:
            shared = own


def _both(outer: dict[int, int], inner: dict[int, int], kind: int) -> tuple[int, int] | None:
    """Where the ranges of a preset's and its instrument's zone overlap, None where they do not."""
    ranges = [(amount & 0xFF, amount >> 8) for amount in (outer.get(kind, 0x7F00), inner.get(kind, 0x7F00))]
    low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
    return (low, high) if low <= high else None


def _signed(amount: int) -> int:
    return amount - 0x10000 if amount >= 0x8000 else amount
