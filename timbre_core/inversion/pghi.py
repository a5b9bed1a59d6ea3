"""First phases by integrating the phase gradient. Compiles itself at first use: import it where it is needed."""

from __future__ import annotations

import heapq
import math

import numba
import numpy as np
import torch
from torch import Tensor

from timbre_core.features.settings import SpectralSettings
from timbre_core.numba_cache import numba_can_cache

_HANN = 0.25645  # of the window's squared length: time-frequency ratio of the Gaussian nearest to a Hann window (Prusa et al.)
_TOLERANCE = 1e-5  # magnitudes below this share of the largest say nothing about phases: random ones do there
_TINY = 1e-12
_CACHED = numba_can_cache()


def integrated_phase(
    magnitude: Tensor, settings: SpectralSettings, seed: int = 0, known: Tensor | None = None
) -> Tensor:
    """Phases (batch, n_frames, n_bins) in radians for magnitudes of that shape.

    Phase-gradient heap integration (Prusa, Balazs & Søndergaard, "A noniterative method for reconstruction of phase from
    STFT magnitude", IEEE/ACM TASLP 25, 2017): the logarithm of the magnitude gives the gradient of the phase; it is
    integrated from the loudest bins to ever softer ones. `known` (batch, n, n_bins) are the phases of the first n frames,
    from which the others then continue. The same for each note of a batch.
    """
    batch, n_frames, n_bins = magnitude.shape
    notes = magnitude.detach().cpu().numpy()
    start = np.zeros((batch, 0, n_bins), np.float32) if known is None else known.detach().cpu().numpy()
    # Phases are counted from a frame's first sample, the gradients from its centre.
    turn = (2 * np.pi * ((settings.n_fft // 2) / settings.n_fft)) * np.arange(n_bins)
    phases = np.empty((batch, n_frames, n_bins), np.float32)
    for note in range(batch):
        random = np.random.default_rng(seed).random((n_frames, n_bins)) * (2 * np.pi)
        random[: start.shape[1]] = start[note] + turn
        logs = np.log(notes[note] + np.float32(_TINY), dtype=np.float64)
        frequency, delay = _gradients(logs, settings)
        centred = _integrate(logs, frequency, delay, random, start.shape[1], math.log(_TOLERANCE))
        phases[note] = np.remainder(centred - turn, 2 * np.pi)
    return torch.from_numpy(phases).to(magnitude.device)


def _gradients(logs: np.ndarray, settings: SpectralSettings) -> tuple[np.ndarray, np.ndarray]:
    """Phase advance per frame and per bin (n_frames, n_bins) in radians, for phases counted from the frames' centres."""
    ratio = settings.hop_length * settings.n_fft / (_HANN * settings.window_length**2)
    per_bin = np.gradient(logs, axis=1)
    per_frame = np.gradient(logs, axis=0) if len(logs) > 1 else np.zeros_like(logs)
    centre = 2 * np.pi * settings.hop_length / settings.n_fft * np.arange(logs.shape[1])
    return ratio * per_bin + centre, -per_frame / ratio


@numba.njit(cache=_CACHED)
def _integrate(
    logs: np.ndarray, advance: np.ndarray, slope: np.ndarray, phase: np.ndarray, known: int, tolerance: float
) -> np.ndarray:
    """Phases integrated along the gradients (all arrays (n_frames, n_bins)) in `phase`, which is returned.

    The first `known` frames are kept; bins more than `tolerance` nats below the maximum keep what they have.
    """
    n_frames, n_bins = logs.shape
    floor = logs.max() + tolerance
    done = logs < floor
    done[:known] = True
    heap = [(0.0, 0, 0)]
    heap.pop()
    for bin in range(n_bins):
        if known and logs[known - 1, bin] >= floor:
            heap.append((-logs[known - 1, bin], known - 1, bin))
    heapq.heapify(heap)
    # The seeds of what is not connected to anything louder, loudest first.
    seeds = np.argsort(-logs.ravel())
    for seed in seeds:
        if not heap:
            frame, bin = seed // n_bins, seed % n_bins
            if done[frame, bin]:
                continue
            done[frame, bin] = True
            heapq.heappush(heap, (-logs[frame, bin], frame, bin))
        while heap:
            _, frame, bin = heapq.heappop(heap)
            here = phase[frame, bin]
            if frame + 1 < n_frames and not done[frame + 1, bin]:
                phase[frame + 1, bin] = here + 0.5 * (advance[frame, bin] + advance[frame + 1, bin])
                done[frame + 1, bin] = True
                heapq.heappush(heap, (-logs[frame + 1, bin], frame + 1, bin))
            if frame and not done[frame - 1, bin]:
                phase[frame - 1, bin] = here - 0.5 * (advance[frame, bin] + advance[frame - 1, bin])
                done[frame - 1, bin] = True
                heapq.heappush(heap, (-logs[frame - 1, bin], frame - 1, bin))
            if bin + 1 < n_bins and not done[frame, bin + 1]:
                phase[frame, bin + 1] = here + 0.5 * (slope[frame, bin] + slope[frame, bin + 1])
                done[frame, bin + 1] = True
                heapq.heappush(heap, (-logs[frame, bin + 1], frame, bin + 1))
            if bin and not done[frame, bin - 1]:
                phase[frame, bin - 1] = here - 0.5 * (slope[frame, bin] + slope[frame, bin - 1])
                done[frame, bin - 1] = True
                heapq.heappush(heap, (-logs[frame, bin - 1], frame, bin - 1))
    return phase
