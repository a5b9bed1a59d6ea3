"""Instrument files read as their specifications say, by nothing of ours: to be played by a program that is not ours, too.

Decent Sampler: https://github.com/DecentSamples/DecentSampler-Developers-Guide
Multisample: https://github.com/bitwig/multisample
WAV: the chunk `smpl` of the Multimedia Programming Interface and Data Specifications 1.0. SFZ: https://sfzformat.com.
"""

from __future__ import annotations

import io
import itertools
import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import soundfile

from tests.players import Player, sfizz


@dataclass(frozen=True)
class Region:
    """A sound file's bytes with its keys, velocities, root (MIDI pitch at which it sounds as it is), and loop [first, behind).

    linear: whether half the velocity is half the amplitude, as in Decent Sampler; else a quarter, or the player's choice.
    """

    file: bytes
    keys: tuple[int, int]
    velocities: tuple[int, int]
    root: float
    loop: tuple[int, int] | None
    linear: bool = False

    @property
    def audio(self) -> np.ndarray:
        """Frames (n_samples,)."""
        return np.asarray(soundfile.read(io.BytesIO(self.file), dtype="float32")[0])


def regions(folder: Path, kind: str) -> list[Region]:
    """What an exported instrument of one of the formats sfz, dspreset, multisample and wav lays on keys."""
    return {"sfz": _sfz, "dspreset": _decent, "multisample": _multisample, "wav": _wavs}[kind](folder)


def region_at(found: list[Region], key: int, velocity: int) -> Region:
    """The one region that a key plays."""
    (one,) = [
        each
        for each in found
        if each.keys[0] <= key <= each.keys[1] and each.velocities[0] <= velocity <= each.velocities[1]
    ]
    return one


def played(found: list[Region], folder: Path) -> Player:
    """The regions played by sfizz: an SFZ file says the same, each in its words. Written to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["<control> hint_ram_based=1"]
    for number, each in enumerate(found):
        (folder / f"{number}.wav").write_bytes(each.file)
        root = round(each.root)
        told = f"sample={number}.wav pitch_keycenter={root} tune={round(100 * (root - each.root))}"
        told += f" lokey={each.keys[0]} hikey={each.keys[1]} lovel={each.velocities[0]} hivel={each.velocities[1]}"
        loop = "loop_mode=no_loop"
        if each.loop is not None:
            loop = f"loop_mode=loop_continuous loop_start={each.loop[0]} loop_end={each.loop[1] - 1}"
        curve = " amp_velcurve_1=0.008 amp_velcurve_127=1" if each.linear else ""
        lines.append(f"<region> {told} {loop} ampeg_release=0.3{curve}")
    (folder / "told.sfz").write_text("\n".join(lines))
    return sfizz(folder / "told.sfz")


def _sfz(folder: Path) -> list[Region]:
    text = re.sub(r"//.*", "", next(folder.glob("*.sfz")).read_text())
    found = []
    for part in text.split("<region>")[1:]:
        told = dict(re.findall(r"(\w+)=(\S+)", part))
        loop = None
        if told["loop_mode"] == "loop_continuous":
            loop = (int(told["loop_start"]), int(told["loop_end"]) + 1)
        keys, velocities = (int(told["lokey"]), int(told["hikey"])), (int(told["lovel"]), int(told["hivel"]))
        root = int(told["pitch_keycenter"]) - int(told["tune"]) / 100
        found.append(Region((folder / told["sample"]).read_bytes(), keys, velocities, root, loop))
    return found


def _decent(folder: Path) -> list[Region]:
    found = []
    (groups,) = Xml.parse(next(folder.glob("*.dspreset"))).iter("groups")
    for group in groups.iter("group"):
        assert group.get("ampVelTrack") == "1"
        for each in group.iter("sample"):
            number = lambda name: int(each.attrib[name])  # noqa: B023, E731
            file = (folder / each.attrib["path"]).read_bytes()
            loop = (number("loopStart"), number("loopEnd") + 1) if each.get("loopEnabled") == "true" else None
            keys, velocities = (number("loNote"), number("hiNote")), (number("loVel"), number("hiVel"))
            root = number("rootNote") - float(each.get("tuning", 0))
            found.append(Region(file, keys, velocities, root, loop, linear=True))
    return found


def _multisample(folder: Path) -> list[Region]:
    archive = zipfile.ZipFile(next(folder.glob("*.multisample")))
    found = []
    for each in Xml.fromstring(archive.read("multisample.xml")).iter("sample"):
        key, velocity, told = (dict(next(each.iter(name)).attrib) for name in ("key", "velocity", "loop"))
        loop = (round(float(told["start"])), round(float(told["stop"]))) if told["mode"] == "loop" else None
        root = int(key["root"]) - float(key.get("tune", 0))
        keys, velocities = (int(key["low"]), int(key["high"])), (int(velocity["low"]), int(velocity["high"]))
        found.append(Region(archive.read(each.attrib["file"]), keys, velocities, root, loop))
    return found


def _wavs(folder: Path) -> list[Region]:
    """Laid on keys as samplers do it: from the middle between one sample and the next, keys and layers from the file names."""
    layers: dict[int, dict[int, bytes]] = {}
    for path in folder.glob("*.wav"):
        key, highest = re.findall(r"_(\d{3})(?:_v(\d{3}))?\.wav$", path.name)[0]
        layers.setdefault(int(key), {})[int(highest or 127)] = path.read_bytes()
    found = []
    for keys, takes in zip(_between(sorted(layers)), (layers[key] for key in sorted(layers)), strict=True):
        softest = 1
        for highest, file in sorted(takes.items()):
            found.append(Region(file, keys, (softest, highest), *_smpl(file)))
            softest = highest + 1
    return found


def _between(keys: list[int]) -> list[tuple[int, int]]:
    borders = [(low + high) // 2 for low, high in itertools.pairwise(keys)]
    return list(zip([0, *(border + 1 for border in borders)], [*borders, 127], strict=True))


def _smpl(file: bytes) -> tuple[float, tuple[int, int] | None]:
    """The pitch and the loop that a WAV file's chunk `smpl` tells."""
    at = 12
    while file[at : at + 4] != b"smpl":
        at += 8 + (size := int.from_bytes(file[at + 4 : at + 8], "little")) + size % 2
    told = struct.unpack_from("<9I", file, at + 8)
    _, _, first, last, *_ = struct.unpack_from("<6I", file, at + 44) if told[7] else (0, 0, 0, -1)
    return told[3] + told[4] / 2**32, (first, last + 1) if told[7] else None
