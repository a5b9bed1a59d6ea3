"""Audio files: every format, rate and channel count comes in as mono; every bad file is named and explained."""

from __future__ import annotations

import errno
import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre_core.errors import TimbreError
from timbre_core.features.audio import AudioError, encode_wav, load_audio, write_wav
from timbre_core.features.audio_damage import read_sound

RATE = 16_000


def sine(hz: float, rate: int, seconds: float = 0.5, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def loudest_hz(audio: np.ndarray, rate: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(audio * np.hanning(len(audio))))) * rate / len(audio))


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_formats_and_rates(tmp_path: Path, ending: str, rate: int) -> None:
    soundfile.write(tmp_path / f"note.{ending}", sine(440, rate), rate)
    audio = load_audio(tmp_path / f"note.{ending}", RATE)
    assert audio.dtype == np.float32
    assert audio.ndim == 1
    assert len(audio) == pytest.approx(RATE / 2, abs=0.02 * RATE)
    assert loudest_hz(audio, RATE) == pytest.approx(440, abs=3)
    assert np.abs(audio).max() == pytest.approx(0.5, abs=0.06)


def test_same_rate_is_read_unchanged(tmp_path: Path) -> None:
    audio = sine(440, RATE)
    soundfile.write(tmp_path / "note.wav", audio, RATE, subtype="FLOAT")
    np.testing.assert_array_equal(load_audio(tmp_path / "note.wav", RATE), audio)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("ending", ["wav", "flac", "aiff"])
def test_whole_numbers_are_the_floats_that_libsndfile_makes(
    tmp_path: Path, ending: str, subtype: str, channels: int
) -> None:
    """Whoever reads them."""
    path = tmp_path / f"note.{ending}"
    if not soundfile.check_format(ending, subtype):
        return
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, (5000, channels)), RATE, subtype=subtype)
    for source in (path, path.read_bytes()):
        with soundfile.SoundFile(path if source is path else io.BytesIO(path.read_bytes())) as sound:
            samples = read_sound(sound, -1, [])
        assert samples.dtype == np.float32
        np.testing.assert_array_equal(samples, soundfile.read(path, dtype="float32", always_2d=True)[0])


def test_flac_needs_no_second_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "note.flac", sine(440, RATE), RATE)
    with_it = load_audio(tmp_path / "note.flac", RATE)
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    np.testing.assert_array_equal(load_audio(tmp_path / "note.flac", RATE), with_it)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.99])
def test_flac_with_a_wrong_byte_is_read_as_far_as_without_the_second_decoder(
    place: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(0).normal(0, 0.1, 60_000), RATE, format="FLAC")
    content = bytearray(file.getvalue())
    content[int(place * len(content))] ^= 0x55

    def outcome() -> tuple[list[float] | str, list[str]]:
        told: list[str] = []
        try:
            return load_audio(bytes(content), RATE, remarks=told).tolist(), told
        except AudioError as error:
            return str(error), told

    heard = outcome()
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    assert heard == outcome()


def test_eight_channels_are_averaged(tmp_path: Path) -> None:
    channels = np.stack([sine(440, RATE, level=0.1 * (i + 1)) for i in range(8)], axis=1)
    soundfile.write(tmp_path / "note.wav", channels, RATE, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "note.wav", RATE), channels.mean(axis=1), atol=1e-6)


def test_192_khz(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "note.wav", sine(1000, 192_000), 192_000, subtype="PCM_24")
    audio = load_audio(tmp_path / "note.wav", RATE)
    assert len(audio) == RATE // 2
    assert loudest_hz(audio, RATE) == pytest.approx(1000, abs=3)


def test_channels_that_cancel_out_are_not_silence(tmp_path: Path) -> None:
    left = sine(440, RATE)
    soundfile.write(tmp_path / "note.wav", np.stack([left, -left], axis=1), RATE, subtype="FLOAT")
    np.testing.assert_array_equal(load_audio(tmp_path / "note.wav", RATE), left)


def test_bytes_and_file_objects(tmp_path: Path) -> None:
    path = tmp_path / "note.flac"
    soundfile.write(path, sine(440, RATE), RATE)
    expected = load_audio(path, RATE)
    np.testing.assert_array_equal(load_audio(path.read_bytes(), RATE), expected)
    np.testing.assert_array_equal(load_audio(io.BytesIO(path.read_bytes()), RATE), expected)
    with pytest.raises(AudioError, match=r"^the upload: not readable") as caught:
        load_audio(b"no audio at all", RATE, name="the upload")
    assert "object at" not in str(caught.value)


def _float_wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


