"""A carrier whose levels are moved over time and frequency: what is fine in it, and what is not to change, stays."""

from __future__ import annotations

import numpy as np
import torch

from timbre_core.features.mel_scale import hz_to_mel

_WINDOW = 0.064  # seconds
_OVERLAP = 4
_FADE = 0.5  # of an octave above the highest row, in which the filter comes to an end


def filtered(
    carrier: np.ndarray, sample_rate: int, decibels: np.ndarray, hz: np.ndarray, frame_rate: float, above: float = 0.0
) -> np.ndarray:
    """A carrier (n_samples,) made louder and softer over time and frequency, (n_samples,) float32.

    Args:
        sample_rate: of the carrier, whatever the one is that the rows come from.
        decibels: (n_rows, n_frames), zero where nothing is to change.
        hz: (n_rows,), rising, what the rows stand for; between them the filter follows straight lines in mel.
        frame_rate: frames a second, the first at the carrier's beginning.
        above: dB for what lies above the rows.
    """
    hop = max(1, round(_WINDOW * sample_rate / _OVERLAP))
    window = torch.hann_window(_OVERLAP * hop)
    size = len(window)
    audio = torch.from_numpy(np.ascontiguousarray(carrier, dtype=np.float32))
    spectrum = torch.stft(audio, size, hop, window=window, pad_mode="constant", return_complex=True)
    at = np.arange(spectrum.shape[1]) * hop / sample_rate * frame_rate
    places = hz_to_mel(np.append(hz, hz[-1] * 2**_FADE))
    bins = hz_to_mel(np.fft.rfftfreq(len(window), 1 / sample_rate))
    rows = _between(np.vstack([decibels, np.full_like(decibels[:1], above)]), places, bins)
    gains = torch.from_numpy(10 ** (_between(rows.T, np.arange(decibels.shape[1]), at).T / 20)).to(torch.float32)
    changed: np.ndarray = torch.istft(spectrum * gains, size, hop, window=window, length=len(carrier)).numpy()
    return changed


def _between(values: np.ndarray, places: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Rows (n, m) that lie at rising `places` (n,), at `wanted` (k,): straight lines between them, (k, m)."""
    if len(places) == 1:
        return np.repeat(values, len(wanted), axis=0)
    left = np.clip(np.searchsorted(places, wanted, side="right") - 1, 0, len(places) - 2)
    share = np.clip((wanted - places[left]) / (places[left + 1] - places[left]), 0, 1)[:, None]
    result: np.ndarray = values[left] * (1 - share) + values[left + 1] * share
    return result
