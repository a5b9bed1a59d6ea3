"""Mel-frequency cepstral coefficients as a yardstick: what a description of timbre that needs no training reaches."""

from __future__ import annotations

import numpy as np

COEFFICIENTS = 40
"""As `torchaudio.transforms.MFCC` has, with which the published figures were measured."""

_BANDS = 128
_RANGE_DB = 80.0


def mfcc(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """MFCC (40, n_frames) of audio (n_samples,), windows of 2048 samples and hops of 512 at 44.1 kHz, as long at other rates.

    128 mel bands on the HTK scale, decibels down to 80 below the loudest, orthonormal DCT-II with its first coefficient kept
    (the level): as in the published evaluation of listening tests (Tian et al., 2025).
    """
    import librosa

    n_fft = 2 * round(1024 * sample_rate / 44_100)
    audio = np.asarray(audio, dtype=np.float32)
    audio = np.pad(audio, (0, max(0, n_fft - len(audio))))
    power = librosa.feature.melspectrogram(
        y=audio,
        sr=sample_rate,
        n_fft=n_fft,
        hop_length=n_fft // 4,
        n_mels=_BANDS,
        htk=True,
        norm=None,
        pad_mode="reflect",
    )
    decibels = librosa.power_to_db(power, amin=1e-10, top_db=_RANGE_DB)
    return np.asarray(librosa.feature.mfcc(S=decibels, n_mfcc=COEFFICIENTS, norm="ortho"))


def mfcc_mean(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """The mean over frames (40,)."""
    return np.asarray(mfcc(audio, sample_rate).mean(axis=1))


def mfcc_mean_and_deviation(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mean and standard deviation over frames, one after the other (80,)."""
    frames = mfcc(audio, sample_rate)
    return np.concatenate([frames.mean(axis=1), frames.std(axis=1)])


def mfcc_in_time(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """All frames one after the other (40 * n_frames,): of sounds of one length only."""
    return mfcc(audio, sample_rate).ravel()
