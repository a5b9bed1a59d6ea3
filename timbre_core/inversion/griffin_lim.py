"""Griffin-Lim: audio whose spectrogram has given magnitudes."""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.inversion.stft import Stft

_TINY = 1e-20


def griffin_lim(magnitude: Tensor, phase: Tensor, stft: Stft, iterations: int, momentum: float = 0.99) -> Tensor:
    """Audio (batch, n_samples) whose magnitudes are near `magnitude` (batch, n_frames, n_bins).

    Fast Griffin-Lim (Perraudin, Balazs & Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013) from the given
    phases (radians); `momentum` 0 is the plain algorithm of Griffin & Lim (1984). What inconsistent magnitudes lose on
    the way is made up for at the end: the result has the energy of `magnitude`.
    """
    spectra = torch.polar(magnitude, phase)
    previous: Tensor | None = None
    for _ in range(iterations):
        consistent = stft.forward(stft.inverse(spectra))
        # Extrapolated along the last step, then put back on the given magnitudes.
        target = consistent if previous is None else torch.lerp(previous, consistent, 1 + momentum)
        previous = consistent
        spectra = target * (magnitude / target.abs().clamp_(min=_TINY))
    audio = stft.inverse(spectra)
    wanted = magnitude.square().sum(dim=(1, 2))
    reached = stft.forward(audio).abs().square().sum(dim=(1, 2))
    return audio * torch.sqrt(wanted / reached.clamp(min=_TINY))[:, None]
