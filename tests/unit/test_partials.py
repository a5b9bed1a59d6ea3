"""Sounds whose periodicity misleads: bars, tones over a sub-oscillator, plucks that are over at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import soxr

from tests.unit.test_pitch import harmonic_tone
from timbre_core.features.heard_pitch import heard_pitch, note_pitch
from timbre_core.features.partials import heard_multiple, power_spectrum, tuned_to_fundamental
from timbre_core.features.pitch import estimate_f0, midi_to_hz

RATE = 16_000
TIME = np.arange(RATE) / RATE


def struck(midi: float, ratios: Sequence[float], amplitudes: Sequence[float]) -> np.ndarray:
    """A decaying sound of partials at `ratios` times the pitch, the upper ones decaying faster."""
    hz = midi_to_hz(midi)
    partials = zip(ratios, amplitudes, strict=True)
    return np.sum([a * np.exp(-5 * r * TIME) * np.sin(2 * np.pi * hz * r * TIME + r) for r, a in partials], axis=0)


@pytest.mark.parametrize("midi", [60, 66, 72, 78, 84])
@pytest.mark.parametrize("ratio", [2.5, 8 / 3], ids=["repeats at half the pitch", "repeats at a third of it"])
def test_a_bar_is_not_measured_below_its_lowest_partial(midi: int, ratio: float) -> None:
    assert estimate_f0(struck(midi, [1, ratio], [1, 0.5]), RATE).midi == pytest.approx(midi, abs=0.1)


@pytest.mark.parametrize("midi", [54, 63, 72, 81])
@pytest.mark.parametrize(
    "ratios", [(1, 2.76, 5.4), (1, 2.93, 6.7), (1, 3.93, 9.6)], ids=["free bar", "xylophone", "marimba"]
)
def test_inharmonic_partials_do_not_pull_the_pitch(midi: int, ratios: tuple[float, ...]) -> None:
    assert estimate_f0(struck(midi, ratios, [1, 0.5, 0.3]), RATE).midi == pytest.approx(midi, abs=0.1)


@pytest.mark.parametrize("midi", range(57, 90, 4))
def test_a_sine_below_a_tone_is_not_its_pitch(midi: int) -> None:
    tone = harmonic_tone(midi, 1 / np.arange(1, 10), seconds=1.0)
    assert estimate_f0(tone + 0.3 * np.sin(np.pi * midi_to_hz(midi) * TIME), RATE).midi == pytest.approx(midi, abs=0.05)


def test_a_tone_of_even_harmonics_and_few_odd_ones_keeps_its_pitch() -> None:
    """What is left of the odd ones says that they belong to one tone."""
    amplitudes = np.array([0.2, 1, 0.1, 0.5, 0.06, 0.3, 0.05, 0.2])
    assert estimate_f0(harmonic_tone(62, amplitudes), RATE).midi == pytest.approx(62, abs=0.05)


@pytest.mark.parametrize("midi", [57, 69, 81, 93])
def test_a_blip_in_silence_has_its_pitch(midi: int) -> None:
    blip = np.random.default_rng(0).normal(scale=0.01, size=RATE)
    blip[3000:3700] += np.sin(2 * np.pi * midi_to_hz(midi) * TIME[:700]) * np.exp(-60 * TIME[:700])
    assert estimate_f0(blip, RATE).midi == pytest.approx(midi, abs=0.2)


def test_partials_of_a_high_pitch_leave_it_as_it_is() -> None:
    """Fewer than five are in the spectrum: nothing is decided from them."""
    power = power_spectrum(np.sin(2 * np.pi * 3000 * TIME[:4096])[None], 8192)
    assert heard_multiple(power, RATE / 8192, 3000.0) == 1
    assert tuned_to_fundamental(power, RATE / 8192, 3000.0 * 2 ** (50 / 1200)) == pytest.approx(3000, rel=1e-4)


def test_two_octaves_too_low_are_mended_as_one_is() -> None:
    """A glockenspiel whose upper partial is at 2.75 times its pitch repeats at a quarter of it."""
    assert estimate_f0(struck(84, [1, 2.75], [1, 0.5]), RATE).midi == pytest.approx(84, abs=0.1)


@pytest.mark.parametrize("midi", [43, 48, 53, 57])
def test_a_kettledrum_has_the_pitch_of_its_lower_loud_partial(midi: int) -> None:
    drum = struck(midi, [1, 1.5, 1.98, 2.44, 2.9], [1, 0.9, 0.05, 0.05, 0.3])
    assert estimate_f0(drum, RATE).midi == pytest.approx(midi, abs=0.2)


@pytest.mark.parametrize("midi", [40, 52, 61, 70])
def test_a_plate_is_not_measured_where_nothing_sounds(midi: int) -> None:
    """Its partials lie near 2, 3, 4 and 6 times half its pitch."""
    plate = struck(midi, [1, 1.09, 1.49, 1.84, 2.0, 2.93], [1, 0.8, 0.45, 0.2, 0.9, 0.05])
    assert estimate_f0(plate, RATE).midi == pytest.approx(midi, abs=0.6)


@pytest.mark.parametrize("midi", [84, 93, 101])
def test_a_short_tone_in_a_thump_has_its_pitch(midi: int) -> None:
    """The thump is no wave: it falls slowly to nothing, and the waveform does not repeat anywhere."""
    short = np.exp(-60 * TIME) * np.sin(2 * np.pi * midi_to_hz(midi) * TIME)
    assert estimate_f0(short + 3 * np.exp(-90 * TIME), RATE).midi == pytest.approx(midi, abs=0.3)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_a_sound_has_one_pitch_at_every_rate_and_however_it_is_cut(rate: int) -> None:
    audio = struck(52, [1, 2.76, 5.4], [1, 0.5, 0.3])
    other = soxr.resample(np.concatenate([np.zeros(1234), audio]), RATE, rate)
    assert note_pitch(other, rate).midi == pytest.approx(note_pitch(audio, RATE).midi, abs=0.02)
    assert heard_pitch(other, rate, rate // 62).midi == pytest.approx(note_pitch(audio, RATE).midi, abs=0.02)
