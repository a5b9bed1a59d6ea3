"""How near the sound of an inverter is to the note that its frames were taken from: one pure function per measure.

Audio is float (n_samples,) at the features' sample rate, full scale +-1; the two sounds compared have the same length.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.decibels import AMIN
from timbre_core.features.log_mel import mel_power
from timbre_core.features.settings import LogMelSettings

NATS_PER_DB = math.log(10) / 10
"""Power: a decibel is this many natural-logarithm units."""

IN_TUNE = 50.0
"""Cents: nearer to the labelled key than to any other."""

CLICK_DB = 12.0
"""`click_excess_db` above which a note clicks: inversions of steady notes stay below 10, a broken phase is at 9 to 50."""

PITCH_RANGE = (36.0, 96.0)
"""MIDI labels that pitch figures are about: where f0 is measured best, and where every family plays."""

STFT_SIZES = (512, 1024, 2048)
"""FFT sizes of `stft_distance`; the hop is a quarter of each."""

_SILENCE_DB = -120.0
_STFT_RANGE_DB = 80.0  # what is further below the reference's loudest bin is not told apart
_AR_ORDER = 24
_AR_BLOCK = 1024  # samples: short enough for a note to stay the same in it
_SILENT_BLOCK_DB = 50.0  # below the loudest block: nobody hears a click of a sound that is not heard
_PREDICTION_FLOOR = 1e-3  # of a block's level: what is predicted better than to -60 dB is predicted


def mel_db(audio: np.ndarray, settings: LogMelSettings, floor_db: float) -> np.ndarray:
    """Mel power of audio in dB (n_mels, n_frames); what is softer than `floor_db` counts as that."""
    power = mel_power(torch.from_numpy(np.ascontiguousarray(audio, dtype=np.float32))[None], settings)[0]
    return 10 * np.log10(np.maximum(power.numpy().T, max(AMIN, 10 ** (floor_db / 10))))


def log_mel_mae_db(wanted_db: np.ndarray, heard_db: np.ndarray) -> float:
    """Mean absolute difference in dB of two log-mels (n_mels, n_frames); times NATS_PER_DB it is in nats of power."""
    return float(np.abs(wanted_db - heard_db).mean())


@dataclass(frozen=True)
class StftDistance:
    """spectral_convergence: relative error of the magnitudes, 0 is best. log_magnitude: mean absolute error of their
    logarithms, nats of amplitude. Both are means over the FFT sizes."""

    spectral_convergence: float
    log_magnitude: float

    @property
    def total(self) -> float:
        """The multi-resolution STFT distance: both added up."""
        return self.spectral_convergence + self.log_magnitude


def stft_distance(reference: np.ndarray, audio: np.ndarray, sizes: Sequence[int] = STFT_SIZES) -> StftDistance:
    """Multi-resolution STFT distance of audio to a reference, both (n_samples,).

    Spectral convergence ||S| - |S'||_F / ||S||_F plus mean |log |S| - log |S'||, averaged over several FFT sizes (Yamamoto,
    Song & Kim, "Parallel WaveGAN", ICASSP 2020, equations 4 to 6), with Hann windows as long as the FFT and hops of a
    quarter. Magnitudes more than 80 dB below the reference's loudest count as that: noise below hearing is not compared.
    A silent reference has no distance: (nan, nan).
    """
    pair = torch.from_numpy(np.stack([reference, audio]).astype(np.float32))
    terms = []
    for size in sizes:
        window = torch.hann_window(size)
        spectra = torch.stft(pair, size, size // 4, window=window, pad_mode="constant", return_complex=True).abs()
        wanted, heard = spectra
        norm, loudest = float(wanted.norm()), float(wanted.max())
        if norm == 0:
            return StftDistance(math.nan, math.nan)
        floor = loudest * 10 ** (-_STFT_RANGE_DB / 20)
        logarithms = spectra.clamp(min=floor).log()
        terms.append((float((wanted - heard).norm()) / norm, float((logarithms[0] - logarithms[1]).abs().mean())))
    convergence, log_magnitude = np.mean(terms, axis=0)
    return StftDistance(float(convergence), float(log_magnitude))


def level_db(audio: np.ndarray) -> float:
    """Level in dB full scale: root mean square over all samples; silence counts as -120 dB."""
    power = float(np.mean(np.square(audio, dtype=np.float64))) if len(audio) else 0.0
    return max(_SILENCE_DB, 10 * math.log10(power)) if power > 0 else _SILENCE_DB


def is_harmonic(measured_midi: float, label: float) -> bool:
    """Whether a recording sounds at its label: its pitch measures within 50 cents, and the label is within MIDI 36-96.

    Others (bells, noises, mislabelled notes) have no pitch that an inverter could get right or wrong.
    """
    return PITCH_RANGE[0] <= label <= PITCH_RANGE[1] and abs(100 * (measured_midi - label)) <= IN_TUNE


def prediction_crests_db(audio: np.ndarray) -> np.ndarray:
    """How far the worst surprise of each block of 1024 samples stands out from the others, in dB (n_blocks,).

    The surprise of a sample is what linear prediction from the 24 before it does not explain; a click is one that stands
    out (Godsill & Rayner, "Digital Audio Restoration", 1998, chapter 5). It is set against the median of its block. NaN
    for blocks more than 50 dB below the loudest.
    """
    audio = np.asarray(audio, dtype=np.float64)
    count = (len(audio) - _AR_ORDER) // _AR_BLOCK
    if count < 1:
        return np.zeros(0)
    views = np.lib.stride_tricks.sliding_window_view(audio, _AR_ORDER + 1)[: count * _AR_BLOCK]
    views = views.reshape(count, _AR_BLOCK, _AR_ORDER + 1)
    # The covariance method: least squares over the block itself, so that a steady tone is predicted perfectly.
    past, present = views[..., :-1], views[..., -1]
    moments = past.swapaxes(1, 2) @ past
    power = np.maximum(np.trace(moments, axis1=1, axis2=2) / _AR_ORDER, 1e-30)
    moments += (1e-9 * power)[:, None, None] * np.eye(_AR_ORDER)
    weights = np.linalg.solve(moments, past.swapaxes(1, 2) @ present[..., None])
    surprise = np.abs(present - (past @ weights)[..., 0])
    level = np.sqrt(np.mean(present**2, axis=1))
    usual = np.maximum(np.median(surprise, axis=1), _PREDICTION_FLOOR * level)
    with np.errstate(divide="ignore", invalid="ignore"):
        crests = 20 * np.log10(np.maximum(surprise.max(axis=1), 1e-30) / np.maximum(usual, 1e-30))
    return np.where(level > level.max() * 10 ** (-_SILENT_BLOCK_DB / 20), crests, np.nan)


def click_excess_db(reference: np.ndarray, audio: np.ndarray) -> float:
    """How much more than the reference a sound clicks: the largest excess of `prediction_crests_db` in dB, at least 0.

    Arguments are the crests of both sounds (n_blocks,). A block is set against the worst of the reference's blocks around
    it, so that an attack a little earlier or later is none; where the reference is silent, against its median.
    """
    if not len(audio) or np.isnan(audio).all() or np.isnan(reference).all():
        return 0.0
    known = np.where(np.isnan(reference), np.nanmedian(reference), reference)
    padded = np.pad(known, 1, mode="edge")
    around = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return max(0.0, float(np.nanmax(audio - around)))


@dataclass(frozen=True)
class Gaussian:
    """Mean (dim,) and covariance (dim, dim) of embeddings; `shrinkage` is how far the covariance was drawn to a sphere."""

    mean: np.ndarray
    covariance: np.ndarray
    shrinkage: float


def fit_gaussian(embeddings: np.ndarray) -> Gaussian:
    """A Gaussian of embeddings (n, dim), n >= 2.

    With fewer than two notes to a dimension the sample covariance is of low rank and overrates distances: then it is
    shrunk as far as Ledoit & Wolf ("A well-conditioned estimator for large-dimensional covariance matrices", 2004) find
    best. Raises TimbreError for fewer than two embeddings and for values that are not finite.
    """
    embeddings = np.asarray(embeddings, dtype=np.float64)
    if embeddings.ndim != 2 or len(embeddings) < 2 or not np.isfinite(embeddings).all():
        raise TimbreError(
            f"embeddings of shape {embeddings.shape} give no Gaussian: two or more finite ones are needed."
        )
    mean = embeddings.mean(axis=0)
    if len(embeddings) >= 2 * embeddings.shape[1]:
        return Gaussian(mean, np.cov(embeddings, rowvar=False).reshape(len(mean), len(mean)), 0.0)
    from sklearn.covariance import ledoit_wolf

    covariance, shrinkage = ledoit_wolf(embeddings)
    return Gaussian(mean, covariance, float(shrinkage))


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """|mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2)) of two Gaussians with covariances A and B, >= 0.

    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", 2017, equation 6 (Dowson & Landau, 1982). The trace of
    the root is taken from the eigenvalues of A^(1/2) B A^(1/2), which is symmetric: unlike a root of A B itself it cannot
    become complex by rounding.
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    cross = np.linalg.eigvalsh(root @ b.covariance @ root)
    shift = float(np.square(a.mean - b.mean).sum())
    spread = float(np.trace(a.covariance) + np.trace(b.covariance) - 2 * np.sqrt(np.maximum(cross, 0)).sum())
    return max(0.0, shift + spread)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run a block with `count` threads, in torch and in the BLAS that numpy and scipy use."""
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)
