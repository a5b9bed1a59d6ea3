"""Log-mel frames agree with librosa over the whole range of settings, and their algebra inverts."""

from __future__ import annotations

import itertools
import subprocess
import sys
import warnings
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.decibels import SILENCE_DB, frames_to_power
from timbre_core.features.frames import note_frames
from timbre_core.features.log_mel import hz_to_mel, log_mel, mel_filterbank, mel_to_hz
from timbre_core.features.settings import LogMelSettings
from timbre_core.features.spectrum import fit_length

RATE = 16_000
NSYNTH = Path(__file__).resolve().parents[3] / "shared" / "data" / "nsynth-subset" / "audio"

# Every value of every field meets every value of some other field; some pairs are what breaks things: more bands than
# bins (empty bands), a hop of a whole frame, an odd FFT, a range wider than float32 can resolve.
GRID = [
    LogMelSettings(
        n_fft=n_fft,
        hop_length=max(1, int(n_fft * hop)),
        n_mels=n_mels,
        fmin=fmin,
        fmax=fmax,
        top_db=top_db,
        seconds=None,
    )
    for (n_fft, n_mels), hop, (fmin, fmax, top_db) in zip(
        itertools.product((16, 63, 256, 1000, 1024, 2049, 4096), (4, 40, 80, 129, 400)),
        itertools.cycle((0.25, 0.13, 0.5, 1.0, 0.31, 0.77)),
        itertools.cycle(
            (
                (0, None, 80.0),
                (20, 7000.0, 100.0),
                (0, None, 10.0),
                (3000, None, 80.0),
                (55.5, 4000.0, 200.0),
                (0, 8000.0, 60.0),
                (200, 250.0, 80.0),
            )
        ),
        strict=False,
    )
]


def librosa_frames(audio: np.ndarray, settings: LogMelSettings) -> np.ndarray:
    """The reference: what `log_mel` says it agrees with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # empty bands, and signals shorter than a frame, are meant
        mel = librosa.feature.melspectrogram(
            y=audio,
            sr=settings.sample_rate,
            n_fft=settings.n_fft,
            hop_length=settings.hop_length,
            n_mels=settings.n_mels,
            fmin=settings.fmin,
            fmax=settings.fmax,
            power=2.0,
            center=True,
            pad_mode="constant",
        )
    return 2 * librosa.power_to_db(mel, ref=np.max, amin=1e-10, top_db=settings.top_db) / settings.top_db + 1


def note(kind: str, n_samples: int = 12_345) -> np.ndarray:
    rng = np.random.default_rng(7)
    time = np.arange(n_samples) / RATE
    tone = sum(np.sin(2 * np.pi * 155.6 * k * time + k) / k**1.5 for k in range(1, 40))
    audio = {
        "decaying tone": tone * np.exp(-6 * time) * 0.3,
        "pure sine": 0.99 * np.sin(2 * np.pi * 70 * time),  # nearly all its spectrum is rounding noise
        "noise": 0.1 * rng.standard_normal(n_samples),
        "quiet": 1e-4 * np.asarray(tone),
        "click": np.eye(1, n_samples, n_samples // 2)[0] * 0.9,
        "too loud": 30 * np.asarray(tone),
    }[kind]
    return np.asarray(audio, dtype=np.float32)


@pytest.mark.parametrize(
    "settings", GRID, ids=lambda s: f"{s.n_fft}/{s.hop_length}x{s.n_mels}-{s.fmin:g}-{s.top_db:g}dB"
)
@pytest.mark.parametrize("kind", ["decaying tone", "pure sine", "noise", "quiet", "click", "too loud"])
def test_agrees_with_librosa(settings: LogMelSettings, kind: str) -> None:
    audio = note(kind)
    frames, ref_db = note_frames(audio, settings)
    if ref_db <= SILENCE_DB:  # all bands are empty, or the sound lies outside fmin..fmax
        assert (frames == -1).all()
        return
    expected = librosa_frames(audio, settings)
    assert frames.shape == expected.shape == (settings.n_bins, settings.n_frames(len(audio)))
    assert frames.dtype == np.float32
    np.testing.assert_allclose(frames, expected, atol=1e-4)


@pytest.mark.parametrize("n_samples", [1, 2, 255, 256, 511, 512, 513, 1023, 1024, 1025, 3000])
@pytest.mark.parametrize(("n_fft", "hop"), [(1024, 256), (1024, 300), (1023, 341), (512, 512)])
def test_short_signals(n_samples: int, n_fft: int, hop: int) -> None:
    settings = LogMelSettings(n_fft=n_fft, hop_length=hop, seconds=None)
    audio = note("noise", n_samples)
    frames, _ = note_frames(audio, settings)
    expected = librosa_frames(audio, settings)
    assert frames.shape == expected.shape
    np.testing.assert_allclose(frames, expected, atol=1e-4)


@pytest.mark.skipif(not NSYNTH.is_dir(), reason="the NSynth subset is not beside the project")
@pytest.mark.parametrize("settings", [LogMelSettings(seconds=None), *GRID[::4]], ids=repr)
def test_agrees_with_librosa_on_real_notes(settings: LogMelSettings) -> None:
    for path in sorted(NSYNTH.glob("*.flac"))[::280]:
        audio, _ = soundfile.read(path, dtype="float32")
        frames, ref_db = note_frames(audio, settings)
        if ref_db > SILENCE_DB:
            np.testing.assert_allclose(frames, librosa_frames(audio, settings), atol=1e-4, err_msg=path.name)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("n_fft", [16, 255, 1024, 4096])
@pytest.mark.parametrize("n_mels", [4, 80, 256])
@pytest.mark.parametrize(("fmin", "fmax"), [(0, None), (40, 3999.0), (1000, 1100)])
def test_filterbank(rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float | None) -> None:
    settings = LogMelSettings(sample_rate=rate, n_fft=n_fft, hop_length=4, n_mels=n_mels, fmin=fmin, fmax=fmax)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    bank = mel_filterbank(settings)
    assert bank.shape == (n_mels, 1 + n_fft // 2)
    np.testing.assert_allclose(bank.numpy(), expected, rtol=2e-6, atol=1e-8)


def test_filterbank_is_the_callers_own() -> None:
    settings = LogMelSettings()
    mel_filterbank(settings).zero_()
    assert mel_filterbank(settings).sum() > 0


def test_known_band() -> None:
    """A sine at a band's centre is loudest there; a full-scale sine of amplitude a gives power (a n_fft / 4)^2 x weight."""
    settings = LogMelSettings()
    band = 30
    edges = mel_to_hz(np.linspace(0, hz_to_mel(RATE / 2), 82))
    bin_number = round(edges[band + 1] / (RATE / 1024))
    audio = (0.5 * np.sin(2 * np.pi * bin_number / 1024 * np.arange(4 * RATE))).astype(np.float32)
    frames, ref_db = note_frames(audio, settings)
    bank = mel_filterbank(settings)
    # Hann: the bin itself has amplitude a N / 4, its two neighbours half of that, a quarter in power.
    power = (0.5 * 1024 / 4) ** 2 * (
        bank[band, bin_number] + (bank[band, bin_number - 1] + bank[band, bin_number + 1]) / 4
    )
    assert frames[:, 100].argmax() == band
    assert ref_db == pytest.approx(10 * np.log10(float(power)), abs=0.02)


