"""Samples as WAV files that say where they belong: the chunks `smpl` and `inst`.

Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991); `smpl` names a loop's last frame.
"""

from __future__ import annotations

import math
import struct

from timbre_core.features.audio import encode_wav
from timbre_core.generation.formats.description import SampledInstrument, Zone


def zone_wav(zone: Zone, bits: int = 16) -> bytes:
    """A WAV file's bytes with the zone's root key, tuning and loop (`smpl`) and its keys and velocities (`inst`)."""
    chunks = _chunk(b"smpl", _smpl(zone)) + _chunk(b"inst", _inst(zone))
    wav = encode_wav(zone.sample.audio, zone.sample.sample_rate, bits)
    return wav[:4] + struct.pack("<I", len(wav) - 8 + len(chunks)) + wav[8:] + chunks


def wav_files(instrument: SampledInstrument, folder: str = "") -> dict[str, bytes]:
    """The zones' samples as files by the zones' names, below `folder`."""
    return {f"{folder}{zone.name}.wav": zone_wav(zone, instrument.bits) for zone in instrument.zones}


def write_wavs(instrument: SampledInstrument) -> dict[str, bytes]:
    """WAV files alone, for samplers that lay them on keys by themselves: `NAME_KEY.wav`, of layers `NAME_KEY_vVELOCITY.wav`.

    KEY is the MIDI key. A note's name is left out: C4 is middle C here, C3 in Ableton Live, Kontakt and Logic, and a sampler
    that reads it there would lay the sample an octave off. VELOCITY is the layer's highest.
    """
    layered = len({zone.velocities for zone in instrument.zones}) > 1
    files = {}
    for zone in instrument.zones:
        layer = f"_v{zone.velocities[1]:03d}" if layered else ""
        files[f"{instrument.name}_{zone.sample.root:03d}{layer}.wav"] = zone_wav(zone, instrument.bits)
    return files


def _smpl(zone: Zone) -> bytes:
    sample = zone.sample
    # A sample that is to be raised sounds below its key: unity note and fraction say at which pitch it does.
    sounds = sample.root - zone.cents / 100
    unity = min(127, max(0, math.floor(sounds)))
    fraction = min(2**32 - 1, max(0, round((sounds - unity) * 2**32)))
    loops = [] if sample.loop is None else [(sample.loop[0], sample.loop[1] - 1)]
    head = struct.pack("<9I", 0, 0, round(1e9 / sample.sample_rate), unity, fraction, 0, 0, len(loops), 0)
    return head + b"".join(struct.pack("<6I", 0, 0, first, last, 0, 0) for first, last in loops)


def _inst(zone: Zone) -> bytes:
    cents = min(50, max(-50, round(zone.cents)))
    return struct.pack("<Bbb4B", zone.sample.root, cents, 0, *zone.keys, *zone.velocities)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
