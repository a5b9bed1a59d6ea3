"""What harmonics leave of a note (breath, bow, hammer) as filtered noise, to be added to them again.

Serra & Smith, "Spectral modeling synthesis: a sound analysis/synthesis system based on a deterministic plus stochastic
decomposition" (Computer Music Journal 14, 1990): the residual is a note without its harmonics, phases included; it is
made anew from white noise with the same power over time and frequency.
"""

from __future__ import annotations

import numpy as np
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.harmonics import analyse_harmonics
from timbre_core.features.log_mel import mel_filterbank, mel_power
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.settings import EnvelopeSettings, FeatureSettings, LogMelSettings
from timbre_core.inversion.additive import additive
from timbre_core.inversion.stft import open_stft

_BANDS = 40
_TINY = 1e-12


def noise_beside_harmonics(
    audio: np.ndarray, features: FeatureSettings, pitch: float | None, seed: int = 0
) -> np.ndarray:
    """Filtered noise (n_samples,) in place of a note's residual. Raises TimbreError for features that leave none."""
    if not isinstance(features, EnvelopeSettings) or pitch is None:
        raise TimbreError(f"features of kind {features.kind} leave no residual: it is for spectral envelopes.")
    return filtered_noise(residual(audio, features, pitch), features.sample_rate, seed)


@torch.no_grad()
def residual(audio: np.ndarray, features: EnvelopeSettings, pitch: float) -> np.ndarray:
    """A note's audio (n_samples,) at `features.sample_rate` without the harmonics of its MIDI `pitch`.

    Raises TimbreError for a pitch that the settings cannot follow.
    """
    note = torch.from_numpy(np.asarray(audio, np.float32))
    f0 = torch.tensor([float(midi_to_hz(pitch))])
    found = analyse_harmonics(note[None], f0, features)
    harmonics = additive(found.magnitude[0], found.f0[0], features.hop_length, features.sample_rate, found.phase[0])
    harmonics = torch.nn.functional.pad(harmonics, (0, max(0, len(note) - len(harmonics))))
    return (note - harmonics[: len(note)]).numpy()


@torch.no_grad()
def filtered_noise(sound: np.ndarray, sample_rate: int, seed: int = 0) -> np.ndarray:
    """Noise (n_samples,) with the power that `sound` (n_samples,) has in 40 mel bands, frame by frame."""
    settings = LogMelSettings(sample_rate=sample_rate, n_fft=1024, hop_length=256, n_mels=_BANDS, seconds=None)
    device = torch.device("cpu")
    stft = open_stft(settings, len(sound), device)
    noise = torch.randn(1, len(sound), generator=torch.Generator().manual_seed(seed))
    wanted, given = (mel_power(each, settings) for each in (torch.from_numpy(sound)[None].float(), noise))
    bank = mel_filterbank(settings)
    share = bank / bank.sum(dim=0).clamp(min=_TINY)
    gain = (wanted / given.clamp(min=_TINY)).sqrt() @ share
    shaped: np.ndarray = stft.inverse(stft.forward(noise) * gain)[0].numpy()
    return shaped
