"""Brightness from frames is that of the audio."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.features.brightness import frames_brightness
from timbre_core.features.descriptors import describe
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings, StftSettings

RATE = 16_000


@pytest.mark.parametrize("settings", [LogMelSettings(), StftSettings()], ids=["log_mel", "stft"])
@pytest.mark.parametrize("hz", [300.0, 1000.0, 3000.0])
def test_of_a_sinusoid_its_frequency(settings: LogMelSettings | StftSettings, hz: float) -> None:
    audio = (
        0.5 * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE).astype(np.float32) * np.hanning(RATE).astype(np.float32)
    )
    assert frames_brightness(note_frames(audio, settings)[0], settings) == pytest.approx(hz, rel=0.12)


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_of_a_tone_what_the_audio_has(slope: float) -> None:
    time = np.arange(RATE) / RATE
    audio = sum(np.sin(2 * np.pi * 220 * k * time) / k**slope for k in range(1, 30)).astype(np.float32) * 0.1
    settings = LogMelSettings()
    measured = describe(audio, RATE, 57.0)["brightness"]
    assert frames_brightness(note_frames(audio, settings)[0], settings) == pytest.approx(measured, rel=0.25)


def test_whole_numbers_have_the_figures_of_floats() -> None:
    """At 16 bits' full scale, of which squares and the lowest one's negative are no 16-bit numbers."""
    time = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 220 * time) * np.minimum(1, 20 * time) + 0.3 * np.sin(2 * np.pi * 660 * time)
    whole = np.round(tone / np.abs(tone).max() * 32_767).astype(np.int16)
    for audio in (whole, np.full(RATE, -32_768, np.int16)):
        assert describe(audio, RATE, 57.0) == pytest.approx(describe(audio.astype(np.float32), RATE, 57.0), nan_ok=True)


def test_of_silence_nothing() -> None:
    settings = LogMelSettings()
    assert np.isnan(frames_brightness(np.full((80, 10), -1, np.float32), settings))
