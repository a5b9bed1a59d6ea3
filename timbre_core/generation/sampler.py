"""An instrument as samples that other programs play: WAV files with loops, and an SFZ file that lays them on the keys.

SFZ: https://sfzformat.com (opcodes of version 1, understood by all players). Loops are told twice, in the SFZ file and
in the WAV files' `smpl` chunk (Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft, 1991).
"""

from __future__ import annotations

import io
import itertools
import re
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.audio import encode_wav
from timbre_core.features.pitch import estimate_f0
from timbre_core.files import atomic_write
from timbre_core.generation.instrument import Instrument, PlayedNote

_NOTE_NAMES = ("C", "Cs", "D", "Ds", "E", "F", "Fs", "G", "Gs", "A", "As", "B")
_LARGEST_TUNE = 50  # cents: what is measured further off is another key's pitch, or no pitch
_CONFIDENT = 0.8
ATTACK = 0.001
"""Seconds: the shortest that does not click."""
RELEASE = 0.3
"""Seconds in which an exported key fades out unless told otherwise."""


def sampled_keys(low: int, high: int, step: int) -> list[int]:
    """MIDI keys from `low` to at most `high`, every `step` semitones. Raises TimbreError for a range that makes no sense."""
    if not (0 <= low <= high <= 127):
        raise TimbreError(
            f"keys {low} to {high}: choose a lowest and a highest MIDI key from 0 to 127, low before high."
        )
    if not 1 <= step <= 24:
        raise TimbreError(f"a sample every {step} semitones: choose from 1 (every key) to 24 (every second octave).")
    return list(range(low, high + 1, step))


def key_ranges(keys: list[int]) -> list[tuple[int, int]]:
    """The lowest and the highest MIDI key that each sample plays: the nearest sample's, all of 0-127 without gaps."""
    borders = [(lower + upper) // 2 for lower, upper in itertools.pairwise(keys)]
    return list(zip([0, *(border + 1 for border in borders)], [*borders, 127], strict=True))


def looped_wav(note: PlayedNote) -> bytes:
    """A 16-bit WAV file's bytes; a loop becomes its `smpl` chunk, with the key as the unity note."""
    wav = encode_wav(note.audio, note.sample_rate)
    if note.loop is None:
        return wav
    start, end = note.loop
    period = round(1e9 / note.sample_rate)
    sampler = struct.pack("<9I", 0, 0, period, round(note.key), 0, 0, 0, 1, 0)
    loop = struct.pack("<6I", 0, 0, start, end - 1, 0, 0)
    chunk = b"smpl" + struct.pack("<I", len(sampler) + len(loop)) + sampler + loop
    return wav[:4] + struct.pack("<I", len(wav) - 8 + len(chunk)) + wav[8:] + chunk


def multi_sample(
    instrument: Instrument,
    name: str,
    keys: list[int],
    progress: Callable[[int, int], None] = lambda done, of: None,
    attack: float = ATTACK,
    release: float = RELEASE,
) -> dict[str, bytes]:
    """`NAME.sfz` and its samples as file names with contents; `progress(done, of)` is called before each sample.

    attack, release: seconds in which a key fades in when it is pressed, and out when it is let go. Samples that are off the
    key by less than half a semitone are put in tune by the SFZ file.
    """
    name = file_name(name)
    files: dict[str, bytes] = {}
    regions = []
    for done, (key, (low, high)) in enumerate(zip(keys, key_ranges(keys), strict=True)):
        progress(done, len(keys))
        note = instrument.note(key)
        sample = f"samples/{name}_{key:03d}_{_NOTE_NAMES[key % 12]}{key // 12 - 1}.wav"
        files[sample] = looped_wav(note)
        loop = "loop_mode=no_loop"
        if note.loop is not None:
            loop = f"loop_mode=loop_continuous loop_start={note.loop[0]} loop_end={note.loop[1] - 1}"
        regions.append(
            f"<region> sample={sample} lokey={low} hikey={high} pitch_keycenter={key} tune={_tune(note)} {loop}\n"
        )
    progress(len(keys), len(keys))
    checkpoint = "".join(char for char in instrument.space.checkpoint.name if char.isprintable())
    head = f"// {name}: Timbre Explorer, checkpoint {checkpoint}, {instrument.space.sample_rate} Hz\n"
    envelope = f"ampeg_attack={max(attack, ATTACK):.4g} ampeg_release={max(release, ATTACK):.4g}"
    group = f"<group> {envelope} amp_veltrack=100\n"
    return {f"{name}.sfz": (head + group + "".join(regions)).encode("utf-8"), **files}


def file_name(text: str) -> str:
    """A name made of ASCII letters, digits, `_` and `-` alone, from any text; accents are left off."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")[:60] or "instrument"


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as one ZIP archive's bytes; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            # Samples hardly become smaller, but text and silence do; a fixed date keeps the archive reproducible.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_files(files: Mapping[str, bytes], folder: Path | str) -> None:
    """Write the files below a folder, each whole or not at all; older ones of the same names are replaced."""
    for name, data in files.items():
        with atomic_write(Path(folder) / name) as temporary:
            temporary.write_bytes(data)


def _tune(note: PlayedNote) -> int:
    measured = estimate_f0(note.audio, note.sample_rate)
    cents = 100 * (measured.midi - note.key) if measured.confidence >= _CONFIDENT else np.nan
    return -round(cents) if np.isfinite(cents) and abs(cents) <= _LARGEST_TUNE else 0
