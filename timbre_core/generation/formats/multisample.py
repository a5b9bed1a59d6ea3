"""Multisample: one file for Bitwig Studio and PreSonus Studio One. https://github.com/bitwig/multisample

A ZIP archive whose files are stored uncompressed, so that players stream them. Positions are borders between frames (`stop`
is by default the file's length), so a loop's `stop` is the first frame behind it. The format leaves envelopes and velocity to
the player.
"""

from __future__ import annotations

import zipfile
from xml.etree import ElementTree as Xml

from timbre_core.generation.formats.description import SampledInstrument, Zone
from timbre_core.generation.formats.packing import zipped
from timbre_core.generation.formats.wav import wav_files


def write_multisample(instrument: SampledInstrument) -> dict[str, bytes]:
    """`NAME.multisample`."""
    root = Xml.Element("multisample", {"name": instrument.name})
    for name, text in (
        ("generator", "Timbre Explorer"),
        ("category", "Synth"),
        ("creator", "Timbre Explorer"),
        ("description", instrument.note),
    ):
        Xml.SubElement(root, name).text = text
    layers = sorted({zone.velocities for zone in instrument.zones})
    for low, high in layers:
        Xml.SubElement(root, "group", {"name": f"Velocity {low}-{high}"})
    for zone in instrument.zones:
        root.append(_sample(zone, layers.index(zone.velocities)))
    Xml.indent(root)
    text = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    files = {"multisample.xml": text, **wav_files(instrument)}
    return {f"{instrument.name}.multisample": zipped(files, zipfile.ZIP_STORED)}


def _sample(zone: Zone, group: int) -> Xml.Element:
    sample = zone.sample
    told = {"file": f"{zone.name}.wav", "gain": "0", "group": str(group)}
    element = Xml.Element("sample", told | {"sample-start": "0", "sample-stop": str(len(sample.audio))})
    low, high = zone.keys
    tuning = {"root": str(sample.root), "tune": f"{zone.cents / 100:.4f}", "track": "1"}
    Xml.SubElement(element, "key", {"low": str(low), "high": str(high), **tuning})
    Xml.SubElement(element, "velocity", {"low": str(zone.velocities[0]), "high": str(zone.velocities[1])})
    Xml.SubElement(element, "select", {"low": "0", "high": "127"})
    loop = {"mode": "off"}
    if sample.loop is not None:
        loop = {"mode": "loop", "start": str(sample.loop[0]), "stop": str(sample.loop[1])}
    Xml.SubElement(element, "loop", loop)
    return element
