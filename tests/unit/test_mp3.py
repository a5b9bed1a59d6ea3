"""MP3 files: their whole length is heard, whatever their headers say, and as one piece."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.synthetic import apart
from timbre_core.features.audio import AudioError, load_audio
from timbre_core.features.mp3 import _frames, with_counted_frames
from timbre_core.features.uploads import decode_upload

SECONDS = 2.3


def sound_of(rate: int) -> np.ndarray:
    """A tone, then noise of another bit rate."""
    count = round(SECONDS * rate)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(count // 2) / rate)
    return np.concatenate([tone, 0.2 * np.random.default_rng(0).standard_normal(count - count // 2)]).astype(np.float32)


def mp3_of(audio: np.ndarray, rate: int) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, rate, format="MP3", bitrate_mode="VARIABLE")
    return buffer.getvalue()


def without_header(mp3: bytes) -> bytes:
    """The file without its first frame, which holds its length."""
    return mp3[list(_frames(mp3))[1] :]


def with_cover(mp3: bytes, size: int) -> bytes:
    """The file behind an ID3v2.3 tag with a picture of `size` bytes."""
    picture = b"\0image/jpeg\0\3\0" + np.random.default_rng(1).bytes(size)
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    length = bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + length + frame + mp3


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_all_of_a_sound_is_heard_whatever_its_header_says(rate: int, channels: int, tmp_path: Path) -> None:
    whole = mp3_of(np.stack([sound_of(rate)] * channels, axis=1), rate)
    bare = without_header(whole)
    assert with_counted_frames(whole) is None, "a file whose header is right is left alone"
    for content, seconds in (
        (whole, SECONDS),
        (with_cover(whole, 400_000), SECONDS),
        (bare, SECONDS),
        (with_cover(bare, 400_000), SECONDS),
        (with_cover(bare, 30) + b"TAG" + bytes(125), SECONDS),
        (with_cover(with_cover(bare, 30), 3000), SECONDS),
        (with_cover(with_cover(whole, 30), 3000), SECONDS),
        (whole + whole, 2 * SECONDS),
    ):
        (tmp_path / "note.mp3").write_bytes(content)
        for audio in (decode_upload(content, rate), load_audio(tmp_path / "note.mp3", rate)):
            # Without its header the encoder's delay and padding are heard too: two frames at most.
            assert -0.01 < len(audio) / rate - seconds < 2.5 * 1152 / min(rate, 16_000)


@pytest.mark.parametrize("content", [b"<!DOCTYPE html>" + bytes(4000), b"\xff\xf1\x50\x80\x2e\x7f\xfc\x21" * 500])
def test_of_a_file_that_is_called_mp3_its_content_counts(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "note.mp3").write_bytes(content)
    said = []
    for source in (content, tmp_path / "note.mp3"):
        with pytest.raises(AudioError) as refused:
            load_audio(source, 16_000, "note.mp3")
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_an_upload_is_decoded_in_one_piece() -> None:
    """Decoders of MP3 begin with a click where they are sent to: a sound of many blocks had one at each of their borders."""
    rate = 44_100
    audio = 0.3 * np.sin(2 * np.pi * 440 * np.arange(5 * rate) / rate).astype(np.float32)
    mp3 = mp3_of(np.stack([audio] * 2, axis=1), rate)
    heard = decode_upload(mp3, rate)
    assert apart(heard, load_audio(mp3, rate)) < 1e-6
    inside = slice(2000, len(heard) - 2000)
    assert np.abs(heard[inside] - audio[: len(heard)][inside]).max() < 0.03


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ID",
        b"ID3",
        b"ID3\3\0\0\x7f\x7f\x7f\x7f",
        b"\xff\xfb",
        b"\xff\xfb\x90\x00" * 50,
        b"RIFF" + bytes(40),
        bytes(99),
    ],
)
def test_what_is_no_mp3_is_left_alone(content: bytes) -> None:
    assert with_counted_frames(content) is None


def test_a_file_that_was_cut_off_is_as_long_as_what_is_left() -> None:
    rate = 44_100
    mp3 = mp3_of(sound_of(rate), rate)
    heard = decode_upload(mp3[: len(mp3) // 2], rate)
    assert 0.5 * SECONDS < len(heard) / rate < SECONDS


@pytest.mark.parametrize(
    "junk",
    [bytes(100), bytes(40_000), b"hello, this is junk", b"\xff\xfb\x90\x00 no frame"],
    ids=["zeros", "many zeros", "words", "like a frame"],
)
def test_junk_before_the_first_frame_is_passed_over(junk: bytes, tmp_path: Path) -> None:
    whole = mp3_of(sound_of(24_000), 24_000)
    path = tmp_path / "a.mp3"
    path.write_bytes(junk + whole)
    expected = load_audio(whole, 24_000)
    np.testing.assert_array_equal(load_audio(path, 24_000), expected)
    np.testing.assert_array_equal(decode_upload(junk + whole, 24_000), expected)


def test_what_is_no_sound_is_not_taken_for_mp3() -> None:
    for content in (np.random.default_rng(2).bytes(200_000), b"%PDF-1.7" + bytes(5000), b"\xff" * 90_000):
        with pytest.raises(AudioError, match="not readable"):
            load_audio(content, 16_000)
