"""Frames back to audio without training: mel inversion, a first phase, Griffin-Lim."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.log_mel import frames_to_power
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.griffin_lim import griffin_lim
from timbre_core.inversion.mel import mel_to_power
from timbre_core.inversion.phase import initial_phase
from timbre_core.inversion.stft import Stft
from timbre_core.recipes.schema import InversionSettings

_FADE_SECONDS = (
    0.001  # at the first and the last sample, so that audio that does not begin or end at zero does not click
)
_FLOOR = -1 + 1e-3  # a frame value not above this is "top_db below the maximum or softer": nothing is to be heard there


def invert(
    frames: np.ndarray | Tensor,
    ref_db: float | np.ndarray | Tensor,
    features: LogMelSettings,
    inversion: InversionSettings,
    seed: int = 0,
    n_samples: int | None = None,
    pitch: float | np.ndarray | Tensor | None = None,
) -> np.ndarray:
    """Audio whose features are `frames`, at the level that `ref_db` gives.

    Args:
        frames: (n_bins, n_frames) or (batch, n_bins, n_frames), in [-1, 1] (what is beyond is clipped); array or tensor.
        ref_db: power in dB of the loudest mel bin of each note: a number, or (batch,).
        inversion: settings of kind griffin_lim.
        seed: of the random phases. Each note comes out the same alone and in any batch.
        n_samples: length of the result, cut or padded with zeros; none: (n_frames - 1) * hop_length.
        pitch: MIDI pitch of the notes where it is known, a number or (batch,), NaN for unknown. Log-mels blur neighbouring
            harmonics; told where they are, the inversion is several dB nearer to the original. It is not imposed: a
            pitch that does not fit the frames is not used.

    Returns:
        float32 (n_samples,) or (batch, n_samples) at `features.sample_rate`; frames of -1 give exact silence.

    Raises TimbreError for features that are NaN or infinite or of another shape than `features` says, for a pitch
    outside 0..127, and for settings of another kind.
    """
    if inversion.kind != "griffin_lim":
        raise TimbreError(f"inversion.kind {inversion.kind} needs its network: open it with open_inverter.")
    values = torch.as_tensor(frames).detach().to(torch.float32)
    single = values.ndim == 2
    values = values[None] if single else values
    if values.ndim != 3 or values.shape[1] != features.n_bins or not values.shape[2]:
        raise TimbreError(
            f"features of shape {tuple(values.shape[1 if single else 0 :])} cannot be inverted: "
            f"({features.n_bins}, n_frames) or (batch, {features.n_bins}, n_frames) is what these feature settings give."
        )
    level = _per_note(ref_db, "ref_db", values)
    if not bool(torch.isfinite(values).all() and torch.isfinite(level).all()):
        raise TimbreError("features with NaN or infinite values cannot be inverted: compute them again.")
    pitches = None if pitch is None else _per_note(pitch, "pitch", values)
    if pitches is not None and bool(((pitches < 0) | (pitches > 127)).any()):
        raise TimbreError(f"pitch {pitch} is not a MIDI pitch: give 0 to 127, or NaN where it is unknown.")
    if n_samples is not None and n_samples < 0:
        raise TimbreError(f"n_samples is {n_samples}: it cannot be negative.")
    length = _analysed_length(values.shape[2], features, n_samples)
    with torch.no_grad():
        # One note at a time stays in a processor's cache; a GPU wants them all.
        size = 1 if values.device.type == "cpu" else len(values)
        parts = [
            _invert(
                values[first : first + size].clamp(-1, 1),
                features,
                inversion,
                seed,
                length,
                None if pitches is None else pitches[first : first + size],
            )
            for first in range(0, len(values), size)
        ]
        audio = torch.cat(parts) * torch.pow(10.0, level / 20)[:, None]
        audio = _fade(audio, features.sample_rate)
        if n_samples is not None:
            audio = torch.nn.functional.pad(audio, (0, n_samples - length))
    return (audio[0] if single else audio).cpu().numpy()


def _per_note(value: float | np.ndarray | Tensor, name: str, frames: Tensor) -> Tensor:
    """A number, or one for each note, as (batch,) float32 beside the frames."""
    numbers = torch.as_tensor(value).detach().to(frames)
    if numbers.ndim > 1 or (numbers.ndim == 1 and len(numbers) != len(frames)):
        raise TimbreError(f"{name} has shape {tuple(numbers.shape)} for {len(frames)} notes: give one number to each.")
    return numbers.expand(len(frames))


def _analysed_length(n_frames: int, features: LogMelSettings, n_samples: int | None) -> int:
    """Samples whose analysis has `n_frames` frames: `n_samples` if that is so, otherwise the fewest."""
    if n_samples is not None and n_samples > 0 and features.n_frames(n_samples) == n_frames:
        return n_samples
    return max(1, (n_frames - 1) * features.hop_length + features.n_fft % 2)


def _fade(audio: Tensor, sample_rate: int) -> Tensor:
    length = min(round(_FADE_SECONDS * sample_rate), audio.shape[-1] // 2)
    ramp = torch.sin(torch.linspace(0, torch.pi / 2, length + 1, device=audio.device)[:-1]).square()
    audio[:, :length] *= ramp
    audio[:, audio.shape[-1] - length :] *= ramp.flip(0)
    return audio


def _invert(
    frames: Tensor,
    features: LogMelSettings,
    inversion: InversionSettings,
    seed: int,
    n_samples: int,
    pitch: Tensor | None = None,
) -> Tensor:
    """Mel inversion by Kullback-Leibler updates, phases of sinusoids at the peaks, then fast Griffin-Lim."""
    mel = torch.where(frames > _FLOOR, frames_to_power(frames, 0.0, features), frames.new_zeros(()))
    magnitude = mel_to_power(mel, features, inversion.mel_iterations, pitch).sqrt_()
    stft = Stft(features, n_samples, frames.device)
    phase = initial_phase(magnitude, features, seed)
    return griffin_lim(magnitude, phase, stft, inversion.iterations, inversion.momentum)
