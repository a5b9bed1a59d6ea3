"""How a note was played: measured, and given to other spectra."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.features.frames import note_frames
from timbre_core.features.performance import level_track, performance_of, with_level
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.any_kind import invert
from timbre_core.inversion.excited import perform, source
from timbre_core.inversion.settings import InversionSettings

RATE, HOP = 44_100, 512
FEATURES = LogMelSettings(sample_rate=RATE, n_fft=2048, hop_length=HOP, n_mels=128, fmax=20_000, seconds=None)
EXCITED = InversionSettings(kind="excited")


def sung(midi: float, seconds: float = 1.2, depth: float = 0.4, noise: float = 0.0) -> np.ndarray:
    """A tone of twelve harmonics whose pitch swings by `depth` semitones, 5.5 times a second, fading; and noise."""
    time = np.arange(round(seconds * RATE)) / RATE
    f0 = 440 * 2 ** ((midi + depth * np.sin(2 * np.pi * 5.5 * time) - 69) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    tone = sum(np.cos(k * phase) / k for k in range(1, 13)) * 0.2
    hiss = np.random.default_rng(0).standard_normal(len(time)) * noise
    return ((tone + hiss) * np.exp(-2 * time) * np.minimum(1, time / 0.01)).astype(np.float32)


def test_a_vibrato_is_followed() -> None:
    played = performance_of(sung(62), RATE, 62, HOP)
    seconds = np.arange(len(played.pitch)) * HOP / RATE
    inside = slice(8, -8)
    wanted = 62 + 0.4 * np.sin(2 * np.pi * 5.5 * seconds)
    assert np.abs(played.pitch - wanted)[inside].max() < 0.06
    assert 350 < played.numbers_a_second < 400


def test_noise_is_told_from_harmonics() -> None:
    clean, breathy = (performance_of(sung(67, depth=0, noise=n), RATE, 67, HOP) for n in (0.0, 0.2))
    assert np.median(clean.noise) < 0.02
    assert np.median(breathy.noise) > 0.4
    hiss = np.random.default_rng(1).standard_normal(RATE).astype(np.float32) * 0.1
    assert np.median(performance_of(hiss, RATE, 60, HOP).noise) > 0.8


def test_the_highest_frequency_is_found_however_soft_it_is() -> None:
    fading = np.hanning(RATE).astype(np.float32)
    note, whistle = fading * sung(60, 1.0, depth=0), fading * np.cos(2 * np.pi * 9000 * np.arange(RATE) / RATE)
    peak = np.abs(np.fft.rfft(note)).max() / np.abs(np.fft.rfft(whistle)).max()
    for below_db, top_hz in ((70, 9000), (100, 12 * 261.6)):
        heard = (note + 10 ** (-below_db / 20) * peak * whistle).astype(np.float32)
        assert performance_of(heard, RATE, 60, HOP).top_hz == pytest.approx(top_hz, abs=501)


@pytest.mark.parametrize("pitch", [12.0, 60.0, 127.0])
def test_silence_and_pitches_beyond_analysis_are_steady(pitch: float) -> None:
    played = performance_of(np.zeros(RATE // 2, np.float32), RATE, pitch, HOP)
    assert (played.pitch == pitch).all()
    assert np.isfinite(played.noise).all()
    tone = performance_of(sung(60, 0.5), RATE, pitch, HOP)
    assert len(tone.pitch) == len(tone.noise) == 1 + (RATE // 2) // HOP
    assert np.isfinite(tone.pitch).all()


def test_a_level_is_given_to_another_sound() -> None:
    wanted = level_track(sung(60), RATE, 60)
    hiss = np.random.default_rng(0).standard_normal(round(1.2 * RATE)).astype(np.float32)
    reached = level_track(with_level(hiss, wanted, RATE, 60), RATE, 60)
    assert np.abs(reached - wanted)[4:-4].max() < 1.0


def test_frames_are_played_as_they_were() -> None:
    """The note's own frames with its own performance: its vibrato, level and spectrum again."""
    note = sung(62)
    frames, ref_db = note_frames(note, FEATURES, 62)
    played = performance_of(note, RATE, 62, HOP)
    made = perform(frames, ref_db, played, FEATURES, EXCITED, len(note))
    assert len(made) == len(note)
    again = performance_of(made, RATE, 62, HOP)
    assert np.abs(again.pitch - played.pitch)[8:-8].max() < 0.05
    found, found_db = note_frames(made, FEATURES, 62)
    assert abs(found_db - ref_db) < 1
    loud = frames > 0
    assert np.abs(found - frames)[loud].mean() * 40 < 1.5
    higher = perform(frames, ref_db, played.moved(5), FEATURES, EXCITED, len(note))
    assert np.median(performance_of(higher, RATE, 67, HOP).pitch) == pytest.approx(67, abs=0.05)


@pytest.mark.parametrize("n_fft", [1024, 2048])
def test_high_bands_are_as_loud_as_the_frames_say(n_fft: int) -> None:
    time = np.arange(RATE) / RATE
    bright = sum(np.cos(2 * np.pi * 220 * k * time + k * k) / k for k in range(1, 88)).astype(np.float32) * 0.1
    features = FEATURES.model_copy(update={"n_fft": n_fft})
    frames, ref_db = note_frames(bright, features, 57)
    made = invert(frames, ref_db, features, EXCITED, pitch=57, n_samples=len(bright))
    inside = slice(4096, -4096)
    was, now = (np.abs(np.fft.rfft(sound[inside] * np.hanning(RATE - 8192))) ** 2 for sound in (bright, made))
    hz = np.linspace(0, RATE / 2, len(was))
    for low, high in ((1000, 4000), (4000, 8000), (8000, 16_000)):
        band = (hz >= low) & (hz < high)
        assert abs(10 * np.log10(now[band].sum() / was[band].sum())) < 0.3


def test_it_inverts_as_others_do() -> None:
    frames, ref_db = note_frames(sung(62, 0.5, depth=0), FEATURES, 62)
    asked = invert(frames, ref_db, FEATURES, EXCITED, pitch=62.3, n_samples=20_000)
    assert asked.shape == (20_000,)
    assert np.median(performance_of(asked, RATE, 62, HOP).pitch) == pytest.approx(62.3, abs=0.03)
    contour = np.linspace(61.6, 62.4, frames.shape[1])
    glide = performance_of(invert(frames, ref_db, FEATURES, EXCITED, pitch=contour), RATE, 62, HOP).pitch
    assert np.abs(glide - contour[: len(glide)])[6:-6].max() < 0.08
    both = invert(np.stack([frames, frames]), ref_db, FEATURES, EXCITED, pitch=np.array([62.0, np.nan]))
    assert both.shape[0] == 2
    assert np.abs(both[0] - both[1]).max() > 0.01  # no pitch: noise alone
    silence = invert(np.full_like(frames, -1.0), ref_db, FEATURES, EXCITED, pitch=60)
    assert np.abs(silence).max() == 0


def test_a_source_is_flat() -> None:
    sound = source(np.array(45.0), np.array(0.0), RATE, RATE, HOP)
    power = np.abs(np.fft.rfft(sound)[:20_000:1]) ** 2
    harmonics = [power[round(110 * k) - 1 : round(110 * k) + 2].max() for k in range(2, 150)]
    assert 10 * np.log10(max(harmonics) / min(harmonics)) < 1
