"""SoundFont 2.04 (E-mu Systems, 1998/2001): one preset, one instrument, a zone for each sample.

What it wants of samples: 46 zeros behind each (section 6.1), a loop of 32 frames and more with 8 valid ones around it (7.10),
the loop's end the first frame behind it, and names of 19 letters. 24 bits are the 16 upper ones and a chunk of lower bytes.
Sections are those of the "SoundFont Technical Specification", version 2.04.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.audio import pcm
from timbre_core.generation.formats.description import RELEASE_DB, SHORTEST_LOOP, Sample, SampledInstrument, Zone

_ZEROS = 46
_MARGIN = 8  # frames before and behind a loop
_SHORTEST = 48  # frames of a sample
_LARGEST = 2**31  # bytes of samples
_LONGEST_RELEASE = 100.0  # seconds: the longest that the generator takes (8000 timecents)
_SILENCE_DB = 100.0  # that a release goes down to (section 8.1.2, generators 37 and 38)
# Generators (section 8.1.2).
_ATTACK, _RELEASE, _INSTRUMENT, _KEYS, _VELOCITIES, _COARSE, _FINE, _SAMPLE, _MODES = 34, 38, 41, 43, 44, 51, 52, 53, 54
# Section 8.4.2 has velocity close a filter unless a modulator of the same source and target says otherwise.
_VELOCITY_LEAVES_THE_FILTER = struct.pack("<HHhHH", 0x0102, 8, 0, 0, 0)
_TERMINAL_MODULATOR = struct.pack("<HHhHH", 0, 0, 0, 0, 0)


def write_sf2(instrument: SampledInstrument) -> dict[str, bytes]:
    """`NAME.sf2`. Raises TimbreError for more samples than one file can hold."""
    samples = [_extended(zone.sample) for zone in instrument.zones]
    total = sum(len(sample.audio) + _ZEROS for sample in samples)
    if total * 2 >= _LARGEST:
        raise TimbreError(
            f"{total * 2 / 2**30:.1f} GB of samples are too many for one SoundFont: take fewer keys or layers."
        )
    body = _list(b"INFO", _info(instrument)) + _list(b"sdta", _sample_data(samples, instrument.bits))
    body += _list(b"pdta", _articulation(instrument, samples))
    return {f"{instrument.name}.sf2": _chunk(b"RIFF", b"sfbk" + body)}


def _extended(sample: Sample) -> Sample:
    """The sample with a loop that the specification allows, and at least as long as it wants."""
    audio, loop = sample.audio, sample.loop
    if loop is not None and (loop[0] < _MARGIN or loop[1] - loop[0] < SHORTEST_LOOP):
        loop = None
    if loop is not None and len(audio) < loop[1] + _MARGIN:
        audio = np.concatenate([audio[: loop[1]], audio[loop[0] : loop[0] + _MARGIN]])
    audio = np.pad(audio, (0, max(0, _SHORTEST - len(audio))))
    return Sample(audio, sample.sample_rate, sample.root, loop)


def _info(instrument: SampledInstrument) -> bytes:
    version = struct.pack("<HH", 2, 4 if instrument.bits == 24 else 1)
    told = {
        b"isng": "EMU8000",
        b"INAM": instrument.name,
        b"ICOP": instrument.note[:255],
        b"ICMT": instrument.note[:60_000],
        b"ISFT": "Timbre Explorer",
    }
    texts = b"".join(_chunk(name, _text(text)) for name, text in told.items() if text)
    return _chunk(b"ifil", version) + texts


def _text(text: str) -> bytes:
    """ASCII that ends in one or two zeros, whichever makes its length even."""
    data = text.encode("ascii", "replace")
    return data + b"\0" * (2 - len(data) % 2)


def _sample_data(samples: Sequence[Sample], bits: int) -> bytes:
    gap = np.zeros(_ZEROS, np.int32)
    data = np.concatenate([part for sample in samples for part in (pcm(sample.audio, bits), gap)])
    if bits == 16:
        return _chunk(b"smpl", data.astype("<i2").tobytes())
    upper, lower = (data >> 8).astype("<i2").tobytes(), (data & 0xFF).astype(np.uint8).tobytes()
    return _chunk(b"smpl", upper) + _chunk(b"sm24", lower)


def _articulation(instrument: SampledInstrument, samples: Sequence[Sample]) -> bytes:
    name = _name(instrument.name)
    release = _LONGEST_RELEASE if instrument.one_shot else instrument.release * _SILENCE_DB / RELEASE_DB
    shared = _generators([(_ATTACK, _timecents(instrument.attack)), (_RELEASE, _timecents(release))])
    zones = [shared, *(_zone(zone, index, samples[index]) for index, zone in enumerate(instrument.zones))]
    bags = list(accumulate((len(zone) // 4 for zone in zones), initial=0))
    # The first zone, which has no sample, holds for all: its one modulator too.
    inst_bags = b"".join(struct.pack("<HH", first, min(index, 1)) for index, first in enumerate(bags))
    preset = struct.pack("<20sHHHIII", name, 0, 0, 0, 0, 0, 0) + struct.pack("<20sHHHIII", b"EOP", 0, 0, 1, 0, 0, 0)
    return b"".join(
        (
            _chunk(b"phdr", preset),
            _chunk(b"pbag", struct.pack("<4H", 0, 0, 1, 0)),
            _chunk(b"pmod", _TERMINAL_MODULATOR),
            _chunk(b"pgen", _generators([(_INSTRUMENT, 0), (0, 0)])),
            _chunk(b"inst", struct.pack("<20sH20sH", name, 0, b"EOI", len(zones))),
            _chunk(b"ibag", inst_bags),
            _chunk(b"imod", _VELOCITY_LEAVES_THE_FILTER + _TERMINAL_MODULATOR),
            _chunk(b"igen", b"".join(zones) + _generators([(0, 0)])),
            _chunk(b"shdr", b"".join(_headers(instrument.zones, samples))),
        )
    )


def _zone(zone: Zone, index: int, sample: Sample) -> bytes:
    coarse, fine = divmod(round(zone.cents) + 50, 100)
    tuning = [(_COARSE, coarse), (_FINE, fine - 50)] if round(zone.cents) else []
    first = [(_KEYS, _range(zone.keys)), (_VELOCITIES, _range(zone.velocities))]  # the order is the specification's
    return _generators([*first, *tuning, (_MODES, int(sample.loop is not None)), (_SAMPLE, index)])


def _headers(zones: Sequence[Zone], samples: Sequence[Sample]) -> Iterable[bytes]:
    starts = accumulate((len(sample.audio) + _ZEROS for sample in samples), initial=0)
    for zone, sample, start in zip(zones, samples, starts, strict=False):
        # Without a loop its borders are the sample's: some players read them all the same.
        first, behind = sample.loop or (0, len(sample.audio))
        where = (start, start + len(sample.audio), start + first, start + behind)
        yield struct.pack("<20s5IBbHH", _name(zone.name), *where, sample.sample_rate, sample.root, 0, 0, 1)
    yield struct.pack("<20s5IBbHH", b"EOS", *[0] * 9)


def _name(text: str) -> bytes:
    """At most 19 letters, of a longer name its beginning and its end, where samples differ."""
    return text.encode("ascii", "replace") if len(text) <= 19 else (text[:7] + text[-12:]).encode("ascii", "replace")


def _range(ends: tuple[int, int]) -> int:
    return ends[0] | ends[1] << 8


def _timecents(seconds: float) -> int:
    return max(-12_000, min(8_000, round(1200 * math.log2(max(seconds, 1e-4)))))


def _generators(pairs: Iterable[tuple[int, int]]) -> bytes:
    return b"".join(struct.pack("<HH", kind, amount & 0xFFFF) for kind, amount in pairs)


def _list(kind: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", kind + data)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
