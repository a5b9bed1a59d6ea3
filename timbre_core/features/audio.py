"""Audio files in and out: any file becomes mono float32 at one sample rate, or an error that names it."""

from __future__ import annotations

import io
import logging
import math
import struct
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.audio_damage import read_sound
from timbre_core.features.opening import open_sound
from timbre_core.features.sound_files import first_bytes, is_empty, other_cure
from timbre_core.files import as_on_disk, atomic_write

if TYPE_CHECKING:
    import soundfile

SILENT_PEAK = 1e-4
CHOOSE_ANOTHER = "choose another"
"""What to do about a sound that was chosen and cannot be used."""
LEAVE_OUT = "leave it out"
"""What to do about one of many."""
SHORTEST_TIMBRE = 0.05
"""Seconds of a sound that are needed to hear its timbre."""
_ABOVE = 10 ** (-50 / 20)
"""Share of a sound's level that is left at a lower rate where it lies above all that the lower rate holds."""
_LOUDEST_PEAK = 1e9  # beyond this float32 spectra overflow: such a file holds no audio
_SAMPLE_RATES = (1_000, 768_000)
_UNKNOWN = 2**63 - 1  # libsndfile's count of samples in a FLAC file that was written to a pipe; it cannot read those

_log = logging.getLogger(__name__)
_logged: set[str] = set()


class AudioError(TimbreError):
    """Audio that cannot be used; the sentence names the file and says why."""


def load_audio(
    source: Path | str | bytes | BinaryIO,
    sample_rate: int,
    name: str = "",
    max_seconds: float = 600,
    cure: str = CHOOSE_ANOTHER,
    remarks: list[str] | None = None,
) -> np.ndarray:
    """Read audio as float32 mono at one sample rate.

    Parameters
    ----------
    source : Path, str, bytes or binary file
        wav, flac, ogg, mp3, aiff and whatever else libsndfile reads, of any rate and channel count. Channels are averaged; where
        they cancel out, the loudest is taken.
    sample_rate : int
        Hz of the result.
    name : str
        What errors call it, by default the path.
    max_seconds : float
        Longer audio is refused.
    cure : str
        What errors say to do where nothing is wrong with the file but that no note is heard in it.
    remarks : list of str, optional
        Takes what is to be told of a file that is read all the same; without it a line is logged as a warning.

    Returns
    -------
    ndarray (n_samples,)

    Raises
    ------
    AudioError
        A `TimbreError`: the audio is missing, unreadable or corrupt, shorter than a millisecond, longer than `max_seconds`,
        silent (peak below 1e-4), wholly above what `sample_rate` holds, or holds NaN or infinite samples.

    Examples
    --------
    >>> import os, tempfile, numpy as np, timbre_core
    >>> path = os.path.join(tempfile.mkdtemp(), "a4.wav")
    >>> timbre_core.write_wav(path, 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100), 44100)
    >>> timbre_core.load_audio(path, 16000).shape
    (16000,)
    """
    name = name or (str(source) if isinstance(source, (str, Path)) else "audio")
    told: list[str] = []
    with opened_audio(source, name, told) as sound:
        check_length(sound, name, max_seconds)
        # Of codecs in which libsndfile cannot seek, such as GSM, it wants to be told how many samples to read.
        samples = read_sound(sound, -1 if sound.seekable() else sound.frames, told)
    if remarks is None:
        for line in (f"{name}: {remark}." for remark in told):
            if line not in _logged:
                _log.warning(line)
            _logged.add(line)
    else:
        remarks += told
    return to_mono(samples, sound.samplerate, sample_rate, name, cure)


def to_mono(samples: np.ndarray, rate: int, sample_rate: int, name: str, cure: str = CHOOSE_ANOTHER) -> np.ndarray:
    """Samples (n_samples, n_channels) at `rate` Hz -> float32 mono (n,) at `sample_rate` Hz.

    Channels are averaged; where they cancel out, the loudest is taken. Raises AudioError, calling the sound `name`, when it is
    shorter than a millisecond, silent (peak below 1e-4), or holds NaN, infinite or absurd samples.
    """
    if len(samples) * 1000 < rate:
        count = f"{len(samples)} sample{'' if len(samples) == 1 else 's'}"
        raise AudioError(f"{name}: too short to be a note ({count}): {cure} or get the file again.")
    audio = _mean(samples)
    # min and max propagate NaN, so one pass over the audio finds NaN, infinity, silence and nonsense.
    lowest, highest = _extremes(audio)
    peak = max(highest, -lowest)
    if not np.isfinite(peak):
        raise AudioError(f"{name}: holds NaN or infinite samples: export it again.")
    if peak > _LOUDEST_PEAK:
        raise AudioError(f"{name}: samples up to {peak:.1g} are no audio: export it again.")
    if peak < SILENT_PEAK and samples.shape[1] > 1:
        audio = samples[:, int(np.argmax(np.abs(samples).max(axis=0)))]
        lowest, highest = _extremes(audio)
        peak = max(highest, -lowest)
    if peak < SILENT_PEAK:
        raise AudioError(f"{name}: silent (no sample above {SILENT_PEAK:g} of full scale): {cure}.")
    if highest - lowest < SILENT_PEAK:
        raise AudioError(f"{name}: silent (nothing in it moves): {cure}.")
    if rate != sample_rate:
        import soxr

        before = _deviation(audio)
        audio = soxr.resample(np.ascontiguousarray(audio), rate, sample_rate, quality="HQ")
        if _deviation(audio) < _ABOVE * before:
            raise AudioError(f"{name}: next to nothing in it is below {min(rate, sample_rate) // 2:,} Hz: {cure}.")
    return np.ascontiguousarray(audio, dtype=np.float32)


