"""Audio in blocks, and what the analysis of a crop of it gives: the data of networks that turn log-mels into sound."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from timbre_core.features.decibels import AMIN
from timbre_core.features.log_mel import log_mel, mel_filterbank
from timbre_core.features.settings import LogMelSettings, WaveformSettings
from timbre_core.features.spectrum import analysis_window, pre_emphasised


def waveform_blocks(audio: Tensor, settings: WaveformSettings) -> tuple[Tensor, Tensor]:
    """Blocks (batch, hop_length, n_blocks) of audio (batch, n_samples) at the level where its log-mel has ref_db 0.

    Also returns that ref_db (batch,). Silent notes stay zero. Pre-emphasis stays in.
    """
    _, ref_db = log_mel(audio, settings.level)
    scaled = pre_emphasised(audio.float(), settings.level) * torch.pow(10.0, -ref_db / 20)[:, None]
    hop = settings.n_bins
    after = settings.margin * hop + -audio.shape[-1] % hop
    padded = torch.nn.functional.pad(scaled, (settings.margin * hop, after))
    return padded.unflatten(-1, (-1, hop)).transpose(1, 2), ref_db


class Analysed(NamedTuple):
    """Crops of T frames: log-mel frames (batch, n_mels, T) in [-1, 1], power (batch, T, 1 + n_fft // 2), audio
    (batch, (T - 1) * hop_length) from the centre of the first frame to that of the last."""

    frames: Tensor
    power: Tensor
    audio: Tensor


class CropAnalysis:
    """Analyses crops of waveform blocks. Frames are those of the whole note's log-mel, to float32 rounding."""

    def __init__(self, features: LogMelSettings, device: torch.device | str = "cpu") -> None:
        self.features, self.settings = features, WaveformSettings(level=features)
        self._window = analysis_window(features).to(device)
        self._bank = mel_filterbank(features).T.contiguous().to(device)

    def __call__(self, blocks: Tensor) -> Analysed:
        """Blocks (batch, hop_length, n_blocks) -> the frames they hold whole: see `WaveformSettings.n_blocks`."""
        hop, n_fft, margin = self.settings.n_bins, self.features.n_fft, self.settings.margin
        n_frames = blocks.shape[-1] - 2 * margin + 1
        audio = blocks.transpose(1, 2).flatten(1)
        first = margin * hop - n_fft // 2
        windows = audio[:, first : first + (n_frames - 1) * hop + n_fft].unfold(-1, n_fft, hop)
        spectrum = torch.fft.rfft(windows * self._window)
        power = spectrum.real.square() + spectrum.imag.square()
        return Analysed(self.scale(power @ self._bank), power, audio[:, margin * hop : (margin + n_frames - 1) * hop])

    def scale(self, mel: Tensor) -> Tensor:
        """Mel power (batch, T, n_mels) relative to the note's loudest bin -> frames (batch, n_mels, T) in [-1, 1]."""
        decibels = mel.clamp(min=AMIN).log() * (10 / math.log(10))
        return (1 + decibels * (2 / self.features.top_db)).clamp(-1, 1).transpose(1, 2)
