"""Audio to frames, whatever kind of features a recipe asks for: a new kind is analysed here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.decibels import power_to_frames
from timbre_core.features.envelope import envelope_frames, log_envelopes
from timbre_core.features.log_mel import hz_to_mel, mel_power, mel_to_hz
from timbre_core.features.settings import (
    EnvelopeSettings,
    FeatureSettings,
    ImageSettings,
    LogMelSettings,
    StftSettings,
    StoredFeatures,
    WaveformSettings,
)
from timbre_core.features.spectrum import prepare_audio, stft_power
from timbre_core.features.waveform import waveform_blocks

_ENVELOPE_ROWS = 256

Analysis = tuple[Iterable[Tensor], Sequence[float]]


def analyse(audio: Tensor, settings: StoredFeatures, pitches: Sequence[float | None] | None = None) -> Analysis:
    """Notes of equal length, (batch, n_samples), prepared as `prepare_audio` does -> the frames of each, and references.

    Of pictures (batch, height, width) in [0, 1] too, whose references are 0. Frames are (n_bins, n_frames) float32; a
    reference is the power of +1 in dB (see `Reference`), NaN where the audio is not finite. pitches: MIDI of each note,
    which kind envelope needs; it raises TimbreError for a note that it cannot follow.
    """
    with torch.no_grad():
        if isinstance(settings, EnvelopeSettings):
            return _envelopes(audio, settings, pitches or [None] * len(audio))
        return _ANALYSES[settings.kind](audio, settings)


def note_frames(audio: np.ndarray, settings: FeatureSettings, pitch: float | None = None) -> tuple[np.ndarray, float]:
    """Frames (n_bins, n_frames) float32 and their reference (see `analyse`) of one note's audio (n_samples,).

    pitch: MIDI, where it is known. Raises TimbreError for audio that is not mono or not finite, or that cannot be analysed.
    """
    audio = np.asarray(audio, dtype=np.float32)
    if audio.ndim != 1:
        raise TimbreError(f"audio has shape {audio.shape}: one channel (n_samples,) was expected, mix it down first.")
    return signal_frames(prepare_audio(audio, settings), settings, pitch)


def signal_frames(
    signal: np.ndarray, settings: FeatureSettings, pitch: float | None = None
) -> tuple[np.ndarray, float]:
    """As `note_frames`, of what `datasets.signals.read_signal` gives."""
    frames, references = analyse(torch.from_numpy(signal)[None], settings, [pitch])
    if not math.isfinite(references[0]):
        raise TimbreError("audio holds NaN or infinite samples: render or record it again.")
    return next(iter(frames)).numpy(), references[0]


def spectrogram(frames: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """What to draw of frames: (n_rows, n_frames) in [-1, 1], spectra whose rows stand for `bin_frequencies`."""
    if isinstance(settings, EnvelopeSettings):
        return log_envelopes(torch.from_numpy(np.ascontiguousarray(frames)), _ENVELOPE_ROWS).numpy()
    return frames


def mean_error_db(heard: np.ndarray, frames: np.ndarray, settings: FeatureSettings) -> float:
    """How far two frame arrays (n_bins, n_frames) are apart, in dB.

    The mean absolute difference; for envelopes the mean over frames of the log-spectral distance (root mean square).
    """
    difference = np.asarray(heard, dtype=np.float64) - frames
    if isinstance(settings, EnvelopeSettings):
        return float(np.sqrt(np.square(difference).sum(axis=0)).mean() * settings.top_db / 2)
    return float(np.abs(difference).mean() * settings.top_db / 2)


def bin_frequencies(settings: FeatureSettings) -> np.ndarray:
    """Frequencies (n_rows,) in Hz that the rows of a `spectrogram` stand for: centres of mel bands, or of FFT bins.

    Raises NoSound for pictures, whose rows are no frequencies.
    """
    if isinstance(settings, EnvelopeSettings):
        return np.linspace(0, settings.sample_rate / 2, _ENVELOPE_ROWS)
    if isinstance(settings, LogMelSettings):
        top = settings.fmax if settings.fmax is not None else settings.sample_rate / 2
        return mel_to_hz(np.linspace(hz_to_mel(settings.fmin), hz_to_mel(top), settings.n_mels + 2)[1:-1])
    return np.arange(settings.n_bins) * (settings.sample_rate / settings.n_fft)


def _envelopes(audio: Tensor, settings: EnvelopeSettings, pitches: Sequence[float | None]) -> Analysis:
    frames, references = [], []
    for note, pitch in zip(audio, pitches, strict=True):
        finite = all(math.isfinite(end) for end in note.aminmax())
        found, reference = envelope_frames(note, settings, pitch) if finite else (note[None], math.nan)
        frames.append(found)
        references.append(reference)
    return frames, references


def _image(pictures: Tensor, settings: ImageSettings) -> Analysis:
    size = (settings.height, settings.width)
    if pictures.shape[1:] != size:
        pictures = torch.nn.functional.interpolate(pictures[:, None], size, mode="bilinear", antialias=True)[:, 0]
    return pictures.float().flip(1).mul(2).sub(1).clamp(-1, 1), [0.0] * len(pictures)


def _stft(audio: Tensor, settings: StftSettings) -> Analysis:
    return power_to_frames(stft_power(audio, settings)[..., : settings.n_bins], settings)


def _waveform(audio: Tensor, settings: WaveformSettings) -> Analysis:
    blocks, ref_db = waveform_blocks(audio, settings)
    return blocks, ref_db.tolist()


_ANALYSES: dict[str, Callable[..., Analysis]] = {
    "log_mel": lambda audio, settings: power_to_frames(mel_power(audio, settings), settings),
    "stft": _stft,
    "image": _image,
    "waveform": _waveform,
}
