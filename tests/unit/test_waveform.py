"""Audio in blocks: crops whose analysis is that of the whole note."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import open_library
from timbre_core.datasets.store_build import build_store
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings, WaveformSettings
from timbre_core.features.spectrum import fit_length
from timbre_core.features.waveform import CropAnalysis, waveform_blocks

T = 16


@pytest.mark.parametrize(
    "level",
    [
        LogMelSettings(seconds=1.0),
        LogMelSettings(sample_rate=22_050, n_fft=2048, hop_length=300, n_mels=64, seconds=0.9),
        LogMelSettings(n_fft=512, hop_length=512, fmin=100, fmax=6000, seconds=None),
    ],
)
def test_crops_have_the_frames_of_the_whole_note(level: LogMelSettings) -> None:
    rng = np.random.default_rng(0)
    time = np.arange(round(1.1 * level.sample_rate)) / level.sample_rate
    audio = (0.3 * np.sin(2 * np.pi * 440 * time) * np.exp(-3 * time) + 0.001 * rng.standard_normal(len(time))).astype(
        np.float32
    )
    frames, ref_db = note_frames(audio, level)
    settings = WaveformSettings(level=level)
    blocks, reference = waveform_blocks(torch.from_numpy(fit_length(audio, level))[None], settings)
    assert reference.item() == pytest.approx(ref_db, abs=1e-4)
    length = settings.n_blocks(T)
    for start in range(0, blocks.shape[-1] - length + 1, 7):
        analysed = CropAnalysis(level)(blocks[..., start : start + length])
        assert analysed.frames.shape == (1, level.n_mels, T)
        whole = frames[:, start : start + T]
        assert analysed.frames[0, :, : whole.shape[1]].numpy() == pytest.approx(whole, abs=2e-3)


def test_the_audio_of_a_crop_lies_between_its_first_and_last_frame() -> None:
    settings = WaveformSettings(level=LogMelSettings(seconds=1.0))
    audio = torch.linspace(0.1, 0.2, 16_000)[None]
    blocks, ref_db = waveform_blocks(audio, settings)
    analysed = CropAnalysis(settings.level)(blocks[..., 5 : 5 + settings.n_blocks(T)])
    hop = settings.n_bins
    expected = audio[:, 5 * hop : (5 + T - 1) * hop] * 10 ** (-ref_db / 20)
    assert torch.allclose(analysed.audio, expected)


def test_silence_stays_zero() -> None:
    blocks, _ = waveform_blocks(torch.zeros(2, 4000), WaveformSettings(level=LogMelSettings(seconds=None)))
    assert not blocks.any()


def test_a_store_of_waveforms_opens_again_and_ends_in_silence(tiny_nsynth: Path, tmp_path: Path) -> None:
    settings = WaveformSettings(level=LogMelSettings(seconds=1.0))
    build_store(open_library([tiny_nsynth]), settings, tmp_path / "store", workers=1, progress=False)
    store = FeatureStore.open(tmp_path / "store")
    assert store.settings == settings
    last = int(store.notes["n_frames"].iloc[0]) - 1
    crop = store.crops(np.array([0]), np.array([last]), 4)
    assert crop.shape == (1, settings.n_bins, 4)
    assert not crop[:, :, 1:].any()
