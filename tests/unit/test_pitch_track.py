"""Pitch over time: known contours are followed, noise and silence have none, and corrections do what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from timbre_core.errors import TimbreError
from timbre_core.features.pitch_track import Correction, PitchContour, corrected, track_pitch

RATE, HOP = 16_000, 256


def sung(midi: np.ndarray, rate: int = RATE, hop: int = HOP, harmonics: int = 8) -> np.ndarray:
    """A harmonic sound that follows a contour (n_frames,) of MIDI pitches; NaN is silence."""
    places = np.arange((len(midi) - 1) * hop)
    here = midi[np.minimum(places // hop, len(midi) - 1)]
    smooth = np.interp(places, hop * np.flatnonzero(~np.isnan(midi)), midi[~np.isnan(midi)])
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((smooth - 69) / 12)) / rate
    return (~np.isnan(here) * sum(np.sin(n * phase) / n for n in range(1, harmonics + 1)) / 4).astype(np.float32)


def contour_of(*midi: float) -> PitchContour:
    return PitchContour(np.array(midi, np.float32), np.ones(len(midi), np.float32), 62.5)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_a_held_note(rate: int) -> None:
    hop = rate // 62
    contour = track_pitch(sung(np.full(60, 57.3), rate, hop), rate, hop)
    assert len(contour.midi) == 60
    np.testing.assert_allclose(contour.midi[3:-3], 57.3, atol=0.05)
    assert contour.confidence[10] > 0.9


@pytest.mark.parametrize("pitch", [24, 36, 48, 72, 96, 104])
def test_low_and_high_notes(pitch: int) -> None:
    assert track_pitch(
        sung(np.full(60, float(pitch)), harmonics=6 if pitch < 90 else 2), RATE, HOP
    ).median == pytest.approx(pitch, abs=0.15)


def test_vibrato_and_a_glide() -> None:
    vibrato = 62 + 0.5 * np.sin(2 * np.pi * 5 * np.arange(120) / 62.5)
    measured = track_pitch(sung(vibrato), RATE, HOP).midi
    assert np.corrcoef(measured[5:-5], vibrato[5:-5])[0, 1] > 0.98
    assert np.nanstd(measured) > 0.25
    glide = np.linspace(48, 72, 200)
    np.testing.assert_allclose(track_pitch(sung(glide), RATE, HOP).midi[5:-5], glide[5:-5], atol=0.3)


def test_a_melody_with_a_rest_is_cut_into_notes() -> None:
    melody = np.repeat([60.0, 64.0, np.nan, 72.0, 60.0], 25)
    contour = track_pitch(sung(melody), RATE, HOP)
    notes = contour.notes()
    assert [round(float(np.median(contour.midi[note]))) for note in notes] == [60, 64, 72, 60]
    assert not contour.voiced[56:70].any()
    assert not np.isnan(contour.filled()).any()
    assert contour.filled()[30] == contour.midi[30]


def test_noise_silence_and_nothing_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    assert track_pitch(noise, RATE, HOP).voiced.mean() < 0.1
    for audio in (np.zeros(RATE), np.zeros(0), np.full(RATE, np.nan), np.ones(10)):
        contour = track_pitch(audio, RATE, HOP)
        assert len(contour.midi) == 1 + len(audio) // HOP
        assert not contour.voiced.any()
        assert math.isnan(contour.median)
        assert np.isnan(contour.filled()).all()


def test_level_does_not_matter() -> None:
    note = sung(np.full(40, 60.0))
    np.testing.assert_allclose(track_pitch(note, RATE, HOP).midi, track_pitch(1e-3 * note, RATE, HOP).midi, atol=1e-3)


def test_corrections() -> None:
    contour = contour_of(60, 61, math.nan, 72, 72)
    np.testing.assert_array_equal(contour.shifted(-12).midi, [48, 49, math.nan, 60, 60])
    np.testing.assert_array_equal(contour.shifted(-12, 3 / 62.5).midi, [60, 61, math.nan, 60, 60])
    np.testing.assert_array_equal(contour.moved_to(50).midi, [43.5, 44.5, math.nan, 55.5, 55.5])
    np.testing.assert_array_equal(contour.held_at(64).midi, [64] * 5)
    twice = corrected(contour, [Correction(0, 1 / 62.5, 1), Correction(0, 9, 2)])
    np.testing.assert_array_equal(twice.midi, [63, 63, math.nan, 74, 74])
    unheard = contour_of(math.nan, math.nan)
    np.testing.assert_array_equal(unheard.moved_to(60).midi, [60, 60])
    assert np.isnan(unheard.shifted(12).midi).all()


@pytest.mark.parametrize("semitones", [-61, 60, math.inf])
def test_corrections_beyond_the_keys_are_refused(semitones: float) -> None:
    with pytest.raises(TimbreError, match="0-127"):
        contour_of(60, 72).shifted(semitones)
