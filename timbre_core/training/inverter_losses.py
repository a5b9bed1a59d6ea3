"""Losses of the networks that turn log-mels into sound. Terms are scalars; powers are relative to a note's loudest bin."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.settings import LogMelSettings, as_log_mel
from timbre_core.features.waveform import Analysed, CropAnalysis
from timbre_core.inversion.stft import Stft
from timbre_core.models.tasks import InverterTask, MelToMagnitudeTask, VocoderTask
from timbre_core.models.vae import VAE
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import Batch
from timbre_core.training.draws import Draws

_TINY = 1e-12
_LEAST_ABOVE_FLOOR = 100.0  # of power


@lru_cache(maxsize=4)
def _analysis(features: LogMelSettings, device: torch.device) -> CropAnalysis:
    return CropAnalysis(features, device)


def power_floor(features: LogMelSettings) -> float:
    """Power of an FFT bin whose mel band is `top_db` below the note's loudest: softer sounds are not in the frames."""
    area = mel_filterbank(features).sum(dim=1)
    return float(10 ** (-features.top_db / 10) / area[area > 0].mean())


@torch.no_grad()
def inverter_input(batch: Batch, recipe: Recipe, draws: Draws, through: VAE | None) -> tuple[Tensor, Tensor, Analysed]:
    """Frames and pitches that a network is given, and the true sound.

    A share of the pitches is taken away (NaN); a share of the windows of known pitch went through the space.
    """
    task = recipe.task
    assert isinstance(task, InverterTask)
    true = _analysis(recipe.features, batch.frames.device)(batch.frames)
    pitch, frames = batch.conditions["pitch"], true.frames
    chance = draws.uniform(2)
    if through is not None and task.blur is not None:
        blurred = (chance[:, 1] < task.blur.share) & ~pitch.isnan()
        if bool(blurred.any()):
            conditions = {"pitch": pitch[blurred]}
            mu, _ = through.encode(frames[blurred], conditions)
            frames = frames.clone()
            frames[blurred] = through.decode(mu, conditions)
    return frames, torch.where(chance[:, 0] < task.pitch_dropout, torch.nan, pitch), true


def mel_to_magnitude_loss(
    network: Callable[..., Any], batch: Batch, recipe: Recipe, draws: Draws, through: VAE | None
) -> tuple[Tensor, ...]:
    """total = log_error + weight * convergence: mean absolute error of the log power in nats, above the notes' floor, and
    the spectral convergence of the magnitudes (Sturmel & Daudet, 2011)."""
    task = recipe.task
    assert isinstance(task, MelToMagnitudeTask)
    frames, pitch, true = inverter_input(batch, recipe, draws, through)
    floor = power_floor(as_log_mel(recipe.features))
    bins = _covered_bins(recipe.features)
    predicted, power = network(frames, pitch)[..., bins], true.power[..., bins]
    log_error = (predicted.clamp(min=_log(floor)) - power.clamp(min=floor).log()).abs().mean()
    convergence = _convergence(torch.exp(0.5 * predicted.clamp(max=_log(1e6))), power.sqrt(), floor)
    return log_error + task.convergence_weight * convergence, log_error, convergence


def vocoder_loss(
    network: Callable[..., Any], batch: Batch, recipe: Recipe, draws: Draws, through: VAE | None
) -> tuple[Tensor, ...]:
    """Multi-resolution STFT loss (Yamamoto, Song & Kim, "Parallel WaveGAN", 2020) and the error of the log-mel.

    total = log_error + convergence + weight * mel_error; the first two are means over the resolutions, in nats of
    magnitude and as a ratio; mel_error is on frames in [-1, 1]. There is no adversary.
    """
    task, features = recipe.task, as_log_mel(recipe.features)
    assert isinstance(task, VocoderTask)
    frames, pitch, true = inverter_input(batch, recipe, draws, through)
    spectra = network(frames, pitch)
    stft = Stft(features, true.audio.shape[-1], true.audio.device)
    audio = stft.inverse(spectra)
    floor = power_floor(features)
    log_errors, convergences = [], []
    for n_fft in task.resolutions:
        made, wanted = _power(audio, n_fft), _power(true.audio, n_fft)
        scaled = floor * n_fft / features.n_fft  # a steady noise of the floor's density, in longer or shorter windows
        log_errors.append(0.5 * (made.clamp(min=scaled).log() - wanted.clamp(min=scaled).log()).abs().mean())
        convergences.append(_convergence((made + _TINY).sqrt(), wanted.sqrt(), scaled))
    log_error, convergence = torch.stack(log_errors).mean(), torch.stack(convergences).mean()
    bank = mel_filterbank(features).T.to(audio.device)
    analysis = _analysis(features, audio.device)
    own = analysis.scale(_power(audio, features.n_fft, features.hop_length) @ bank)
    mel_error = (own - analysis.scale(_power(true.audio, features.n_fft, features.hop_length) @ bank)).abs().mean()
    return log_error + convergence + task.mel_weight * mel_error, log_error, convergence, mel_error


@lru_cache(maxsize=4)
def _covered_bins(features: LogMelSettings) -> slice:
    """The FFT bins from the first to the last that a mel band reads."""
    used = (mel_filterbank(features).sum(dim=0) > 0).nonzero().flatten()
    return slice(int(used[0]), int(used[-1]) + 1)


def _log(value: float) -> float:
    return float(torch.tensor(value, dtype=torch.float64).log())


def _convergence(made: Tensor, wanted: Tensor, floor: float) -> Tensor:
    """Norm of the difference of magnitudes (batch, ...) over that of the wanted ones, mean over the batch.

    The wanted ones are taken to be 20 dB above the floor of their power at the least: silence cannot be hit to a percent.
    """
    error = (made - wanted).flatten(1).square().sum(dim=1)
    flat = wanted.flatten(1)
    least = _LEAST_ABOVE_FLOOR * floor * flat.shape[1]
    return ((error + _TINY) / flat.square().sum(dim=1).clamp(min=least)).sqrt().mean()


def _power(audio: Tensor, n_fft: int, hop: int | None = None) -> Tensor:
    """Power (batch, n_frames, 1 + n_fft // 2) of whole frames, Hann window."""
    windows = audio.unfold(-1, n_fft, hop or n_fft // 4) * torch.hann_window(n_fft, device=audio.device)
    spectrum = torch.fft.rfft(windows)
    return spectrum.real.square() + spectrum.imag.square()
