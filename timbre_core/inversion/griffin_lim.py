"""Griffin-Lim: audio whose spectrogram has given magnitudes."""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.inversion.stft import Stft, power_of

_TINY = 1e-30


def griffin_lim(magnitude: Tensor, start: Tensor, stft: Stft, iterations: int, momentum: float = 0.99) -> Tensor:
    """Audio (batch, n_samples) whose magnitudes are near `magnitude` (batch, n_frames, n_bins).

    Fast Griffin-Lim (Perraudin, Balazs & Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013) from spectra of those
    magnitudes, `start`, complex; `momentum` 0 is the plain algorithm of Griffin & Lim (1984). Passes of frames that are
    silent are not worked on.
    """
    sounds = magnitude.amax(dim=(0, 2))
    parts = [part for part in stft.parts if bool(sounds[part].any())]
    total = stft.empty(len(magnitude), magnitude.device)
    for part in parts:
        stft.add(start[:, part], part, total)
    previous: Tensor | None = None
    for _ in range(iterations):
        audio, total = stft.normalise(total), stft.empty(len(magnitude), magnitude.device)
        # Extrapolated along the last step, here and not in spectra, which are linear in it and many times as large.
        ahead = audio if previous is None or not momentum else torch.lerp(previous, audio, 1 + momentum)
        previous = audio
        for part in parts:
            target = stft.spectra(ahead, part)
            # Put back on the given magnitudes.
            target.mul_(power_of(target).add_(_TINY).rsqrt_().mul_(magnitude[:, part]))
            stft.add(target, part, total)
    return stft.audio(total)
