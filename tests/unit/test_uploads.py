"""Uploaded sounds: what is usable comes in as mono, what is not gets one sentence, and nothing is decoded without bound."""

from __future__ import annotations

import io
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile

from timbre_core.features.audio import AudioError
from timbre_core.features.uploads import LIMITS, UploadLimits, decode_upload

RATE = 16_000


def sine(rate: int = RATE, seconds: float = 0.5, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def file_of(samples: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def silence(kind: str, subtype: str, seconds: int) -> bytes:
    """A compressed file of zeros, written in blocks."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", RATE, 1, subtype, format=kind) as file:
        for _ in range(seconds // 10):
            file.write(np.zeros(10 * RATE, np.float32))
    return buffer.getvalue()


def claiming(flac: bytes, n_samples: int) -> bytes:
    """The FLAC file with another total in its STREAMINFO block (36 bits, the low end of bytes 18 to 25)."""
    packed = struct.unpack(">Q", flac[18:26])[0]
    return flac[:18] + struct.pack(">Q", packed >> 36 << 36 | n_samples) + flac[26:]


@pytest.fixture(scope="module")
def hour_of_flac() -> bytes:
    return silence("FLAC", "PCM_16", 3600)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_usual_files(kind: str, rate: int) -> None:
    audio = decode_upload(file_of(sine(rate), rate, kind), RATE)
    assert audio.dtype == np.float32
    assert audio.ndim == 1
    assert len(audio) == pytest.approx(RATE / 2, abs=0.02 * RATE)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    assert np.argmax(spectrum) * RATE / len(audio) == pytest.approx(440, abs=3)


def test_stereo_at_192_khz() -> None:
    audio = decode_upload(file_of(np.stack([sine(192_000)] * 2, axis=1), 192_000, subtype="PCM_24"), RATE)
    np.testing.assert_allclose(audio[200:-200], sine()[200:-200], atol=1e-3)


def test_opposite_channels_are_heard() -> None:
    audio = decode_upload(file_of(np.stack([sine(), -sine()], axis=1), subtype="FLOAT"), RATE)
    np.testing.assert_array_equal(audio, sine())


BAD = {
    "empty": (b"", "an empty file"),
    "text": (b"not a sound at all", "not readable as audio"),
    "random": (np.random.default_rng(0).bytes(5000), "not readable as audio"),
    "truncated": (file_of(sine())[:8000], "truncated"),
    "truncated_flac": (file_of(np.random.default_rng(0).normal(0, 0.1, RATE), kind="FLAC")[:9000], "damaged"),
    "piped_flac": (claiming(file_of(sine(), kind="FLAC"), 0), "does not say how long it is"),
    "too_large": (bytes(LIMITS.bytes + 1), "20 MB are too much"),
    "too_long": (file_of(sine(8000, 31), 8000), "31 seconds are not one note"),
    "too_many_channels": (file_of(np.stack([sine()] * 9, axis=1)), "9 channels are too many"),
    "too_short": (file_of(sine()[:3]), "too short"),
    "silent": (file_of(np.zeros((RATE, 2), np.float32)), "silent"),
    "offset": (file_of(np.full(RATE, 0.3, np.float32)), "silent"),
    "nan": (file_of(np.where(np.arange(8000) == 7, np.nan, sine()), subtype="FLOAT"), "NaN or infinite"),
    "loud": (file_of(sine() * np.float32(1e30), subtype="FLOAT"), "no audio"),
    "rate": (file_of(sine(), 100), "sample rate of 100 Hz"),
}


@pytest.mark.parametrize("case", BAD)
def test_hostile_sounds_get_one_sentence(case: str) -> None:
    content, reason = BAD[case]
    with pytest.raises(AudioError, match=reason) as caught:
        decode_upload(content, RATE, name="my\nnote\x1b[31m.wav" + 500 * "x")
    message = str(caught.value)
    assert message.startswith("mynote[31m.wavx")
    assert message.isprintable()
    assert "<" not in message
    assert len(message) < 300


def test_hours_of_compressed_silence_are_refused_unread(hour_of_flac: bytes) -> None:
    assert len(hour_of_flac) < 500_000
    with pytest.raises(AudioError, match="60 minutes are not one note"):
        decode_upload(hour_of_flac, RATE)
    with pytest.raises(AudioError, match="5 minutes are not one note"):
        decode_upload(silence("OGG", "VORBIS", 300), RATE)


def test_what_a_file_says_of_its_length_is_not_believed(hour_of_flac: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(AudioError, match=r"too long|silent|not readable"):
            decode_upload(claiming(hour_of_flac, 10 * RATE), RATE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * LIMITS.seconds * RATE + 4_000_000


def test_many_channels_at_a_high_rate_are_bounded_together() -> None:
    limits = UploadLimits(values=10_000)
    with pytest.raises(AudioError, match="too long to be one note"):
        decode_upload(file_of(np.stack([sine()] * 2, axis=1)), RATE, limits=limits)
    assert len(decode_upload(file_of(np.stack([sine(seconds=0.3)] * 2, axis=1)), RATE, limits=limits)) == 4800
