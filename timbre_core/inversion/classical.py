"""Frames back to audio without training: mel inversion, a first phase, Griffin-Lim."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.decibels import frames_to_power, in_common_range
from timbre_core.features.settings import LogMelSettings, SpectralFeatures, SpectralSettings, StftSettings
from timbre_core.features.spectrum import de_emphasised
from timbre_core.inversion.comb import Source, fitting_source, partial_groups
from timbre_core.inversion.contract import Numbers, Values
from timbre_core.inversion.griffin_lim import griffin_lim
from timbre_core.inversion.level import emphasised, fade_ends, limit, restore_level
from timbre_core.inversion.mel import mel_to_magnitude
from timbre_core.inversion.phase import sinusoidal_spectra
from timbre_core.inversion.request import real_numbers
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inversion.stft import open_stft

_FLOOR = -1 + 1e-3  # a frame value not above this is "top_db below the maximum or softer": nothing is to be heard there


def invert(
    frames: Values,
    ref_db: Numbers,
    features: SpectralFeatures,
    inversion: InversionSettings,
    seed: int = 0,
    n_samples: int | None = None,
    pitch: Numbers | None = None,
    in_tune: bool = False,
) -> np.ndarray:
    """Audio whose features are `frames`, at the level that `ref_db` gives.

    Args:
        frames: (n_bins, n_frames) or (batch, n_bins, n_frames), in [-1, 1] (what is beyond is clipped); array or tensor.
        ref_db: power in dB of the loudest bin of each note: a number (see `Reference`), or (batch,).
        inversion: settings of kind griffin_lim.
        seed: of the random phases. Each note comes out the same alone and in any batch.
        n_samples: length of the result, cut or padded with zeros; none: (n_frames - 1) * hop_length.
        pitch: MIDI pitch of the notes where it is known, a number or (batch,), NaN for unknown. Log-mels blur neighbouring
            harmonics; told where they are, the inversion is several dB nearer to the original. It is not imposed: a
            pitch that does not fit the frames is not used. A contour, a pitch for each frame as (n_frames,) for one note
            or (batch, n_frames), is followed as it is.
        in_tune: the pitch is what the notes are to sound at, as for a model's frames, and not a label that may be cents
            off: partials lie exactly where it says, whatever the frames say.

    Returns:
        float32 (n_samples,) or (batch, n_samples) at `features.sample_rate`; frames of -1 give exact silence.

    Raises TimbreError for features that are NaN or infinite or of another shape than `features` says, for a pitch
    outside 0..127, and for settings of another kind.
    """
    check_classical(inversion)

    def make(values: Tensor, pitches: Tensor | None, length: int) -> Tensor:
        source = known_source(values, pitches, features, in_tune)
        magnitude = frames_to_magnitude(values, features, inversion, source)
        return magnitude_to_audio(magnitude, features, inversion, length, seed, source)

    return note_by_note(make, frames, ref_db, features, n_samples, pitch)


def note_by_note(
    make: Callable[[Tensor, Tensor | None, int], Tensor],
    frames: Values,
    ref_db: Numbers,
    features: SpectralFeatures,
    n_samples: int | None = None,
    pitch: Numbers | None = None,
) -> np.ndarray:
    """What `invert` gives, where `make` (frames, pitches or none, n_samples) makes audio at the frames' own level."""
    values, level, pitches = checked(frames, ref_db, features, n_samples, pitch)
    length = analysed_length(values.shape[2], features, n_samples)
    with torch.no_grad():
        # One note at a time stays in a processor's cache; a GPU wants them all.
        size = 1 if values.device.type == "cpu" else len(values)
        parts = []
        for first in range(0, len(values), size):
            part = slice(first, first + size)
            parts.append(make(values[part], None if pitches is None else pitches[part], length))
        audio = torch.cat(parts) if len(parts) > 1 else parts[0]
        audio = audio.mul_(torch.pow(10.0, level / 20)[:, None])
        if features.pre_emphasis:
            audio = torch.from_numpy(de_emphasised(audio.cpu().numpy(), features)).to(audio)
        audio = fade_ends(limit(audio, features.sample_rate), features.sample_rate)
        if n_samples is not None:
            audio = torch.nn.functional.pad(audio, (0, n_samples - length))
    return (audio if np.ndim(frames) == 3 else audio[0]).cpu().numpy()


def check_classical(inversion: InversionSettings) -> None:
    """Raises TimbreError for settings that only a network fulfils."""
    if inversion.kind != "griffin_lim":
        raise TimbreError(f"inversion.kind {inversion.kind} needs its network: open it with open_inverter.")


class Notes(NamedTuple):
    """What is to be inverted, checked."""

    frames: Tensor  # (batch, n_bins, n_frames)
    level: Tensor  # (batch,) dB
    pitch: Tensor | None  # (batch,) or, of contours, (batch, n_frames) MIDI, NaN where unknown