@pytest.mark.parametrize("audio", [np.zeros(5000), np.full(5000, 1e-9), np.zeros(1)])
def test_silence(audio: np.ndarray) -> None:
    frames, ref_db = note_frames(audio.astype(np.float32), LogMelSettings(seconds=None))
    assert (frames == -1).all()
    assert ref_db == pytest.approx(-100)


def test_silent_note_in_a_batch() -> None:
    audio = torch.from_numpy(np.stack([note("noise"), np.zeros(12_345, np.float32), note("decaying tone")]))
    frames, ref_db = log_mel(audio, LogMelSettings())
    assert (frames[1] == -1).all()
    assert ref_db[1] == pytest.approx(-100)
    for index in (0, 2):
        alone, alone_db = log_mel(audio[index : index + 1], LogMelSettings())
        torch.testing.assert_close(frames[index], alone[0], rtol=0, atol=1e-6)
        assert ref_db[index] == alone_db[0]


def test_range() -> None:
    for kind in ("noise", "decaying tone", "pure sine"):
        frames, _ = note_frames(note(kind), LogMelSettings())
        assert frames.max() == pytest.approx(1, abs=1e-5)
        assert frames.min() >= -1


def test_level_moves_ref_db_only() -> None:
    loud, loud_db = note_frames(note("decaying tone"), LogMelSettings())
    soft, soft_db = note_frames(0.1 * note("decaying tone"), LogMelSettings())
    assert loud_db - soft_db == pytest.approx(20, abs=1e-3)
    np.testing.assert_allclose(loud, soft, atol=1e-4)


@pytest.mark.parametrize("top_db", [40.0, 80.0, 120.0])
def test_power_and_back(top_db: float) -> None:
    settings = LogMelSettings(top_db=top_db, seconds=None)
    audio = torch.from_numpy(np.stack([note("noise"), 0.01 * note("decaying tone")]))
    frames, ref_db = log_mel(audio, settings)
    power = frames_to_power(frames, ref_db, settings)
    assert power.amax(dim=(1, 2)) == pytest.approx(10 ** (ref_db / 10), rel=1e-4)
    again = 2 * (10 * torch.log10(power) - ref_db[:, None, None]) / top_db + 1
    torch.testing.assert_close(again, frames, rtol=0, atol=1e-5)
    for index in range(2):
        single = frames_to_power(frames[index], float(ref_db[index]), settings)
        torch.testing.assert_close(single, power[index], rtol=1e-5, atol=0)


def test_power_is_the_mel_power_of_librosa() -> None:
    audio = note("decaying tone")
    frames, ref_db = note_frames(audio, LogMelSettings(seconds=None))
    mel = librosa.feature.melspectrogram(y=audio, sr=RATE, n_fft=1024, hop_length=256, n_mels=80)
    power = frames_to_power(torch.from_numpy(frames), ref_db, LogMelSettings()).numpy()
    heard = mel > mel.max() * 1e-8
    np.testing.assert_allclose(power[heard], mel[heard], rtol=2e-3)


def test_length() -> None:
    settings = LogMelSettings(seconds=0.5)
    assert len(fit_length(np.ones(3), settings)) == 8000
    assert len(fit_length(np.ones(30_000), settings)) == 8000
    assert fit_length(np.ones(3), settings).sum() == 3
    assert len(fit_length(np.ones(30_000), LogMelSettings(seconds=None))) == 30_000
    assert note_frames(note("noise"), settings)[0].shape == (80, 32)


def test_bad_audio() -> None:
    with pytest.raises(TimbreError, match="NaN or infinite"):
        note_frames(np.array([0.0, np.nan, 1.0], dtype=np.float32), LogMelSettings())
    with pytest.raises(TimbreError, match="NaN or infinite"):
        note_frames(np.array([0.0, np.inf, 1.0], dtype=np.float32), LogMelSettings())
    with pytest.raises(TimbreError, match=r"one channel"):
        note_frames(np.zeros((2, 100), dtype=np.float32), LogMelSettings())


def test_needs_no_librosa() -> None:
    code = "import sys, timbre_core.features.log_mel; sys.exit(any(m in sys.modules for m in ('librosa', 'numba')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
