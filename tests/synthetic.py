"""Made-up notes, so that tests need no downloaded data."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

SAMPLE_RATE = 16_000
FAMILIES = ("bass", "brass", "flute", "guitar")


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """How far two sounds of one length are apart: the RMS of their difference as a share of the louder one's.

    Sounds that are to be the same or not are compared by this: rounding moves bits with the processor and its threads.
    """
    loudest = max(float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) for sound in (a, b))
    return float(np.sqrt(np.mean(np.square(np.subtract(a, b, dtype=np.float64))))) / max(loudest, 1e-12)


def harmonic_note(
    pitch: float,
    brightness: float,
    seconds: float = 1.0,
    seed: int = 0,
    sample_rate: int = SAMPLE_RATE,
    instrument: int = 0,
) -> np.ndarray:
    """A decaying harmonic tone (n_samples,) at `sample_rate` Hz with a little noise.

    Each `instrument` has other phases, so that no two of them are one recording.
    """
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    f0 = 440.0 * 2 ** ((pitch - 69) / 12)
    phases = np.random.default_rng(instrument).uniform(0, 2 * np.pi, 20) * (instrument > 0)
    partials = [n for n in range(1, 20) if n * f0 < sample_rate / 2]
    harmonics = [brightness**n * np.sin(2 * np.pi * n * f0 * time + phases[n]) for n in partials]
    noise = 1e-3 * np.random.default_rng(seed).standard_normal(len(time))
    note = np.sum(harmonics, axis=0) * np.exp(-2 * time) + noise
    return (0.8 * note / np.abs(note).max()).astype(np.float32)


def record(path: Path, pitch: float = 60, rate: int = SAMPLE_RATE, **how: Any) -> Path:
    """A file of half a second, in folders that are made; how: what `soundfile.write` takes. Returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, harmonic_note(pitch, 0.5, 0.5, sample_rate=rate), rate, **how)
    return path


def encoded(kind: str = "WAV", subtype: str = "PCM_16") -> bytes:
    """The bytes of such a file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, harmonic_note(60, 0.5, 0.5), SAMPLE_RATE, format=kind, subtype=subtype)
    return buffer.getvalue()


def write_nsynth(folder: Path, instruments: int = 8, notes: int = 6, seconds: float = 1.0) -> Path:
    """A folder in NSynth's layout: `instruments` x `notes` synthetic notes from four families."""
    (folder / "audio").mkdir(parents=True)
    examples = {}
    for instrument in range(instruments):
        family = FAMILIES[instrument % len(FAMILIES)]
        name = f"{family}_synthetic_{instrument:03d}"
        for index in range(notes):
            pitch = 48 + 3 * index
            key = f"{name}-{pitch:03d}-100"
            audio = harmonic_note(
                pitch, 0.3 + 0.06 * instrument, seconds, seed=instrument * 100 + index, instrument=instrument
            )
            soundfile.write(folder / "audio" / f"{key}.wav", audio, SAMPLE_RATE)
            examples[key] = {
                "instrument": instrument,
                "instrument_str": name,
                "instrument_family": FAMILIES.index(family),
                "instrument_family_str": family,
                "instrument_source": 2,
                "instrument_source_str": "synthetic",
                "note": len(examples),
                "note_str": key,
                "pitch": pitch,
                "velocity": 100,
                "sample_rate": SAMPLE_RATE,
                "qualities": [0] * 10,
                "qualities_str": [],
            }
    (folder / "examples.json").write_text(json.dumps(examples), encoding="utf-8")
    return folder
