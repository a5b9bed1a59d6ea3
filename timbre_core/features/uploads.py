"""Sounds that strangers send: decoded within bounds, or refused in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timbre_core.features.audio import SILENT_PEAK, AudioError, check_length, opened_audio, to_mono
from timbre_core.features.audio_damage import read_sound

_HIGHEST_RATE = 48_000  # Hz
_NAME = 80  # characters of a file's name that are repeated


@dataclass(frozen=True)
class UploadLimits:
    """What is accepted of one sound.

    Attributes:
        bytes: size as it comes.
        seconds: length.
        channels: microphones and mixers give one to eight.
        values: samples of all channels together, decoded; 4 bytes each.
    """

    bytes: int = 20_000_000
    seconds: float = 30.0
    channels: int = 8
    values: int = 24_000_000


LIMITS = UploadLimits()


def decode_upload(
    content: bytes,
    sample_rate: int,
    name: str = "the sound",
    limits: UploadLimits = LIMITS,
    remarks: list[str] | None = None,
) -> np.ndarray:
    """A file's bytes, whatever they are -> float32 mono (n_samples,) at `sample_rate` Hz, decoded as `load_audio` does.

    Nothing is decoded beyond the limits, whatever the file says of itself: kilobytes of FLAC can hold hours of silence.
    remarks: takes what is to be told of a file of which a part is missing; without it such a file is refused.

    Raises AudioError, one sentence that calls the sound `name` (cut short, without line breaks), for what is too large, too long,
    too short, silent, damaged, not finite or no audio at all.
    """
    name = called(name)
    if not content:
        raise AudioError(f"{name}: an empty file: record or choose another one.")
    if len(content) > limits.bytes:
        raise AudioError(
            f"{name}: {len(content) / 1e6:.0f} MB are too much (at most {limits.bytes / 1e6:g} MB): cut out one note."
        )
    with opened_audio(content, name, remarks) as sound:
        rate, channels = sound.samplerate, sound.channels
        if channels > limits.channels:
            raise AudioError(f"{name}: {channels} channels are too many (at most {limits.channels}): mix it down.")
        check_length(sound, name, limits.seconds)
        most = min(limits.values // channels, int(limits.seconds * rate))
        # In one go: soundfile seeks between two reads, and MP3 decoders begin with a click where they are sent to.
        told: list[str] = []
        samples = read_sound(sound, min(most + 1, sound.frames), told)
        if told and remarks is None:
            raise AudioError(f"{name}: {told[0]}.")
        if remarks is not None:
            remarks += told
    if len(samples) > most:
        raise AudioError(
            f"{name}: too long to be one note (at most {most / rate:.3g} s at {rate} Hz and {channels} channels): cut it."
        )
    audio = to_mono(samples, rate, sample_rate, name)
    if np.ptp(audio) < 2 * SILENT_PEAK:
        raise AudioError(f"{name}: silent (nothing in it moves): record or choose another one.")
    return audio


def upload_rate(content: bytes, name: str = "the sound") -> int:
    """The sample rate in Hz that a file's bytes have, at most 48000: more is not heard. Raises AudioError as `decode_upload`."""
    with opened_audio(content, called(name), []) as sound:
        return min(int(sound.samplerate), _HIGHEST_RATE)


def called(name: str) -> str:
    """What sentences call a sound that came as `name`: cut short, without line breaks."""
    return "".join(char for char in name if char.isprintable())[:_NAME] or "the sound"
