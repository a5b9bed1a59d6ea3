"""The starter library built from small SoundFonts whose content is known."""

from __future__ import annotations

import ctypes.util
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from timbre_core.__main__ import main
from timbre_core.datasets.library import open_library
from timbre_core.features.pitch import estimate_f0, midi_to_hz
from timbre_core.generation.formats.description import Sample, SampledInstrument, Zone
from timbre_core.generation.formats.sf2 import write_sf2

RATE = 44_100
ROOTS = range(36, 97, 6)

pytestmark = pytest.mark.skipif(not ctypes.util.find_library("fluidsynth"), reason="needs the FluidSynth library")


def bright(hz: float, time: np.ndarray) -> np.ndarray:
    """All harmonics, decaying as a struck string's do."""
    return np.sum([np.sin(2 * np.pi * k * hz * time + k) / k * np.exp(-k * time) for k in range(1, 9)], axis=0)


def hollow(hz: float, time: np.ndarray) -> np.ndarray:
    """Odd harmonics, held."""
    return np.sum([np.sin(2 * np.pi * k * hz * time) / k for k in (1, 3, 5)], axis=0)


def font(folder: Path, name: str, tone: Callable[[float, np.ndarray], np.ndarray], gain: float) -> str:
    """A SoundFont of one preset: a recording of 3 s for each six keys."""
    time = np.arange(3 * RATE) / RATE
    zones = []
    for root in ROOTS:
        audio = (gain * tone(float(midi_to_hz(root)), time)).astype(np.float32)
        zones.append(Zone(Sample(audio, RATE, root), f"{name}_{root}", (root - 3, root + 2)))
    path = folder / f"{name}.sf2"
    path.write_bytes(write_sf2(SampledInstrument(name, tuple(zones)))[path.name])
    return str(path)


def test_a_library_of_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second font's recordings are the first one's, softer; the third one's are its own."""
    fonts = [
        font(tmp_path, "first", bright, 0.4),
        font(tmp_path, "same", bright, 0.2),
        font(tmp_path, "other", hollow, 0.4),
    ]
    out, notice = tmp_path / "starter.parquet", tmp_path / "NOTICE.txt"
    notice.write_text("Made for a test.", encoding="utf-8")
    assert main(["prepare", "starter", str(out), *fonts, "--notice", str(notice)]) == 0
    table = pq.read_table(out)
    about = json.loads(table.schema.metadata[b"timbre_library"])
    assert about == {
        "soundfonts": ["first.sf2", "same.sf2", "other.sf2"],
        "sample_rate": RATE,
        "license": "Made for a test.",
    }
    notes = table.to_pandas()
    assert set(notes["soundfont"]) == {"first", "other"}
    assert notes["instrument"].nunique() == 2
    assert notes["note_id"].is_unique
    assert (notes.groupby("instrument").size() >= 12).all()
    np.testing.assert_allclose(notes["f0"], midi_to_hz(notes["pitch"].to_numpy()), rtol=0.01)
    by_font = notes.groupby("soundfont").mean(numeric_only=True)
    assert by_font.loc["other", "brightness"] != pytest.approx(by_font.loc["first", "brightness"], rel=0.05)
    audio, rate = soundfile.read(io.BytesIO(notes["audio"].iloc[0]))
    assert rate == RATE
    assert estimate_f0(audio, rate).midi == pytest.approx(notes["pitch"].iloc[0], abs=0.1)
    library = open_library([str(out)], progress=False)
    assert len(library.notes) == len(notes)
    assert np.abs(library.load(0, 16_000)).max() > 0.1
