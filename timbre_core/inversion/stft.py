"""Short-time Fourier transform and its inverse, frames last in memory order: made for Griffin-Lim's iterations.

The same analysis as the features': periodic Hann window, centred frames, zero padding.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from timbre_core.features.settings import SpectralSettings
from timbre_core.features.spectrum import analysis_window

# Where windows overlap by less than half, the sum of their squares falls to zero between frames. The inverse divides by
# this share of its largest value at least: it fades there instead of blowing up rounding noise.
_LEAST_WEIGHT = 0.05

# Frames x n_fft of one pass: what is computed from them on the way stays in a core's own cache.
_PASS_ELEMENTS = 2**17
_AT_ONCE = 2**22  # the same of what `forward` makes at once, 16 MiB: shorter sounds gain nothing by passes
_KEPT = 2**18  # samples of audio whose transforms, as many floats, are kept: 1 MiB


class Stft:
    """Transforms between audio (batch, n_samples) and complex spectra (batch, n_frames, 1 + n_fft // 2).

    `parts` are the slices of frames to walk through in passes; on a GPU there is one.
    """

    def __init__(self, settings: SpectralSettings, n_samples: int, device: torch.device) -> None:
        self.n_fft, self.hop, self.n_samples = settings.n_fft, settings.hop_length, n_samples
        self.n_frames = settings.n_frames(n_samples)
        size = max(1, _PASS_ELEMENTS // self.n_fft) if device.type == "cpu" else self.n_frames
        self.parts = [slice(first, min(first + size, self.n_frames)) for first in range(0, self.n_frames, size)]
        self._shifts = -(-self.n_fft // self.hop)
        self._window = analysis_window(settings).to(device)
        self._blocks = torch.nn.functional.pad(self._window, (0, self._shifts * self.hop - self.n_fft))
        self._blocks = self._blocks.unflatten(0, (self._shifts, self.hop))
        total = self.empty(1, device)
        self._add(self._window.expand(1, self.n_frames, -1), slice(0, self.n_frames), total)
        weight = self._audio_of(total)
        self._normalise = torch.zeros_like(total)
        self._audio_of(self._normalise)[:] = 1 / weight.clamp(min=_LEAST_WEIGHT * float(weight.max()))

    def forward(self, audio: Tensor) -> Tensor:
        """Spectra of audio. The inverse of `inverse` for consistent spectra."""
        total = self.empty(len(audio), audio.device)
        self._audio_of(total)[:] = audio
        if len(self.parts) == 1 or len(audio) * self.n_frames * self.n_fft <= _AT_ONCE:
            return self.spectra(total, slice(0, self.n_frames))
        spectra = total.new_empty((len(audio), self.n_frames, 1 + self.n_fft // 2), dtype=torch.complex64)
        for part in self.parts:
            spectra[:, part] = self.spectra(total, part)
        return spectra

    def inverse(self, spectra: Tensor) -> Tensor:
        """The audio whose spectra are nearest (Griffin & Lim, 1984): windowed overlap-add, normalised."""
        total = self.empty(len(spectra), spectra.device)
        for part in self.parts:
            self.add(spectra[:, part], part, total)
        return self.audio(total)

    def empty(self, batch: int, device: torch.device) -> Tensor:
        """Audio with half a frame of padding around it, as rows of hops, before anything is added to it."""
        return torch.zeros((batch, self.n_frames + self._shifts, self.hop), device=device)

    def add(self, spectra: Tensor, part: slice, total: Tensor) -> None:
        """Adds what the spectra of the frames of `part` sound like to `total` (see `empty`)."""
        self._add(torch.fft.irfft(spectra, self.n_fft), part, total)

    def normalise(self, total: Tensor) -> Tensor:
        """`total` in place as padded audio, when all frames have been added."""
        return total.mul_(self._normalise)

    def spectra(self, total: Tensor, part: slice) -> Tensor:
        """Spectra of the frames of `part` of padded audio."""
        samples = total.flatten(1)[:, part.start * self.hop : (part.stop - 1) * self.hop + self.n_fft]
        return torch.fft.rfft(samples.unfold(-1, self.n_fft, self.hop) * self._window)

    def audio(self, total: Tensor) -> Tensor:
        """Audio (batch, n_samples) when all frames have been added to `total`."""
        return self._audio_of(self.normalise(total)).contiguous()

    def energy(self, audio: Tensor) -> Tensor:
        """Squared magnitudes of the spectra of audio summed over all n_fft bins (batch, n_frames), without spectra."""
        total = self.empty(len(audio), audio.device)
        self._audio_of(total)[:] = audio.square()
        hops = total @ (
            self._blocks.T.square() * self.n_fft
        )  # of each row by each of the windows' parts that lie on it
        return torch.stack([hops[:, part : part + self.n_frames, part] for part in range(self._shifts)]).sum(dim=0)

    def _add(self, frames: Tensor, part: slice, total: Tensor) -> None:
        if self._shifts * self.hop > self.n_fft:
            frames = torch.nn.functional.pad(frames, (0, self._shifts * self.hop - self.n_fft))
        blocks = frames.unflatten(-1, (self._shifts, self.hop))
        for shift, window in enumerate(self._blocks):
            total[:, part.start + shift : part.stop + shift].addcmul_(blocks[:, :, shift], window)

    def _audio_of(self, total: Tensor) -> Tensor:
        first = self.n_fft // 2
        return total.flatten(1)[:, first : first + self.n_samples]


def open_stft(settings: SpectralSettings, n_samples: int, device: torch.device) -> Stft:
    """The transforms for audio of a length; those of up to `_KEPT` are kept, since notes of one length follow each other."""
    return (_stft if n_samples <= _KEPT else Stft)(settings, n_samples, device)


@lru_cache(maxsize=8)
def _stft(settings: SpectralSettings, n_samples: int, device: torch.device) -> Stft:
    return Stft(settings, n_samples, device)


def power_of(spectra: Tensor) -> Tensor:
    """Squared magnitudes. Eight times as fast as through `abs`, which guards against overflow."""
    pairs = torch.view_as_real(spectra).square()
    return pairs[..., 0] + pairs[..., 1]
