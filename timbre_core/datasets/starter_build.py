"""Building the starter library: a Parquet file of notes rendered from General MIDI SoundFonts."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from timbre_core.datasets.threads import in_threads
from timbre_core.features.descriptors import DESCRIPTORS, describe
from timbre_core.features.pitch import midi_to_hz
from timbre_core.files import atomic_write

if TYPE_CHECKING:
    from timbre_core.datasets.starter_plan import StarterNote

# Of what libsndfile writes at 44.1 kHz, Ogg Vorbis alters log-mel frames least at 18 KB a note of 4 s: 1.2 dB on average,
# and keeps what is above 8 kHz, where MP3 has 1.9 dB and loses 2 dB there, and Opus delays and has 1.8 dB.
_COMPRESSION = 0.9
_PEAK = 0.8  # decoded, some are a fifth above it
# Small groups: playing one note reads the audio of its group. Compressed, they hold Vorbis' code books once, not in every
# note: 4 KB of each.
_ROWS_PER_GROUP = 50
_LABELS = [
    "note_id",
    "instrument",
    "family",
    "source",
    "pitch",
    "pitch_estimated",
    "velocity",
    "split",
    "soundfont",
    "program",
    "program_name",
]
_TEXT = frozenset(("note_id", "instrument", "family", "source", "split", "soundfont", "program_name"))


def build_starter(
    fonts: Sequence[Path | str], out: Path | str, notice: str = "", progress: bool = True
) -> dict[str, int]:
    """Render a starter library from General MIDI SoundFonts into the Parquet file `out`.

    Instruments that differ (see `starter_plan.different_instruments`), some sixteen notes of each spread over its natural
    range, at two velocities where these sound different; no two notes are the same recording. Row for row a note table with
    `soundfont`, `program` (bank * 128 + program), `program_name`, what was measured (the DESCRIPTORS of features.descriptors
    and `f0` in Hz), and `audio` (an Ogg Vorbis file's bytes, 44.1 kHz).
    notice: copyright and licence of the SoundFonts, kept in the file's metadata.
    Returns the counts {"notes", "instruments", "families", "silent", "doubles", "unclear", "bytes"}: unclear notes do not
    sound at the pitch of their key, nor an octave or two from it as all of their instrument's do. Raises TimbreError without
    FluidSynth, for a file that is no SoundFont, and for disk errors.
    """
    from timbre_core.datasets.starter_plan import RATE, render_starter

    out = Path(out)
    sounds, counts = render_starter([Path(font) for font in fonts], progress)
    rows = [
        row | {"split": "", "pitch_estimated": False}
        for _, row in in_threads(lambda note: _row(note, RATE), sounds, "note", "encode", progress)
    ]
    _write(out, rows, {"soundfonts": [Path(font).name for font in fonts], "sample_rate": RATE, "license": notice})
    return {
        "notes": len(rows),
        "instruments": len({row["instrument"] for row in rows}),
        "families": len({row["family"] for row in rows}),
        **counts,
        "bytes": out.stat().st_size,
    }


def _row(note: StarterNote, rate: int) -> dict[str, Any]:
    import soundfile

    samples = note.samples * (_PEAK / np.abs(note.samples).max())
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="OGG", subtype="VORBIS", compression_level=_COMPRESSION)
    measured = describe(samples, rate, note.labels["pitch"]) | {"f0": float(midi_to_hz(note.heard))}
    return note.labels | measured | {"audio": file.getvalue()}


def _write(out: Path, rows: list[dict[str, Any]], origin: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds: dict[str, Any] = dict.fromkeys(_TEXT, pa.string())
    kinds |= {"pitch_estimated": pa.bool_(), "program": pa.int16(), "audio": pa.binary()}
    names = [*_LABELS, *DESCRIPTORS, "f0", "audio"]
    schema = pa.schema([(name, kinds.get(name, pa.float32())) for name in names])
    table = pa.Table.from_pylist(rows, schema=schema).replace_schema_metadata({"timbre_library": json.dumps(origin)})
    with atomic_write(out) as temporary:
        pq.write_table(
            table,
            temporary,
            row_group_size=_ROWS_PER_GROUP,
            compression={name: "zstd" if name == "audio" else "snappy" for name in names},
            compression_level={"audio": 9},
            use_dictionary=_LABELS,
            write_statistics=_LABELS,
        )
