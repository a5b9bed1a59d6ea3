"""librosa's mel inversion, which ours is measured against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from timbre_core.features.decibels import frames_to_power
from timbre_core.features.settings import LogMelSettings
from timbre_core.features.spectrum import de_emphasised
from timbre_core.numba_cache import numba_can_cache

ITERATIONS = {"librosa-32": 32, "librosa-100": 100}
"""Griffin-Lim iterations of the inverters by these names; 32 is librosa's own default."""


@dataclass(frozen=True)
class LibrosaInverter:
    """`librosa.feature.inverse.mel_to_audio` (NNLS, then fast Griffin-Lim from random phases), called as our inverters are.

    It is not told the pitch, as it has no use for it. A pre-emphasis, which it does not know, is taken back afterwards.
    """

    features: LogMelSettings
    iterations: int

    def __call__(
        self,
        frames: np.ndarray,
        ref_db: float | np.ndarray,
        pitch: float | np.ndarray | None = None,
        n_samples: int | None = None,
        seed: int = 0,
    ) -> np.ndarray:
        """Audio (n_samples,) or (batch, n_samples) of frames (n_bins, n_frames) or (batch, n_bins, n_frames)."""
        numba_can_cache()
        import librosa

        settings = self.features
        levels = torch.as_tensor(np.asarray(ref_db, dtype=np.float32))
        mel = frames_to_power(torch.from_numpy(np.asarray(frames, dtype=np.float32)), levels, settings).numpy()
        # The two steps of mel_to_audio with its own settings, apart so that the random phases hang on a seed.
        magnitude = librosa.feature.inverse.mel_to_stft(
            mel, sr=settings.sample_rate, n_fft=settings.n_fft, power=2.0, fmin=settings.fmin, fmax=settings.fmax
        )
        audio = librosa.griffinlim(
            magnitude,
            n_iter=self.iterations,
            hop_length=settings.hop_length,
            n_fft=settings.n_fft,
            length=n_samples,
            pad_mode="constant",
            random_state=seed,
        )
        return de_emphasised(np.asarray(audio, dtype=np.float32), settings)
