"""Griffin-Lim: audio whose spectrogram has given magnitudes."""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.inversion.stft import Stft, power_of

_TINY = 1e-30


def griffin_lim(magnitude: Tensor, phase: Tensor, stft: Stft, iterations: int, momentum: float = 0.99) -> Tensor:
    """Audio (batch, n_samples) whose magnitudes are near `magnitude` (batch, n_frames, n_bins).

    Fast Griffin-Lim (Perraudin, Balazs & Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013) from the given
    phases (radians); `momentum` 0 is the plain algorithm of Griffin & Lim (1984). Passes of frames that are silent are
    not worked on.
    """
    parts = [part for part in stft.parts if bool(magnitude[:, part].any())]
    total = stft.empty(len(magnitude), magnitude.device)
    for part in parts:
        turned, size = phase[:, part], magnitude[:, part]
        stft.add(torch.complex(turned.cos().mul_(size), turned.sin().mul_(size)), part, total)
    previous: dict[int, Tensor] = {}
    for _ in range(iterations):
        padded, total = stft.normalise(total), stft.empty(len(magnitude), magnitude.device)
        for part in parts:
            consistent = stft.spectra(padded, part)
            # Extrapolated along the last step, then put back on the given magnitudes.
            target = _extrapolated(previous.get(part.start), consistent, momentum)
            previous[part.start] = consistent
            scale = power_of(target).clamp_(min=_TINY).rsqrt_().mul_(magnitude[:, part])
            stft.add(target.mul_(scale) if target is not consistent else target * scale, part, total)
    return stft.audio(total)


def _extrapolated(previous: Tensor | None, consistent: Tensor, momentum: float) -> Tensor:
    if previous is None or not momentum:
        return consistent
    pairs = torch.lerp(torch.view_as_real(previous), torch.view_as_real(consistent), 1 + momentum)
    return torch.view_as_complex(pairs)
