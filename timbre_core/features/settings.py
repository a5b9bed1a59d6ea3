"""What a recipe says about features: enough to go from audio to frames and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbre_core.errors import TimbreError
from timbre_core.features.contract import FeatureSettings as FeatureSettings
from timbre_core.features.kinds.envelope import EnvelopeSettings as EnvelopeSettings
from timbre_core.features.kinds.image import ImageSettings as ImageSettings
from timbre_core.features.kinds.log_mel import LogMelSettings as LogMelSettings
from timbre_core.features.kinds.stft import StftSettings as StftSettings
from timbre_core.features.spectral import SpectralSettings as SpectralSettings
from timbre_core.features.waveform_settings import WaveformSettings as WaveformSettings
from timbre_core.parts import one_of

SpectralFeatures = LogMelSettings | StftSettings
"""Frames of power in dB, whose phases an inverter has to find."""

StoredFeatures = FeatureSettings
"""What a feature store can hold: any kind, or audio in blocks."""

if TYPE_CHECKING:
    AnyFeatures = FeatureSettings
    AnyStored = FeatureSettings
else:
    AnyFeatures = one_of("timbre_core.features.kinds", FeatureSettings, default="log_mel")
    AnyStored = one_of("timbre_core.features.kinds", FeatureSettings, more=(WaveformSettings,))


def has_sound(features: FeatureSettings) -> bool:
    """Whether frames come from sounds and can become some: not those of pictures."""
    return features.has_sound


def as_log_mel(features: FeatureSettings) -> LogMelSettings:
    """The settings themselves, for what works on log-mels alone. Raises TimbreError for another kind."""
    if not isinstance(features, LogMelSettings):
        raise TimbreError(f"features of kind {features.kind}: this needs features of kind log_mel.")
    return features
