"""The level of inverted audio: what it should be, within full scale, without clicks at its ends."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from timbre_core.inversion.stft import Stft

_SMOOTHING = 4  # frames on each side that a frame's gain is averaged over
_GREATEST_GAIN = 4.0
_NODE_SECONDS = 0.001  # between the places where the limiter's gain is set
_LOOK_AHEAD = 8  # nodes over which it falls and rises
_FADE_SECONDS = 0.001
_TINY = 1e-30


def emphasised(magnitude: Tensor, exponent: float) -> Tensor:
    """Magnitudes (batch, n_frames, n_bins) to a power, each frame as loud as before.

    Above 1 it sharpens blurred spectra: Wang et al., "Tacotron" (2017) take 1.2 before Griffin-Lim.
    """
    if exponent == 1:
        return magnitude
    raised = magnitude**exponent
    return raised * (magnitude.norm(dim=-1, keepdim=True) / raised.norm(dim=-1, keepdim=True).clamp(min=_TINY))


def restore_level(audio: Tensor, magnitude: Tensor, stft: Stft) -> Tensor:
    """`audio` (batch, n_samples) with the energy over time of `magnitude` (batch, n_frames, n_bins).

    Magnitudes that no audio has exactly lose some on the way. What is lost is made up for by a gain that follows the
    energy over some frames, so that it hangs on the neighbourhood alone and not on how long the note goes on.
    """
    return with_energy(audio, frame_energy(magnitude.square(), stft.n_fft), stft)


def frame_energy(power: Tensor, n_fft: int) -> Tensor:
    """Energy (batch, n_frames) of frames of power (batch, n_frames, 1 + n_fft // 2), over all n_fft bins."""
    # Of a real signal's n_fft bins, all but the first and (n_fft even) the last of these stand for two.
    single = power[..., 0] + (power[..., -1] if n_fft % 2 == 0 else 0)
    return 2 * power.sum(dim=-1) - single


def with_energy(audio: Tensor, energy: Tensor, stft: Stft) -> Tensor:
    """`audio` (batch, n_samples) with `energy` (batch, n_frames) over time: see `restore_level`."""
    wanted, reached = _smoothed(torch.stack([energy, stft.energy(audio)]))
    gain = torch.sqrt(wanted / reached.clamp(min=_TINY)).clamp_(max=_GREATEST_GAIN)
    return audio * _between(gain, stft.hop, audio.shape[-1])


def _smoothed(energy: Tensor) -> Tensor:
    """Hann-weighted means (..., n_frames) over neighbouring frames; beyond the ends there is nothing."""
    smoothed = torch.nn.functional.conv1d(energy.flatten(0, -2)[:, None], _smoothing(energy.device), padding=_SMOOTHING)
    return smoothed.view_as(energy)


@lru_cache(maxsize=8)
def _smoothing(device: torch.device) -> Tensor:
    return torch.hann_window(2 * _SMOOTHING + 3, periodic=False, device=device)[None, None, 1:-1]


def _between(values: Tensor, step: int, length: int) -> Tensor:
    """Linear interpolation (batch, length) between `values` (batch, n) that lie `step` apart, the last one held."""
    values = torch.cat([values, values[:, -1:].expand(-1, max(1, -(-length // step) + 1 - values.shape[1]))], dim=1)
    ramp = torch.arange(step, device=values.device) / step
    return torch.lerp(values[:, :-1, None], values[:, 1:, None], ramp).flatten(1)[:, :length]


def limit(audio: Tensor, sample_rate: int) -> Tensor:
    """`audio` (batch, n_samples) with peaks beyond full scale (+-1) taken back to it.

    Inverted audio has the energy of the original, and other phases: its peaks may be higher. Their surroundings of some
    milliseconds are turned down smoothly, which changes the level of a note by a fraction of a dB; scaling the whole note
    would change it by up to 6. Audio within full scale is left as it is.
    """
    if not audio.numel():
        return audio
    low, high = torch.aminmax(audio)
    if max(-float(low), float(high)) <= 1:
        return audio
    step = max(1, round(_NODE_SECONDS * sample_rate))
    n_samples = audio.shape[-1]
    padded = torch.nn.functional.pad(audio.abs(), (0, -n_samples % step))
    peaks = padded.unflatten(-1, (-1, step)).amax(dim=-1).clamp_(min=1)
    # What suits every peak within the look-ahead, averaged over as much, suits the peaks on both sides of a node, and so
    # does what lies between two nodes.
    held = torch.nn.functional.pad(peaks, (2 * _LOOK_AHEAD, 2 * _LOOK_AHEAD), value=1.0)
    needed = 1 / torch.nn.functional.max_pool1d(held, 2 * _LOOK_AHEAD + 1, stride=1)
    gain = torch.nn.functional.avg_pool1d(needed, 2 * _LOOK_AHEAD, stride=1)
    return (audio * _between(gain, step, n_samples)).clamp_(-1, 1)


def fade_ends(audio: Tensor, sample_rate: int, first: bool = True, last: bool = True) -> Tensor:
    """Fades the first and the last millisecond in place: audio that does not begin or end at zero does not click."""
    length = min(round(_FADE_SECONDS * sample_rate), audio.shape[-1] // 2)
    ramp = torch.sin(torch.linspace(0, torch.pi / 2, length + 1, device=audio.device)[:-1]).square()
    if first:
        audio[:, :length] *= ramp
    if last:
        audio[:, audio.shape[-1] - length :] *= ramp.flip(0)
    return audio