_GOOD = sine(440, RATE)
_FLAC = io.BytesIO()
soundfile.write(_FLAC, _GOOD, RATE, format="FLAC")
BAD_FILES = {
    "corrupt": (np.random.default_rng(0).bytes(4000), "not readable as audio"),
    "empty": (b"", "an empty file"),
    "text": (b"file,pitch\n", "not readable as audio"),
    "half_a_header": (_float_wav(_GOOD)[:20], "not readable as audio"),
    "truncated_flac_header": (_FLAC.getvalue()[:30], "not readable as audio"),
    "truncated_flac": (_FLAC.getvalue()[: len(_FLAC.getvalue()) // 2], "not readable as audio"),
    "no_samples": (_float_wav(np.zeros(0, np.float32)), r"too short to be a note \(0 samples\)"),
    "one_sample": (_float_wav(np.array([0.5], np.float32)), r"too short to be a note \(1 sample\)"),
    "silent": (_float_wav(np.zeros(RATE, np.float32)), "silent"),
    "nearly_silent": (_float_wav(_GOOD * 1e-5), "silent"),
    "nan": (_float_wav(np.where(np.arange(len(_GOOD)) == 500, np.nan, _GOOD).astype(np.float32)), "NaN or infinite"),
    "infinite": (_float_wav(np.where(np.arange(len(_GOOD)) == 500, -np.inf, _GOOD).astype(np.float32)), "NaN or inf"),
    "absurd": (_float_wav(_GOOD * np.float32(1e30)), "no audio"),
    "absurd_rate": (_float_wav(_GOOD, rate=100), "sample rate of 100 Hz"),
    "long": (_float_wav(np.tile(_GOOD[:160], 100 * 601), rate=16_000), "10 minutes are not one note"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_named_and_explained(tmp_path: Path, case: str) -> None:
    content, reason = BAD_FILES[case]
    path = tmp_path / f"{case}.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=reason) as caught:
        load_audio(path, RATE)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message


def test_wav_written_to_a_pipe_is_whole() -> None:
    content = bytearray(encode_wav(_GOOD, RATE))
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    assert len(load_audio(bytes(content), RATE)) == len(_GOOD)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: there is no such file"):
        load_audio(tmp_path / "gone.wav", RATE)
    with pytest.raises(AudioError, match="it is a folder"):
        load_audio(tmp_path, RATE)
    (tmp_path / "headless.raw").write_bytes(b"\0" * 1000)
    with pytest.raises(AudioError, match="cannot be read: convert to WAV"):
        load_audio(tmp_path / "headless.raw", RATE)


def test_a_nan_in_one_channel_is_found(tmp_path: Path) -> None:
    channels = np.stack([_GOOD, _GOOD], axis=1)
    channels[77, 1] = np.nan
    (tmp_path / "note.wav").write_bytes(_float_wav(channels))
    with pytest.raises(AudioError, match="NaN"):
        load_audio(tmp_path / "note.wav", RATE)


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(TimbreError, match=r"x: it cannot be written: choose another place\.$"):
        write_wav(tmp_path / "x" / "note.wav", _GOOD, RATE)


def test_what_lies_above_the_rate_is_no_sound_there() -> None:
    tone = np.sin(2 * np.pi * 30_000 * np.arange(96_000) / 96_000).astype(np.float32)
    buffer = io.BytesIO()
    soundfile.write(buffer, tone, 96_000, format="WAV")
    assert len(load_audio(buffer.getvalue(), 96_000)) == len(tone)
    with pytest.raises(AudioError, match=r"whistle: next to nothing in it is below 8,000 Hz: choose another\."):
        load_audio(buffer.getvalue(), 16_000, "whistle")


def test_encode_wav_clips_and_never_wraps() -> None:
    audio = np.array([0.0, 0.5, 1.0, 1.7, -1.0, -9.0, np.nan, np.inf, -np.inf], dtype=np.float32)
    pcm, rate = soundfile.read(io.BytesIO(encode_wav(audio, RATE)), dtype="int16")
    assert rate == RATE
    assert pcm.tolist() == [0, 16384, 32767, 32767, -32767, -32767, 0, 32767, -32767]


def test_write_wav_round_trip_and_errors(tmp_path: Path) -> None:
    path = tmp_path / "new" / "note.wav"
    write_wav(path, _GOOD, RATE)
    np.testing.assert_allclose(load_audio(path, RATE), _GOOD, atol=1 / 32767)
    assert [file.name for file in path.parent.iterdir()] == ["note.wav"]
    with pytest.raises(TimbreError, match=r"note\.wav"):
        write_wav(path / "below_a_file.wav", _GOOD, RATE)
