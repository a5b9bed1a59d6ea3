"""Labels from SFZ files that lie beside samples: which key and velocities each sample is for (https://sfzformat.com)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from timbre_core.datasets.files_by_name import FilesByName
from timbre_core.datasets.label_values import Labels
from timbre_core.datasets.pitch_names import read_pitch
from timbre_core.errors import TimbreError, os_errors
from timbre_core.wording import counted

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_HEADER = re.compile(r"<(\w+)>")
_REGION = re.compile("<region>", re.IGNORECASE)
_OPCODE = re.compile(r"([#$]?\w+)=(.*?)(?=\s+[#$]?\w+=|<\w+>|$)", re.MULTILINE)
_DEFINE = re.compile(r"#define\s+(\$\w+)\s+(\S+)")
_INCLUDE = re.compile(r'#include\s+"([^"]+)"')
_LEVELS = ("control", "global", "master", "group", "region")
_DEEPEST = 4

Skipped = list[tuple[str, str]]


@dataclass
class Mappings:
    """Labels by file; files that are no notes but what is heard when keys are let go; what cannot be used; and sentences on
    SFZ files that differ."""

    labels: dict[str, Labels] = field(default_factory=dict)
    releases: set[str] = field(default_factory=set)
    skipped: Skipped = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def read_mappings(root: Path, mappings: Sequence[str], files: Sequence[str]) -> Mappings:
    """Labels by file of what the SFZ files `mappings` (posix paths below `root`) say of `files`.

    A sample's pitch is its key centre with the offsets that the file adds to its keys, less the transposition it is played
    with; its velocity the middle of its range. Where several regions differ the most frequent counts. The instrument is the
    SFZ file's name.
    """
    regions: dict[str, list[Labels]] = {}
    keys: dict[str, dict[str, str]] = {}
    made = Mappings()
    skipped = made.skipped
    for name in mappings:
        found = FilesByName(files, name.rpartition("/")[0])
        try:
            text = _included(root, root / name)
        except TimbreError as error:
            where, _, reason = str(error).partition(": ")
            skipped.append((where, reason.rstrip(".")))
            continue
        missing = 0
        if not _REGION.search(text):
            skipped.append((str(root / name), "no <region> in it: it says nothing of sounds"))
        for region in _regions(text):
            file, _ = found.find(region.get("default_path", "") + region["sample"])
            if file is None:
                missing += 1
                continue
            if region.get("trigger", "").startswith("release"):
                made.releases.add(file)
                continue
            given = _labels(region) | {"instrument": PurePosixPath(name).stem}
            regions.setdefault(file, []).append(given)
            keys.setdefault(file, {}).setdefault(name, given.get("pitch", ""))
        if missing:
            skipped.append((str(root / name), f"{counted(missing, 'sample')} of its regions not in the folder"))
    made.labels = {file: _most_frequent(given) for file, given in regions.items()}
    made.releases -= made.labels.keys()
    skipped += [
        (str(root / file), "no note: it sounds when a key is let go, as SFZ says") for file in sorted(made.releases)
    ]
    made.said = _differences(root, keys, made.labels)
    return made


def _differences(root: Path, keys: dict[str, dict[str, str]], labels: dict[str, Labels]) -> list[str]:
    """A sentence on sounds to which several SFZ files give other keys: `keys` by sound and SFZ file."""
    unlike = [file for file, given in keys.items() if len(set(given.values())) > 1]
    if not unlike:
        return []
    file = unlike[0]
    told = ", ".join(f"{key or 'none'} in {name}" for name, key in keys[file].items())
    taken = labels[file].get("pitch", "none")
    return [
        f"{root}: SFZ files differ in the key of {counted(len(unlike), 'sound')}: {file} has {told}; {taken} is taken"
    ]


def _included(root: Path, path: Path, depth: int = 0) -> str:
    with os_errors(path):
        content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    lines = content.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    text = _COMMENT.sub("", lines)

    def include(match: re.Match[str]) -> str:
        other = (path.parent / match[1].replace("\\", "/")).resolve()
        inside = other.is_relative_to(root.resolve()) and other.is_file() and depth < _DEEPEST
        return _included(root, other, depth + 1) if inside else ""

    text = _INCLUDE.sub(include, text)
    for name, value in sorted(_DEFINE.findall(text), key=lambda pair: -len(pair[0])):
        text = text.replace(name, value)
    return text


def _regions(text: str) -> Iterator[dict[str, str]]:
    """Each region's opcodes, with those of the groups it is in."""
    levels: dict[str, dict[str, str]] = {level: {} for level in _LEVELS}
    pieces = _HEADER.split(text)
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        header = name.lower()
        if header not in levels:
            continue
        for lower in _LEVELS[_LEVELS.index(header) + (header == "control") :]:
            if header != "control":
                levels[lower] = {}
        levels[header] = levels[header] | {name.lower(): value.strip() for name, value in _OPCODE.findall(body)}
        if header == "region":
            region = {name: value for level in _LEVELS for name, value in levels[level].items()}
            if region.get("sample") and not region["sample"].startswith("*"):
                yield region


def _labels(region: dict[str, str]) -> Labels:
    given: Labels = {}
    key = region.get("pitch_keycenter") or region.get("key")
    if key and region.get("pitch_keytrack", "100") not in ("0", "0.0"):
        try:
            shift = (
                _number(region, "note_offset") + 12 * _number(region, "octave_offset") - _number(region, "transpose")
            )
            given["pitch"] = f"{read_pitch(key) + shift:g}"
        except TimbreError:
            pass
    if "lovel" in region or "hivel" in region:
        given["velocity"] = f"{round((_number(region, 'lovel', 1) + _number(region, 'hivel', 127)) / 2)}"
    return given


def _number(region: dict[str, str], name: str, default: float = 0) -> float:
    try:
        return float(region.get(name) or default)
    except ValueError:
        return default


def _most_frequent(given: list[Labels]) -> Labels:
    fields = {name for labels in given for name in labels}
    return {name: Counter(labels[name] for labels in given if name in labels).most_common(1)[0][0] for name in fields}
