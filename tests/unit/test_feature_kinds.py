"""Features of every kind: what they say of audio, and that they sound like it again."""

import copy

import librosa
import numpy as np
import pytest
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.decibels import Reference
from timbre_core.features.frames import bin_frequencies, note_frames
from timbre_core.features.settings import LogMelSettings, StftSettings, as_log_mel
from timbre_core.features.spectrum import de_emphasised, pre_emphasised, prepare_audio, stft_power
from timbre_core.inverters import open_inverter
from timbre_core.recipes.recipe_files import parse_recipe

RATE = 16_000


def tone(seconds: float = 1.0, level: float = 0.3, f0: float = 220.0) -> np.ndarray:
    """Eight harmonics that die away."""
    t = np.arange(round(seconds * RATE)) / RATE
    partials = sum(np.sin(2 * np.pi * f0 * n * t + n) / n for n in range(1, 9))
    return (level * partials * np.exp(-2 * t)).astype(np.float32)


@pytest.mark.parametrize("win_length", [None, 400])
def test_stft_power_is_librosas(win_length: int | None) -> None:
    settings = StftSettings(sample_rate=RATE, n_fft=1024, win_length=win_length, hop_length=160)
    ours = stft_power(torch.from_numpy(tone())[None], settings)[0].numpy().T
    theirs = np.abs(librosa.stft(tone(), n_fft=1024, win_length=win_length, hop_length=160, pad_mode="constant")) ** 2
    np.testing.assert_allclose(ours, theirs, atol=1e-3 * theirs.max() * 1e-2)


def test_stft_frames_are_decibels_below_the_loudest_bin() -> None:
    settings = StftSettings(n_fft=512, hop_length=256, bins=256, top_db=80, seconds=None)
    frames, ref_db = note_frames(tone(), settings)
    power = np.abs(librosa.stft(tone(), n_fft=512, hop_length=256, pad_mode="constant"))[:256] ** 2
    decibels = librosa.power_to_db(power, ref=np.max, top_db=80)
    assert frames.shape == (256, 1 + RATE // 256)
    np.testing.assert_allclose(frames, 1 + decibels / 40, atol=1e-3)
    assert ref_db == pytest.approx(10 * np.log10(power.max()), abs=1e-3)


def test_min_max_fills_the_range_and_the_reference_remembers_it() -> None:
    noisy = tone() + 0.01 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    settings = LogMelSettings(scaling="min_max", seconds=None)
    frames, reference = note_frames(noisy, settings)
    fixed, ref_db = note_frames(noisy, settings.model_copy(update={"scaling": "top_db"}))
    assert isinstance(reference, Reference)
    assert reference == pytest.approx(ref_db)
    assert frames.min() == pytest.approx(-1, abs=1e-5)
    assert frames.max() == pytest.approx(1, abs=1e-5)
    assert 20 < reference.range_db < 80
    np.testing.assert_allclose((frames - 1) * reference.range_db, (fixed - 1) * 80, atol=1e-3)
    assert copy.copy(reference).range_db == reference.range_db


@pytest.mark.parametrize(
    "settings",
    [
        StftSettings(seconds=None),
        StftSettings(n_fft=512, bins=256, scaling="min_max", seconds=None),
        StftSettings(n_fft=2048, win_length=1024, hop_length=256, seconds=None),
        LogMelSettings(scaling="min_max", seconds=None),
        LogMelSettings(n_fft=1024, win_length=512, hop_length=160, seconds=None),
        LogMelSettings(n_fft=1024, hop_length=160, fmin=60, fmax=7600, pre_emphasis=0.97, seconds=None),
        StftSettings(pre_emphasis=0.97, seconds=None),
    ],
)
@pytest.mark.parametrize("way", ["whole", "stream"])
def test_every_kind_sounds_like_its_original(settings: LogMelSettings | StftSettings, way: str) -> None:
    """The mel spectrum of what comes back is within 1.5 dB of the original's where it is loud, and so is its level."""
    audio = tone()
    frames, reference = note_frames(audio, settings)
    inverter = open_inverter("best", settings)
    pitch = 57.0
    if way == "whole":
        back = inverter(frames, reference, pitch, len(audio))
    else:
        back = np.concatenate(list(inverter.stream(frames, reference, pitch, len(audio))))
    assert back.shape == audio.shape
    plain = LogMelSettings(seconds=None, top_db=40)
    (was, was_db), (is_now, now_db) = note_frames(audio, plain), note_frames(back, plain)
    assert now_db == pytest.approx(was_db, abs=1.0)
    assert np.abs(was - is_now)[:, 2:-2].mean() * 20 < 1.5


def test_pre_emphasis_is_undone_exactly() -> None:
    settings = LogMelSettings(pre_emphasis=0.97)
    audio = tone()
    np.testing.assert_allclose(
        de_emphasised(pre_emphasised(torch.from_numpy(audio), settings).numpy(), settings), audio, atol=1e-5
    )


def test_trimming_cuts_silence_from_both_ends_alone() -> None:
    silent = np.zeros(RATE // 2, np.float32)
    sound = tone(0.5)
    cut = prepare_audio(np.concatenate([silent, sound, silent]), LogMelSettings(trim_db=20, seconds=None))
    assert abs(len(cut) - len(sound)) < 2 * 1024
    assert np.abs(cut).max() == np.abs(sound).max()
    assert len(prepare_audio(silent, LogMelSettings(trim_db=20, seconds=None))) == len(silent)
    assert len(prepare_audio(sound, LogMelSettings(trim_db=20, seconds=4.0))) == 4 * RATE


def test_bins_know_their_frequencies() -> None:
    mel = bin_frequencies(LogMelSettings(n_mels=40))
    np.testing.assert_allclose(mel, librosa.mel_frequencies(42, fmin=0, fmax=RATE / 2)[1:-1], rtol=1e-6)
    np.testing.assert_allclose(bin_frequencies(StftSettings(n_fft=512, bins=256)), np.arange(256) * RATE / 512)


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"kind": "stft", "n_fft": 512, "bins": 300}, "bins 300 is more than the 257"),
        ({"kind": "stft", "n_fft": 512, "win_length": 600}, "win_length 600 is larger than n_fft 512"),
        ({"kind": "stft", "win_length": 200}, "hop_length 256 is larger than win_length 200"),
        ({"kind": "log_mel", "pre_emphasis": 1.0}, "pre_emphasis"),
        ({"kind": "cepstrogram"}, "'cepstrogram' is none of"),
    ],
)
def test_impossible_settings_are_refused_in_one_line(features: dict[str, object], said: str) -> None:
    with pytest.raises(TimbreError) as refusal:
        parse_recipe({"name": "mine", "features": features}, "mine.yaml")
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_inverters_are_trained_on_log_mels() -> None:
    with pytest.raises(TimbreError, match="reads features of kind log_mel"):
        parse_recipe({"name": "mine", "features": {"kind": "stft"}, "task": {"kind": "vocoder"}}, "mine.yaml")
    with pytest.raises(TimbreError, match="needs features of kind log_mel"):
        as_log_mel(StftSettings())


def test_a_contour_is_streamed_as_it_is_inverted() -> None:
    settings = LogMelSettings(seconds=None)
    frames, reference = note_frames(tone(), settings)
    contour = np.linspace(57, 59, frames.shape[1], dtype=np.float32)
    inverter = open_inverter("fast", settings)
    streamed = np.concatenate(list(inverter.stream(frames, reference, contour, RATE)))
    np.testing.assert_allclose(streamed, inverter(frames, reference, contour, RATE), atol=1e-5)
