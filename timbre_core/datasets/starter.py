"""The starter library that ships with the project: a Parquet file of notes rendered from a General MIDI SoundFont."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.files import atomic_write

if TYPE_CHECKING:
    from timbre_core.datasets.soundfont import PlannedNote
    from timbre_core.datasets.synthesizer import Synthesizer

SAMPLE_RATE = 16_000
VELOCITIES = (50, 100)
PITCHES_PER_INSTRUMENT = 8
# Programs that sound at another pitch than the key's or a chord, click (83), or are hardly different from another one.
LEFT_OUT = frozenset((31, 47, 83, 86, 95, 100, 112))
# Of what libsndfile writes, variable-rate MP3 alters log-mel frames least at 15 KB a note: 0.8 dB on average, where Ogg
# Vorbis has 1.5 and Opus 2. At a rate of 16 kHz it would cut everything above 7.5 kHz, at 22.05 kHz it keeps it.
_STORED_RATE = 22_050
_COMPRESSION = 0.5
# Small groups: playing one note reads the audio of its group.
_ROWS_PER_GROUP = 50


def starter_path() -> Path:
    """Where the starter library is. Raises TimbreError if this copy of the project comes without it."""
    path = Path(__file__).with_name("starter.parquet")
    if not path.is_file():
        raise TimbreError(
            f"{path}: the starter library is missing: get the project again, or build it with "
            "'python -m timbre_core prepare starter FILE.sf2 OUT.parquet'."
        )
    return path


def build_starter(sf2: Path | str, out: Path | str, notice: str = "", progress: bool = True) -> dict[str, int]:
    """Render a starter library from a General MIDI SoundFont into the Parquet file `out`.

    Some hundred instruments, eight pitches spread over the natural range of each, two velocities, 4 s at 16 kHz. Row
    for row a note table with `program` (General MIDI number), `program_name` and `audio` (an MP3 file's bytes).
    notice: copyright and licence of the SoundFont, kept in the file's metadata.
    Returns the counts {"notes", "instruments", "silent", "bytes"}. Raises TimbreError without FluidSynth, for a file
    that is no SoundFont, and for disk errors.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from tqdm import tqdm

    from timbre_core.datasets.soundfont import SILENT
    from timbre_core.datasets.synthesizer import Synthesizer

    sf2, out = Path(sf2), Path(out)
    synthesizer = Synthesizer(sf2, SAMPLE_RATE)
    plan = list(_plan(synthesizer))
    rows: list[dict[str, Any]] = []
    for note in tqdm(plan, unit="note", desc="starter", disable=not progress):
        samples = synthesizer.render(0, note.number, note.pitch, note.velocity, hold=3.0, release=1.0)
        if np.abs(samples).max() >= SILENT:
            rows.append(_row(note, samples))
    synthesizer.close()
    if not rows:
        raise TimbreError(f"{sf2}: has no General MIDI instrument that sounds: choose another SoundFont.")

    origin = {"soundfont": sf2.name, "sample_rate": SAMPLE_RATE, "license": notice}
    table = pa.Table.from_pylist(rows, schema=_schema()).replace_schema_metadata({"timbre_library": json.dumps(origin)})
    labels = [name for name in table.column_names if name != "audio"]
    with atomic_write(out) as temporary:
        pq.write_table(
            table,
            temporary,
            row_group_size=_ROWS_PER_GROUP,
            compression={name: "none" if name == "audio" else "snappy" for name in table.column_names},
            use_dictionary=labels,
            write_statistics=labels,
        )
    return {
        "notes": len(rows),
        "instruments": len({row["instrument"] for row in rows}),
        "silent": len(plan) - len(rows),
        "bytes": out.stat().st_size,
    }


def _plan(synthesizer: Synthesizer) -> Iterator[PlannedNote]:
    """Eight pitches of each instrument's natural range; where in its eighth a pitch lies differs between instruments.

    Many instruments have the same range: so all of them together still play every pitch.
    """
    from timbre_core.datasets.general_midi import PROGRAMS
    from timbre_core.datasets.soundfont import PlannedNote

    for number, program in sorted(PROGRAMS.items()):
        name = synthesizer.program_name(0, number)
        if name is None or number in LEFT_OUT:
            continue
        place = number * 0.618034 % 1  # golden ratio steps spread evenly
        width = (program.high - program.low + 1) / PITCHES_PER_INSTRUMENT
        for i in range(PITCHES_PER_INSTRUMENT):
            pitch = program.low + int((i + place) * width)
            for velocity in VELOCITIES:
                yield PlannedNote(number, program.family, program.source, name, pitch, velocity)


def _row(note: PlannedNote, samples: np.ndarray) -> dict[str, Any]:
    import soundfile
    import soxr

    from timbre_core.datasets.soundfont import PEAK

    samples = samples * (PEAK / np.abs(samples).max())
    file = io.BytesIO()
    stored = soxr.resample(samples, SAMPLE_RATE, _STORED_RATE, quality="HQ")
    soundfile.write(file, stored, _STORED_RATE, format="MP3", bitrate_mode="VARIABLE", compression_level=_COMPRESSION)
    return {
        "note_id": note.note_id,
        "instrument": note.instrument,
        "family": note.family,
        "source": note.source,
        "pitch": float(note.pitch),
        "pitch_estimated": False,
        "velocity": float(note.velocity),
        "split": "",
        "program": note.number,
        "program_name": note.program_name,
        "audio": file.getvalue(),
    }


def _schema() -> Any:
    import pyarrow as pa

    text = ("note_id", "instrument", "family", "source", "split", "program_name")
    kinds = dict.fromkeys(text, pa.string()) | {
        "pitch": pa.float32(),
        "pitch_estimated": pa.bool_(),
        "velocity": pa.float32(),
        "program": pa.int16(),
        "audio": pa.binary(),
    }
    order = "note_id instrument family source pitch pitch_estimated velocity split program program_name audio"
    return pa.schema([(name, kinds[name]) for name in order.split()])
