"""Frames whose loud bands give way to a level that is told."""

from __future__ import annotations

import numpy as np
import torch

from timbre_core.features.frames import note_frames
from timbre_core.features.performance import level_track
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.loud_bands import toward_level

SETTINGS = LogMelSettings(sample_rate=44_100, n_fft=2048, hop_length=512, n_mels=128, fmax=20_000, seconds=None)
HELD = slice(10, -10)  # frames without the ends, whose windows see nothing on one side


def loud_and_soft() -> tuple[torch.Tensor, np.ndarray]:
    """Frames (1, n_mels, n_frames) of a second of 440 Hz and, 40 dB softer, 5 kHz; and their level relative to the frames'."""
    time = np.arange(44_100) / 44_100
    audio = (0.3 * np.sin(2 * np.pi * 440 * time) + 0.003 * np.sin(2 * np.pi * 5000 * time)).astype(np.float32)
    frames, ref_db = note_frames(audio, SETTINGS, None)
    return torch.from_numpy(frames)[None], level_track(audio, 44_100, 69.0) - ref_db


def test_frames_that_have_their_level_stay() -> None:
    frames, level = loud_and_soft()
    changed = toward_level(frames, level, SETTINGS)
    assert (changed - frames)[..., HELD].abs().max() < 0.2 / 40


def test_what_is_loud_makes_up_for_the_level_and_what_is_soft_stays() -> None:
    frames, level = loud_and_soft()
    loud = frames > frames.amax(dim=1, keepdim=True) - 15 / 40
    erring = torch.where(loud, frames - 5 / 40, frames)
    mended = toward_level(erring, level, SETTINGS)
    peak = frames[0].argmax(dim=0)
    error = (mended - frames)[0, peak, torch.arange(frames.shape[2])]
    assert error[HELD].abs().max() < 0.7 / 40
    soft = int(np.argmin(np.abs(SETTINGS.frequencies() - 5000)))
    assert torch.equal(mended[0, soft, HELD], frames[0, soft, HELD])


def test_silence_stays() -> None:
    frames, level = loud_and_soft()
    silent = torch.full_like(frames, -1.0)
    assert torch.equal(toward_level(silent, np.full_like(level, -200.0), SETTINGS), silent)
    assert torch.isfinite(toward_level(silent, level, SETTINGS)).all()
    short = toward_level(frames[..., :1], level[:1], SETTINGS)
    assert short.shape == (1, 128, 1)
