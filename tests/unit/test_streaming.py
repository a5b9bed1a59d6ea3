"""A note inverted block by block is the note inverted at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.synthetic import harmonic_note
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.any_kind import invert, stream
from timbre_core.inversion.settings import InversionSettings

FEATURES = LogMelSettings(seconds=None)
FAST = InversionSettings()
RATE = 16_000


@pytest.fixture(scope="module")
def note() -> tuple[np.ndarray, float]:
    return note_frames(harmonic_note(43, 0.7, 3.0), FEATURES)


def difference_db(audio: np.ndarray, whole: np.ndarray) -> float:
    assert audio.shape == whole.shape
    assert audio.dtype == np.float32
    return float(20 * np.log10(np.linalg.norm(audio - whole) / np.linalg.norm(whole) + 1e-12))


def pieces(frames: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (frames[:, first : first + size] for first in range(0, frames.shape[1], size))


@pytest.mark.parametrize("pitch", [None, 43.0])
@pytest.mark.parametrize("n_samples", [None, 48_000, 30_000, 5000, 60_000, 0])
def test_blocks_are_the_whole(note: tuple[np.ndarray, float], pitch: float | None, n_samples: int | None) -> None:
    frames, ref_db = note
    whole = invert(frames, ref_db, FEATURES, FAST, n_samples=n_samples, pitch=pitch)
    blocks = list(stream(frames, ref_db, FEATURES, FAST, n_samples=n_samples, pitch=pitch))
    audio = np.concatenate([*blocks, np.zeros(0, np.float32)])
    if n_samples == 0:
        assert not len(audio)
        return
    assert difference_db(audio, whole) < -40
    assert len(blocks[0]) == min(RATE // 4 + 96, len(whole))  # 16 frames


@pytest.mark.parametrize("size", [1, 16, 50, 1000])
def test_frames_may_come_in_any_blocks(note: tuple[np.ndarray, float], size: int) -> None:
    frames, ref_db = note
    whole = invert(frames, ref_db, FEATURES, FAST, seed=2, n_samples=48_000, pitch=43)
    blocks = stream(pieces(frames, size), ref_db, FEATURES, FAST, seed=2, n_samples=48_000, pitch=43)
    assert difference_db(np.concatenate(list(blocks)), whole) < -40


def test_no_more_frames_are_taken_than_needed(note: tuple[np.ndarray, float]) -> None:
    frames, ref_db = note
    taken: list[int] = []

    def watched() -> Iterator[np.ndarray]:
        for piece in pieces(frames, 8):
            taken.append(piece.shape[1])
            yield piece

    blocks = stream(watched(), ref_db, FEATURES, FAST)
    next(blocks)
    assert sum(taken) <= 40


def joins(blocks: list[np.ndarray]) -> np.ndarray:
    return np.cumsum([len(block) for block in blocks])[:-1]


@pytest.mark.parametrize("phase", ["spsi", "pghi"])
def test_no_click_at_a_join(phase: str) -> None:
    """A click is a corner in the waveform: second differences at the joins are like those around them."""
    audio = (0.5 * np.sin(2 * np.pi * 233 * np.arange(3 * RATE) / RATE)).astype(np.float32)
    frames, ref_db = note_frames(audio, FEATURES)
    settings = FAST.model_copy(update={"phase": phase, "iterations": 8})
    blocks = list(stream(frames, ref_db, FEATURES, settings, n_samples=len(audio), pitch=None))
    corners = np.abs(np.diff(np.concatenate(blocks), 2))
    assert len(blocks) > 2
    for join in joins(blocks):
        assert corners[join - 300 : join + 300].max() < 1.5 * np.median(np.sort(corners)[-2000:])
    level = [np.std(block) for block in blocks]
    np.testing.assert_allclose(level, np.std(audio), rtol=0.06)


def test_joins_are_within_full_scale() -> None:
    frames, ref_db = note_frames(harmonic_note(36, 0.9, 2.0), FEATURES)
    for block in stream(frames, ref_db + 6, FEATURES, FAST, pitch=36):
        assert np.abs(block).max() <= 1


@pytest.mark.parametrize(
    "settings",
    [{"n_fft": 512, "hop_length": 512}, {"n_fft": 1023, "hop_length": 300}, {"n_fft": 2048, "hop_length": 128}],
)
def test_other_settings(settings: dict[str, int]) -> None:
    features = LogMelSettings.model_validate({"seconds": None, "n_mels": 40} | settings)
    frames, ref_db = note_frames(harmonic_note(60, 0.6, 1.5), features)
    whole = invert(frames, ref_db, features, FAST, n_samples=24_000, pitch=60)
    assert (
        difference_db(np.concatenate(list(stream(frames, ref_db, features, FAST, n_samples=24_000, pitch=60))), whole)
        < -40
    )


def test_silence_streams_as_silence() -> None:
    silent = np.full((80, 120), -1.0, dtype=np.float32)
    assert all((block == 0).all() for block in stream(silent, 10.0, FEATURES, FAST, pitch=60))


def test_bad_blocks_are_refused(note: tuple[np.ndarray, float]) -> None:
    frames, ref_db = note
    broken = frames.copy()
    broken[3, 100] = np.nan
    blocks = stream(pieces(broken, 40), ref_db, FEATURES, FAST)
    next(blocks)
    with pytest.raises(TimbreError, match="NaN or infinite"):
        list(blocks)
    for wrong in (frames[:70], iter([]), iter([frames[:70]])):
        with pytest.raises(TimbreError, match="cannot be inverted"):
            list(stream(wrong, ref_db, FEATURES, FAST))
    with pytest.raises(TimbreError, match="not a MIDI pitch"):
        list(stream(frames, ref_db, FEATURES, FAST, pitch=200))
    learned = InversionSettings(kind="learned", network="some")
    with pytest.raises(TimbreError, match="open_inverter"):
        list(stream(frames, ref_db, FEATURES, learned))


@pytest.mark.parametrize("pitch", [None, 43.0, "contour"])
@pytest.mark.parametrize("n_samples", [None, 48_000, 30_000, 60_000, 0])
def test_blocks_of_a_source_and_a_filter_are_the_whole(
    note: tuple[np.ndarray, float], pitch: float | str | None, n_samples: int | None
) -> None:
    frames, ref_db = note
    told = 43 + np.sin(np.arange(frames.shape[1]) / 5) if pitch == "contour" else pitch
    excited = InversionSettings(kind="excited")
    whole = invert(frames, ref_db, FEATURES, excited, seed=2, n_samples=n_samples, pitch=told)
    blocks = list(stream(pieces(frames, 50), ref_db, FEATURES, excited, seed=2, n_samples=n_samples, pitch=told))
    audio = np.concatenate([*blocks, np.zeros(0, np.float32)])
    assert len(audio) == len(whole)
    if n_samples != 0:
        assert difference_db(audio, whole) < -40
        assert len(blocks[0]) == 16 * FEATURES.hop_length


def test_noise_below_a_pitch_that_is_asked_for_is_made_softer() -> None:
    frames = np.full((FEATURES.n_bins, 80), -0.2, np.float32)
    excited = InversionSettings(kind="excited")
    frames[FEATURES.frequencies() > 2000] = -1
    loud, soft = (
        invert(frames, 0.0, FEATURES, excited, n_samples=20_000, pitch=72.0, in_tune=told) for told in (False, True)
    )
    hz = np.fft.rfftfreq(len(loud), 1 / RATE)
    below, above = (hz > 60) & (hz < 320), (hz > 500) & (hz < 2000)
    before, after = (np.abs(np.fft.rfft(each)) ** 2 for each in (loud, soft))
    assert 10 * np.log10(before[below].sum() / after[below].sum()) > 20
    assert abs(10 * np.log10(before[above].sum() / after[above].sum())) < 1
    blocks = list(stream(frames, 0.0, FEATURES, excited, n_samples=20_000, pitch=72.0, in_tune=True))
    assert difference_db(np.concatenate(blocks), soft) < -40