def check_timbre_length(audio: np.ndarray, sample_rate: int, name: str = "") -> None:
    """Raises AudioError, calling the sound `name`, for audio (n_samples,) of less than 50 ms."""
    if len(audio) < SHORTEST_TIMBRE * sample_rate:
        called = f"{name}: " if name else ""
        raise AudioError(
            f"{called}{len(audio) / sample_rate:.3f} s are too short to hear a timbre in: give at least {SHORTEST_TIMBRE:g} s."
        )


@contextmanager
def opened_audio(
    source: Path | str | bytes | BinaryIO, name: str, remarks: list[str] | None = None
) -> Iterator[soundfile.SoundFile]:
    """The sound file, open for reading, its rate checked; where its header says a wrong size, what is there is read.

    What goes wrong, here or inside the block, is raised as an AudioError that calls it `name`. remarks: takes a sentence
    where more than 1 % of the audio is missing, or another sound follows it; without it such a file is an error.
    """
    file: Path | BinaryIO
    if isinstance(source, (str, Path)):
        file = as_on_disk(source)
        if not file.is_file():
            why = "it is a folder" if file.is_dir() else "there is no such file"
            raise AudioError(f"{name}: {why}: check the path.")
    else:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        if is_empty(file):
            raise AudioError(f"{name}: an empty file: record or choose another one.")
        sound, unread = open_sound(file)
        with sound:
            rate = sound.samplerate
            if not _SAMPLE_RATES[0] <= rate <= _SAMPLE_RATES[1]:
                raise AudioError(f"{name}: a sample rate of {rate} Hz cannot be right: the file is damaged.")
            if unread is not None:
                if remarks is None:
                    raise AudioError(f"{name}: {unread.refused}.")
                remarks.append(unread.used)
            yield sound
    except (RuntimeError, TypeError, ValueError, OSError, MemoryError) as error:
        if cure := other_cure(name, first_bytes(file)):
            raise AudioError(f"{name}: cannot be read: {cure}.") from error
        # libsndfile's own words: those around them name the file object.
        said = getattr(error, "error_string", str(error))
        detail = said.rstrip(".") or type(error).__name__
        raise AudioError(
            f"{name}: not readable as audio ({detail}): get it again, or convert it to WAV or FLAC."
        ) from error


def check_length(sound: soundfile.SoundFile, name: str, max_seconds: float) -> None:
    """Raises AudioError when the file says that it is longer than `max_seconds`, or nothing of its length."""
    if sound.frames == _UNKNOWN:
        raise AudioError(f"{name}: does not say how long it is, as files written to a pipe do: export it again.")
    seconds = sound.frames / sound.samplerate
    if seconds > max_seconds:
        long = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
        raise AudioError(f"{name}: {long} are not one note (at most {max_seconds:g} s): cut it into notes.")


def _mean(samples: np.ndarray) -> np.ndarray:
    """The mean of the channels of samples (n_samples, n_channels): column by column, three times as fast as by rows."""
    channels = samples.shape[1]
    if channels == 1:
        return samples[:, 0]
    total = samples[:, 0] + samples[:, 1]
    for channel in range(2, channels):
        total += samples[:, channel]
    total /= channels
    return total


def _deviation(audio: np.ndarray) -> float:
    power, mean = float(np.vdot(audio, audio)) / len(audio), float(audio.mean())
    if 2 * mean * mean < power:
        return math.sqrt(power - mean * mean)
    return float(np.std(audio))  # without the offset's rounding


def _extremes(audio: np.ndarray) -> tuple[float, float]:
    return float(audio.min()), float(audio.max())


def pcm(audio: np.ndarray, bits: int = 16) -> np.ndarray:
    """Float audio (n_samples,) in [-1, 1] as whole numbers of 16 or 24 bits, int32.

    What is beyond +-1 is clipped, NaN becomes silence: neither wraps around into a bang.
    """
    finite = np.nan_to_num(np.asarray(audio, dtype=np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.round(np.clip(finite, -1.0, 1.0).astype(np.float64) * (2 ** (bits - 1) - 1)).astype(np.int32)


def encode_wav(audio: np.ndarray, sample_rate: int, bits: int = 16) -> bytes:
    """A WAV file's bytes, PCM mono of 16 or 24 bits, of float audio (n_samples,) in [-1, 1]; see `pcm`."""
    whole = pcm(audio, bits)
    data = (
        whole.astype("<i2").tobytes()
        if bits == 16
        else whole.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    )
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(bits // 8)
        file.setframerate(int(sample_rate))
        file.writeframes(data)
    wav = buffer.getvalue()
    # RIFF wants chunks of even length padded, and Python's `wave` leaves it out: readers lose what follows.
    return wav if len(wav) % 2 == 0 else wav[:4] + struct.pack("<I", len(wav) - 7) + wav[8:] + b"\0"


def write_wav(path: Path | str, audio: np.ndarray, sample_rate: int) -> None:
    """Write a 16-bit mono WAV file, whole or not at all.

    Parameters
    ----------
    path : Path or str
    audio : ndarray (n_samples,)
        In [-1, 1]; what is beyond is clipped, NaN becomes silence.
    sample_rate : int
        Hz.

    Raises
    ------
    TimbreError
        The file cannot be written, several channels, or whole numbers beyond 1.

    Examples
    --------
    See `load_audio`.
    """
    from timbre_core.features.preparation import one_channel

    audio = one_channel(audio)
    if not 1 <= sample_rate < 2**32:
        raise TimbreError(f"a sample rate of {sample_rate:g} Hz: a WAV file has one from 1 to {2**32 - 1}.")
    with os_errors(path), atomic_write(path) as temporary:
        temporary.write_bytes(encode_wav(audio, sample_rate))
