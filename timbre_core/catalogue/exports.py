"""Sets of sounds as files for other programs: WAV or FLAC with a table, a data set in NSynth's layout, an SFZ instrument."""

from __future__ import annotations

import io
import itertools
import json
import math
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.datasets.csv_cells import csv_text
from timbre_core.datasets.label_values import safe_id
from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.audio import encode_wav, load_audio, opened_audio
from timbre_core.files import atomic_write

KINDS = {
    "wav": "WAV files",
    "flac": "FLAC files",
    "nsynth": "a data set in NSynth's layout",
    "sfz": "an SFZ instrument",
}

_RATE = 16_000  # Hz, of NSynth
_FINE = {"PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAC_24", "ALAC_32"}
_FIRST_KEY = 36  # C2: where a kit of unlike sounds begins, as drum kits do
_LABELS = ("instrument", "family", "source", "pitch", "velocity")


@dataclass(frozen=True)
class Item:
    """A sound of a set. name: what it is called; labels: of `_LABELS` and any other; content: gives its file's bytes."""

    name: str
    labels: dict[str, Any]
    content: Callable[[], bytes]

    @property
    def pitch(self) -> float | None:
        """MIDI, None where it is not known."""
        pitch = self.labels.get("pitch")
        return None if pitch is None or math.isnan(pitch) else float(pitch)