def checked(
    frames: Values,
    ref_db: Numbers,
    features: SpectralFeatures,
    n_samples: int | None,
    pitch: Numbers | None,
) -> Notes:
    """The arguments of `invert` as tensors. Raises TimbreError as it does."""
    values = in_common_range(torch.as_tensor(frames).detach().to(torch.float32), ref_db, features)
    single = values.ndim == 2
    values = values[None] if single else values
    if values.ndim != 3 or values.shape[1] != features.n_bins or not values.shape[2]:
        raise TimbreError(
            f"features of shape {tuple(values.shape[1 if single else 0 :])} cannot be inverted: "
            f"({features.n_bins}, n_frames) or (batch, {features.n_bins}, n_frames) is what these feature settings give."
        )
    level = _per_note(ref_db, "ref_db", values)
    finite = math.isfinite(float(values.sum())) or bool(
        torch.isfinite(values).all()
    )  # a sum is quicker, if it is finite
    if not (finite and bool(torch.isfinite(level).all())):
        raise TimbreError("features with NaN or infinite values cannot be inverted: compute them again.")
    pitches = None if pitch is None else _pitches(pitch, single, values)
    if pitches is not None and bool(((pitches < 0) | (pitches > 127)).any()):
        raise TimbreError(f"pitch {pitch} is not a MIDI pitch: give 0 to 127, or NaN where it is unknown.")
    if n_samples is not None and n_samples < 0:
        raise TimbreError(f"n_samples is {n_samples}: it cannot be negative.")
    return Notes(values, level, pitches)


def _pitches(value: Numbers, single: bool, frames: Tensor) -> Tensor:
    """Pitches of the notes of `frames` (batch, n_bins, n_frames), (batch,), or their contours (batch, n_frames)."""
    numbers = _numbers(value, "pitch", frames)
    if numbers.ndim == 2 or (single and numbers.ndim == 1 and len(numbers) > 1):
        numbers = numbers if numbers.ndim == 2 else numbers[None]
        if numbers.shape != (len(frames), frames.shape[2]):
            raise TimbreError(
                f"a pitch contour of {numbers.shape[1]} frames does not fit a note of {frames.shape[2]}: give one pitch a frame."
            )
        return numbers
    return _per_note(numbers, "pitch", frames)


def _per_note(value: Numbers, name: str, frames: Tensor) -> Tensor:
    """A number, or one for each note, as (batch,) float32 beside the frames."""
    numbers = _numbers(value, name, frames)
    if numbers.ndim > 1 or (numbers.ndim == 1 and len(numbers) != len(frames)):
        raise TimbreError(f"{name} has shape {tuple(numbers.shape)} for {len(frames)} notes: give one number to each.")
    return numbers.expand(len(frames))


def _numbers(value: Numbers, name: str, frames: Tensor) -> Tensor:
    return real_numbers(value, f"{name} must be a number, or one for each note").detach().to(frames)


def analysed_length(n_frames: int, features: SpectralFeatures, n_samples: int | None) -> int:
    """Samples whose analysis has `n_frames` frames: `n_samples` if that is so, otherwise the fewest."""
    if n_samples is not None and n_samples > 0 and features.n_frames(n_samples) == n_frames:
        return n_samples
    return max(1, (n_frames - 1) * features.hop_length + features.n_fft % 2)


def frames_to_magnitude(
    frames: Tensor, features: SpectralFeatures, inversion: InversionSettings, source: Source | None = None
) -> Tensor:
    """Magnitudes (batch, n_frames, 1 + n_fft // 2) of frames (batch, n_bins, n_frames), where the loudest bin is 1.

    With `known_source`, the one step that knows what kind of features there are.
    """
    if isinstance(features, StftSettings):
        power = frames_to_own_power(frames, features).transpose(1, 2)
        return torch.nn.functional.pad(power, (0, 1 + features.n_fft // 2 - features.n_bins)).sqrt_()
    mel = frames_to_own_power(frames, features)
    if source is None:
        return mel_to_magnitude(mel, features, inversion.mel_iterations)
    groups = partial_groups(source.partials, features) if source.exact else None
    return mel_to_magnitude(mel, features, inversion.mel_iterations, source.spectra, groups)


def known_source(
    frames: Tensor, pitch: Tensor | None, features: SpectralFeatures, in_tune: bool = False
) -> Source | None:
    """Where partials lie that the frames (batch, n_bins, n_frames) do not tell themselves."""
    if not isinstance(features, LogMelSettings):
        return None
    return fitting_source(frames_to_own_power(frames, features), pitch, features, in_tune)


def frames_to_own_power(frames: Tensor, features: SpectralSettings) -> Tensor:
    """Power (batch, n_bins, n_frames) of frames, the loudest bin 1; what is softer than their range is nothing."""
    frames = frames.clamp(-1, 1)
    return frames_to_power(frames, 0.0, features).mul_(frames > _FLOOR)


def magnitude_to_audio(
    magnitude: Tensor,
    features: SpectralFeatures,
    inversion: InversionSettings,
    n_samples: int,
    seed: int = 0,
    source: Source | None = None,
) -> Tensor:
    """Audio (batch, n_samples) of STFT magnitudes (batch, n_frames, 1 + n_fft // 2), at their level."""
    stft = open_stft(features, n_samples, magnitude.device)
    wanted = emphasised(magnitude, inversion.emphasis)
    if integrates_phase(inversion, source):
        from timbre_core.inversion.pghi import integrated_phase  # numba takes a second to import

        start = torch.polar(wanted, integrated_phase(magnitude, features, seed))
    else:
        start, _ = sinusoidal_spectra(magnitude, features, seed, source, sized=wanted)
    audio = griffin_lim(wanted, start, stft, inversion.iterations, inversion.momentum)
    return restore_level(audio, magnitude, stft)


def integrates_phase(inversion: InversionSettings, source: Source | None) -> bool:
    """Whether first phases come from the phase gradient: not where the frequencies of partials are known exactly."""
    return inversion.phase == "pghi" and not (source is not None and source.exact)
