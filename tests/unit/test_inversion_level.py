"""Inverted audio has the level of its frames, stays within full scale, and PGHI finds phases where sinusoids do not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.synthetic import harmonic_note
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.any_kind import invert
from timbre_core.inversion.griffin_lim import griffin_lim
from timbre_core.inversion.level import emphasised, limit, restore_level
from timbre_core.inversion.pghi import integrated_phase
from timbre_core.inversion.phase import sinusoidal_spectra
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inversion.stft import Stft

RATE = 16_000
FEATURES = LogMelSettings(seconds=None)
CPU = torch.device("cpu")


def rms_db(audio: np.ndarray | torch.Tensor) -> float:
    return float(10 * np.log10(np.mean(np.square(np.asarray(audio, dtype=np.float64)))))


def test_audio_within_full_scale_is_left_as_it_is() -> None:
    audio = torch.linspace(-1, 1, 5000)[None]
    assert limit(audio, RATE) is audio


@pytest.mark.parametrize("length", [1, 15, 16, 17, 1000, 16_000])
@pytest.mark.parametrize("rate", [1000, 16_000, 48_000])
def test_limiter_takes_peaks_back_smoothly(length: int, rate: int) -> None:
    audio = 3 * torch.rand((2, length), generator=torch.Generator().manual_seed(0)) - 1.2
    audio[0, length // 2] = 2.5
    limited = limit(audio, rate)
    assert limited.abs().max() <= 1
    # Not a clipper: the gain reaches full scale before the clamp has anything to do.
    gain = limited / torch.where(audio == 0, 1.0, audio)
    assert (gain > 0).all()
    assert float(gain[0, length // 2]) == pytest.approx(0.4, abs=0.1)


def test_limiter_acts_near_peaks_alone() -> None:
    time = torch.arange(RATE) / RATE
    audio = 0.5 * torch.sin(2 * torch.pi * 440 * time)[None]
    audio[0, 8000:8040] *= 4
    limited = limit(audio, RATE)
    far = torch.cat([torch.arange(7500), torch.arange(8500, RATE)])
    torch.testing.assert_close(limited[:, far], audio[:, far])
    gain = (limited / audio)[0, 7500:8500].nan_to_num(1.0)
    assert gain.diff().abs().max() < 0.02  # steps of a gain click
    assert rms_db(limited) == pytest.approx(rms_db(0.5 * torch.sin(2 * torch.pi * 440 * time)), abs=0.2)


@pytest.mark.parametrize("midi", [30, 45, 60, 80])
def test_full_scale_note_stays_within_full_scale(midi: int) -> None:
    audio = harmonic_note(midi, 0.8) * np.minimum(np.arange(RATE) / 160, 1).astype(np.float32)
    audio /= np.abs(audio).max()
    frames, ref_db = note_frames(audio, FEATURES)
    for pitch in (None, midi):
        result = invert(frames, ref_db, FEATURES, InversionSettings(), n_samples=len(audio), pitch=pitch)
        assert np.abs(result).max() <= 1
        assert rms_db(result) == pytest.approx(rms_db(audio), abs=0.5)


def test_level_is_restored_over_time() -> None:
    """A note at half its level for a while comes out at the level of its magnitudes."""
    stft = Stft(FEATURES, RATE, CPU)
    audio = torch.randn((1, RATE), generator=torch.Generator().manual_seed(0))
    magnitude = stft.forward(audio).abs()
    softer = audio.clone()
    softer[:, 6000:] *= 0.5
    restored = restore_level(softer, magnitude, stft)
    for part in (slice(0, 4000), slice(8000, 12_000), slice(12_000, RATE)):
        assert rms_db(restored[:, part]) == pytest.approx(rms_db(audio[:, part]), abs=0.1)
    torch.testing.assert_close(restore_level(audio, magnitude, stft), audio, rtol=1e-3, atol=1e-4)


def convergence_db(audio: torch.Tensor, magnitude: torch.Tensor, stft: Stft) -> float:
    return float(20 * torch.log10((stft.forward(audio).abs() - magnitude).norm() / magnitude.norm()))


@pytest.mark.parametrize(("signal", "most"), [("click", -25.0), ("sweep", -25.0), ("note", -24.0)])
def test_integrated_phases_are_nearly_right(signal: str, most: float) -> None:
    """Also of what is no sum of steady sinusoids, where the sinusoids' phases are not."""
    time = np.arange(RATE) / RATE
    audio = {
        "click": np.where(np.arange(RATE) == 8000, 1.0, 0.0),
        "sweep": np.sin(2 * np.pi * (300 * time + 400 * time**2)),
        "note": harmonic_note(60, 0.7),
    }[signal]
    stft = Stft(FEATURES, RATE, CPU)
    magnitude = stft.forward(torch.from_numpy(audio.astype(np.float32))[None]).abs()
    integrated = griffin_lim(magnitude, torch.polar(magnitude, integrated_phase(magnitude, FEATURES)), stft, 0)
    assert convergence_db(integrated, magnitude, stft) < most
    if signal != "note":
        steady = griffin_lim(magnitude, sinusoidal_spectra(magnitude, FEATURES)[0], stft, 0)
        assert convergence_db(steady, magnitude, stft) > most + 10


def test_integrated_phases_go_on_from_known_ones() -> None:
    audio = torch.from_numpy(harmonic_note(60, 0.7))[None]
    stft = Stft(FEATURES, RATE, CPU)
    spectra = stft.forward(audio)
    phase = integrated_phase(spectra.abs(), FEATURES, known=spectra[:, :20].angle())
    error = torch.remainder(phase - spectra.angle() + torch.pi, 2 * torch.pi) - torch.pi
    assert error[:, :20].abs().max() < 1e-3
    loud = spectra.abs() > 0.05 * spectra.abs().amax()
    assert error[:, 20:30][loud[:, 20:30]].abs().mean() < 0.5
    silent = torch.zeros((2, 7, 513))
    assert integrated_phase(silent, FEATURES).shape == silent.shape


@pytest.mark.parametrize("phase", ["spsi", "pghi"])
def test_every_phase_inverts(phase: str) -> None:
    audio = harmonic_note(50, 0.7)
    frames, ref_db = note_frames(audio, FEATURES)
    settings = InversionSettings(phase=phase)
    result = invert(frames, ref_db, FEATURES, settings, n_samples=len(audio), pitch=50)
    spectrum = np.abs(np.fft.rfft(result * np.hanning(len(result))))
    assert abs(np.fft.rfftfreq(len(result), 1 / RATE)[spectrum.argmax()] - 146.8) < 3
    assert rms_db(result) == pytest.approx(rms_db(audio), abs=0.5)


def test_emphasis_sharpens_and_keeps_the_level_of_every_frame() -> None:
    magnitude = torch.rand(2, 5, 33) + 0.01
    magnitude[0, 3] = 0
    sharp = emphasised(magnitude, 1.2)
    torch.testing.assert_close(sharp.norm(dim=-1), magnitude.norm(dim=-1))
    ratio = (sharp / magnitude)[1, 2]
    assert ratio[magnitude[1, 2].argmax()] > 1 > ratio[magnitude[1, 2].argmin()]
    assert emphasised(magnitude, 1.0) is magnitude
