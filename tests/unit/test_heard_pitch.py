"""One sound, one answer: a note's pitch, that there are several, or none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.unit.test_pitch_track import HOP, RATE, sung
from timbre_core.features.chord import notes_together
from timbre_core.features.heard_pitch import heard_pitch
from timbre_core.features.pitch import estimate_f0


@pytest.mark.parametrize("pitch", [37.2, 60.0, 91.4])
def test_one_note_is_what_labels_measure(pitch: float) -> None:
    audio = sung(np.full(80, pitch), harmonics=4)
    heard = heard_pitch(audio, RATE, HOP)
    assert not heard.several
    assert heard.midi == pytest.approx(pitch, abs=0.1)
    assert heard.midi == pytest.approx(estimate_f0(audio, RATE).midi, abs=0.1)


@pytest.mark.parametrize(
    "contour",
    [62 + 0.6 * np.sin(2 * np.pi * 5 * np.arange(120) / 62.5), np.linspace(45, 48, 150)],
    ids=["vibrato", "a voice's glide"],
)
def test_what_moves_a_little_is_one_note(contour: np.ndarray) -> None:
    heard = heard_pitch(sung(contour), RATE, HOP)
    assert not heard.several
    assert heard.midi == pytest.approx(float(np.median(contour)), abs=0.3)


def test_a_melody_is_told() -> None:
    heard = heard_pitch(sung(np.repeat([43.0, 50.0, np.nan, 47.0, 55.0], 40)), RATE, HOP)
    assert heard.several
    assert math.isnan(heard.midi)
    assert [round(midi) for midi in heard.notes] == [43, 50, 47, 55]


def chord(*pitches: float) -> np.ndarray:
    return sum(sung(np.full(120, pitch), harmonics=8) for pitch in pitches)


@pytest.mark.parametrize("pitches", [(60, 64, 67), (57, 60, 64, 67), (62, 66), (52, 56, 59)])
def test_a_chord_is_told(pitches: tuple[float, ...]) -> None:
    heard = heard_pitch(chord(*pitches), RATE, HOP)
    assert heard.several
    assert heard.together
    assert math.isnan(heard.midi)
    assert {round(midi) % 12 for midi in heard.notes} <= {pitch % 12 for pitch in pitches}


def test_a_chord_whose_notes_die_away_unlike_is_told() -> None:
    time = np.arange(3 * RATE) / RATE
    fades = np.exp(-np.outer([0.5, 3.0, 4.0], time))
    audio = sum(
        fade * np.sin(2 * np.pi * n * 440 * 2 ** ((pitch - 69) / 12) * time) / n
        for pitch, fade in zip((60, 64, 67), fades, strict=True)
        for n in range(1, 12)
    )
    assert len(notes_together(audio, RATE)) > 1


@pytest.mark.parametrize(
    ("pitch", "odd", "missing"),
    [(37.2, False, 0), (33.0, False, 1), (60.0, True, 0), (84.0, False, 0), (37.0, False, 0)],
)
def test_one_note_is_no_chord(pitch: float, odd: bool, missing: int) -> None:
    """Low voices, notes without a fundamental, clarinets."""
    hz = 440 * 2 ** ((pitch - 69) / 12)
    numbers = range(1 + missing, 30, 2 if odd else 1)
    time = np.arange(2 * RATE) / RATE
    audio = sum(np.sin(2 * np.pi * n * hz * time) / n for n in numbers if n * hz < 7_000)
    assert notes_together(audio * np.exp(-time), RATE) == ()


def test_noise_and_silence_have_none() -> None:
    for audio in (np.zeros(8000), np.random.default_rng(0).standard_normal(16_000)):
        heard = heard_pitch(audio, RATE, HOP)
        assert heard.contour.voiced.mean() < 0.1
        assert not heard.several


def test_a_note_in_much_noise_is_what_labels_measure() -> None:
    """No frame repeats surely enough for a contour: the pitch of the whole note is held."""
    audio = sung(np.full(120, 60.0))
    heard = heard_pitch(audio + np.random.default_rng(0).normal(scale=0.25, size=len(audio)), RATE, HOP)
    assert heard.midi == pytest.approx(60, abs=0.3)
    assert not heard.several