def write_set(
    items: Sequence[Item],
    kind: str,
    target: Path,
    name: str = "sounds",
    report: Callable[[int, int], None] = lambda done, of: None,
) -> list[tuple[str, str]]:
    """Write a set of sounds as one ZIP archive; returns (name, reason) of those that were left out, which it lists too.

    kind: of KINDS. wav, flac: as they are, with rate and channels, and `notes.csv`. nsynth: 16 kHz mono with `examples.json`,
    which trainings read back. sfz: an instrument over the keys where all are one instrument's notes at different pitches, else
    a kit with one sound a key.

    Raises TimbreError for another kind, where none of the sounds can be read, and on a full disk.
    """
    if kind not in KINDS:
        raise TimbreError(f"there is no export {kind[:40]!r}: choose from {', '.join(KINDS)}.")
    left_out: list[tuple[str, str]] = []
    with (
        os_errors(target, writing=True),
        atomic_write(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
    ):
        written = _WRITERS[kind](archive, items, name, left_out, report)
        if not written:
            why = f": {left_out[0][0]}: {left_out[0][1].rstrip('.')}" if left_out else ""
            raise TimbreError(f"none of these sounds can be written{why}.")
        if left_out:
            archive.writestr("left-out.csv", csv_text(["name", "reason"], left_out))
    return left_out


def _files(
    archive: zipfile.ZipFile,
    items: Sequence[Item],
    ending: str,
    left_out: list[tuple[str, str]],
    report: Callable[[int, int], None],
    folder: str = "",
    made: Callable[[Item], bytes] | None = None,
) -> list[tuple[Item, str]]:
    """Write every sound in a format; returns those that could be, with their names in the archive.

    made: gives a file's bytes, or raises TimbreError with why it is left out; by default the sound as it is.
    """
    written, taken = [], set[str]()
    for done, item in enumerate(items):
        report(done, len(items))
        try:
            data = made(item) if made else converted(item.content(), ending, item.name)
        except TimbreError as error:
            left_out.append((item.name, str(error)))
            continue
        path = f"{folder}{_stem(item.name, taken)}.{ending}"
        archive.writestr(path, data)
        written.append((item, path))
    report(len(items), len(items))
    return written


def _stem(name: str, taken: set[str]) -> str:
    """A file name, without its ending, that can be unpacked where a and A are one, too; `taken` gets it."""
    from timbre_core.generation.formats.packing import no_device

    stem = no_device(safe_id(name, set()))
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    found = next(each for each in names if each.casefold() not in taken)
    taken.add(found.casefold())
    return found


def converted(content: bytes, ending: str, name: str) -> bytes:
    """A sound file's bytes as WAV or FLAC, at its own rate and with its channels; unchanged where it is such a file already.

    Raises TimbreError for one that cannot be read.
    """
    import soundfile

    with opened_audio(content, name, remarks=[]) as sound:
        if sound.format == ending.upper() and sound.subtype.startswith(("PCM", "FLOAT")):
            return content
        samples, rate = sound.read(dtype="float32", always_2d=True), sound.samplerate
        fine = sound.subtype in _FINE
    if not len(samples):
        raise TimbreError(f"{name}: holds no sound: leave it out.")
    made = io.BytesIO()
    if samples.shape[1] > 8 and ending == "flac":
        raise TimbreError(f"{name}: FLAC has at most 8 channels: take WAV.")
    try:
        soundfile.write(made, np.clip(samples, -1, 1), rate, "PCM_24" if fine else "PCM_16", format=ending.upper())
    except soundfile.LibsndfileError as error:  # FLAC takes no rate above 655,350 Hz
        raise TimbreError(f"{name}: cannot be written as {ending.upper()} at {rate:,} Hz: take WAV.") from error
    return made.getvalue()


def _write_sounds(ending: str) -> Callable[..., int]:
    def write(
        archive: zipfile.ZipFile,
        items: Sequence[Item],
        name: str,
        left_out: list[tuple[str, str]],
        report: Callable[[int, int], None],
    ) -> int:
        written = _files(archive, items, ending, left_out, report)
        columns = list(dict.fromkeys(itertools.chain(_LABELS, *(item.labels for item, _ in written))))
        rows = [[path, item.name, *(_cell(item.labels.get(column)) for column in columns)] for item, path in written]
        archive.writestr("notes.csv", csv_text(["file", "name", *columns], rows))
        return len(written)

    return write


def _write_nsynth(
    archive: zipfile.ZipFile,
    items: Sequence[Item],
    name: str,
    left_out: list[tuple[str, str]],
    report: Callable[[int, int], None],
) -> int:
    def note_file(item: Item) -> bytes:
        if item.pitch is None:
            raise TimbreError("its pitch is not known, which NSynth's layout asks for: label it")
        return encode_wav(load_audio(item.content(), _RATE, item.name, remarks=[]), _RATE)

    examples: dict[str, dict[str, Any]] = {}
    instruments: dict[str, int] = {}
    families: dict[str, int] = {}
    for item, path in _files(archive, items, "wav", left_out, report, "audio/", note_file):
        note = path.removeprefix("audio/").removesuffix(".wav")
        instrument, family, source = (str(item.labels.get(label) or "unknown") for label in _LABELS[:3])
        examples[note] = {
            "note": len(examples),
            "note_str": note,
            "instrument": instruments.setdefault(instrument, len(instruments)),
            "instrument_str": instrument,
            "instrument_family": families.setdefault(family, len(families)),
            "instrument_family_str": family,
            "instrument_source": 0,
            "instrument_source_str": source,
            "pitch": round(item.pitch or 0),
            "velocity": round(_velocity(item)),
            "sample_rate": _RATE,
            "qualities": [0] * 10,
            "qualities_str": [],
        }
    archive.writestr("examples.json", json.dumps(examples, indent=1, ensure_ascii=False))
    return len(examples)


def _write_sfz(
    archive: zipfile.ZipFile,
    items: Sequence[Item],
    name: str,
    left_out: list[tuple[str, str]],
    report: Callable[[int, int], None],
) -> int:
    from timbre_core.generation.sampler import file_name

    written = _files(archive, items, "wav", left_out, report, "samples/")
    instruments = {item.labels.get("instrument") for item, _ in written}
    played = len(instruments) == 1 and len(written) > 1 and all(item.pitch is not None for item, _ in written)
    if not played and len(written) > 128 - _FIRST_KEY:
        left_out += [(item.name, "a kit has one sound a key") for item, _ in written[128 - _FIRST_KEY :]]
        written = written[: 128 - _FIRST_KEY]
    places = _over_keys([item for item, _ in written]) if played else _kit(len(written))
    mode = "no_loop" if played else "one_shot"
    regions = [
        f"<region> sample={path} {told} loop_mode={mode}\n" for (_, path), told in zip(written, places, strict=True)
    ]
    head = f"// {file_name(name)}: Timbre Explorer\n<group> ampeg_release=0.3 amp_veltrack=100\n"
    archive.writestr(f"{file_name(name)}.sfz", head + "".join(regions))
    return len(written)


def _kit(count: int) -> list[str]:
    """Where the regions of unlike sounds lie: one a key."""
    return [f"key={_FIRST_KEY + number} pitch_keytrack=0" for number in range(count)]


def _over_keys(items: Sequence[Item]) -> list[str]:
    """Where the regions of one instrument's notes lie: over the keys, those of one pitch as layers from soft to loud."""
    from timbre_core.generation.sampler import key_ranges, velocity_layers

    by_key: dict[int, list[int]] = {}
    for number, item in enumerate(items):
        by_key.setdefault(round(item.pitch or 0), []).append(number)
    keys = sorted(by_key)
    told = [""] * len(items)
    for key, (low, high) in zip(keys, key_ranges(keys), strict=True):
        numbers = sorted(by_key[key], key=lambda number: _velocity(items[number]))
        for number, (soft, loud) in zip(numbers, velocity_layers(len(numbers)), strict=True):
            layer = f" lovel={soft} hivel={loud}" if len(numbers) > 1 else ""
            told[number] = f"lokey={low} hikey={high} pitch_keycenter={key}{layer}"
    return told


_WRITERS: dict[str, Callable[..., int]] = {
    "wav": _write_sounds("wav"),
    "flac": _write_sounds("flac"),
    "nsynth": _write_nsynth,
    "sfz": _write_sfz,
}


def _velocity(item: Item) -> float:
    velocity = item.labels.get("velocity")
    return 100.0 if velocity is None or math.isnan(velocity) else float(velocity)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
