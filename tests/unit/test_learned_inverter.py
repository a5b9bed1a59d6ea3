"""The trained inverter that ships: opened by name, refused for what it was not trained for, true to its frames."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from timbre_core.checkpoint import default_checkpoints_folder
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inverters import Inverter, inverter_names, open_inverter

FEATURES = LogMelSettings(seconds=1.0)
NAME = "mel-magnitude"


@pytest.fixture(scope="module")
def inverter() -> Inverter:
    return open_inverter(NAME, FEATURES)


@pytest.fixture(scope="module")
def note() -> np.ndarray:
    """A second of 330 Hz (E4) with falling harmonics and a soft onset."""
    time = np.arange(16_000) / 16_000
    partials = sum(np.sin(2 * np.pi * 329.63 * k * time) / k**1.5 for k in range(1, 12))
    return (0.2 * partials * np.exp(-2 * time) * np.minimum(1, time * 50)).astype(np.float32)


def test_it_is_found_by_name_for_features_of_its_kind(inverter: Inverter) -> None:
    assert NAME in inverter_names(FEATURES)
    assert NAME not in inverter_names(LogMelSettings(n_mels=64))
    assert inverter.name == NAME
    assert inverter.network is not None
    again = open_inverter(InversionSettings(kind="learned", network=NAME), FEATURES)
    assert again.network is inverter.network


@pytest.mark.parametrize(
    ("setting", "value"), [("n_mels", 64), ("hop_length", 200), ("sample_rate", 22_050), ("top_db", 60.0)]
)
def test_features_of_other_settings_are_refused_by_name(setting: str, value: float) -> None:
    with pytest.raises(TimbreError, match=rf"trained for features\.{setting}"):
        open_inverter(NAME, LogMelSettings.model_validate({setting: value}))


def test_what_is_no_inverter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TimbreError, match="is no inverter but makes autoencode"):
        open_inverter("nsynth-cvae", FEATURES)
    with pytest.raises(TimbreError, match="did you mean 'mel-magnitude'"):
        open_inverter("mel-magnitud", FEATURES)
    shutil.copytree(default_checkpoints_folder() / NAME, tmp_path / NAME)
    weights = tmp_path / NAME / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(TimbreError, match=r"model\.safetensors"):
        open_inverter(str(tmp_path / NAME), FEATURES)


def test_the_note_comes_back(inverter: Inverter, note: np.ndarray) -> None:
    frames, ref_db = note_frames(note, FEATURES)
    for pitch in (64.0, None):
        audio = inverter(frames, ref_db, pitch=pitch, n_samples=len(note))
        assert audio.shape == note.shape
        assert abs(100 * (estimate_f0(audio, 16_000).midi - 64)) < 50
        assert abs(20 * np.log10(np.sqrt(np.mean(audio**2)) / np.sqrt(np.mean(note**2)))) < 0.5
        own, _ = note_frames(audio, FEATURES)
        assert np.abs(own - frames).mean() * 40 < 2.0  # dB


def test_notes_are_the_same_alone_and_in_a_batch(inverter: Inverter, note: np.ndarray) -> None:
    frames, ref_db = note_frames(note, FEATURES)
    both = inverter(np.stack([frames, frames[:, ::-1]]), np.array([ref_db, ref_db - 6]), pitch=np.array([64.0, np.nan]))
    assert both[0] == pytest.approx(inverter(frames, ref_db, pitch=64.0), abs=1e-5)
    assert both[1] == pytest.approx(inverter(frames[:, ::-1].copy(), ref_db - 6), abs=1e-5)


def test_silence_and_nonsense(inverter: Inverter) -> None:
    silence = np.full((80, 63), -1, dtype=np.float32)
    assert not inverter(silence, 0.0, pitch=60.0).any()
    with pytest.raises(TimbreError, match="NaN or infinite"):
        inverter(np.where(silence < 0, np.nan, silence), 0.0)
    with pytest.raises(TimbreError, match="cannot be inverted"):
        inverter(silence[:70], 0.0)
    with pytest.raises(TimbreError, match="not a MIDI pitch"):
        inverter(silence, 0.0, pitch=200.0)
