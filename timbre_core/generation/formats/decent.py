"""Decent Sampler: an XML file beside WAV files. https://decentsampler-developers-guide.readthedocs.io, version 1.11.5.

`loopEnd` is a loop's last frame (its default is "the file's length in samples minus 1"). Its velocity is linear: half of it
is half of the amplitude, and no preset can say otherwise.
"""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from timbre_core.generation.formats.description import LONGEST_ATTACK, LONGEST_RELEASE, SampledInstrument, Zone
from timbre_core.generation.formats.wav import wav_files

_FOLDER = "Samples/"
_KNOB = {"y": "75", "width": "90", "textSize": "16", "valueType": "float", "minValue": "0"}


def write_decent(instrument: SampledInstrument) -> dict[str, bytes]:
    """`NAME.dspreset` and its samples."""
    root = Xml.Element("DecentSampler", {"minVersion": "1.0.0"})
    root.append(Xml.Comment(instrument.note.replace("--", "- -")))
    # What is told to sound to its end is let go of so slowly that it does.
    release = LONGEST_RELEASE if instrument.one_shot else instrument.release
    tab = Xml.SubElement(Xml.SubElement(root, "ui", {"width": "812", "height": "375"}), "tab", {"name": "main"})
    for x, label, parameter, most, value in (
        ("20", "Attack", "ENV_ATTACK", LONGEST_ATTACK, instrument.attack),
        ("120", "Release", "ENV_RELEASE", LONGEST_RELEASE, release),
    ):
        told = {**_KNOB, "x": x, "label": label, "maxValue": f"{most:g}", "value": f"{value:.4g}"}
        knob = Xml.SubElement(tab, "labeled-knob", told)
        binding = {"type": "amp", "level": "instrument", "position": "0", "parameter": parameter}
        Xml.SubElement(knob, "binding", binding)
    envelope = {"attack": f"{instrument.attack:.4g}", "decay": "0", "sustain": "1", "release": f"{release:.4g}"}
    group = Xml.SubElement(Xml.SubElement(root, "groups", envelope), "group", {"ampVelTrack": "1"})
    for zone in instrument.zones:
        Xml.SubElement(group, "sample", _sample(zone))
    Xml.indent(root)
    text: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return {f"{instrument.name}.dspreset": text + b"\n", **wav_files(instrument, _FOLDER)}


def _sample(zone: Zone) -> dict[str, str]:
    told = {
        "path": f"{_FOLDER}{zone.name}.wav",
        "rootNote": str(zone.sample.root),
        "loNote": str(zone.keys[0]),
        "hiNote": str(zone.keys[1]),
        "loVel": str(zone.velocities[0]),
        "hiVel": str(zone.velocities[1]),
        "tuning": f"{zone.cents / 100:.4f}",
        "loopEnabled": "false",
    }
    if zone.sample.loop is not None:
        first, behind = zone.sample.loop
        told |= {"loopEnabled": "true", "loopStart": str(first), "loopEnd": str(behind - 1)}
    return told
