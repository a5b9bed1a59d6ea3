"""Frames back to audio by a trained network, which is handed in: nothing here opens files.

A network that gives power spectra takes the place of the classical inverter's first guess: updates make its result agree with
the frames, phases and Griffin-Lim follow as ever. One that gives complex spectra is inverted as it is.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np
import torch
from torch import Tensor, nn

from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.classical import frames_to_own_power, magnitude_to_audio, note_by_note
from timbre_core.inversion.comb import fitting_source, partial_groups
from timbre_core.inversion.contract import How, Numbers, Values
from timbre_core.inversion.mel import mel_to_magnitude
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inversion.stft import open_stft
from timbre_core.models.mel_to_magnitude import MelToMagnitude


def invert_learned(
    network: nn.Module,
    frames: Values,
    ref_db: Numbers,
    features: LogMelSettings,
    inversion: InversionSettings,
    **how: Unpack[How],
) -> np.ndarray:
    """The contract of `timbre_core.inversion.contract.Invert`, by a network on the frames' device."""

    def make(values: Tensor, pitches: Tensor | None, length: int) -> Tensor:
        values = values.clamp(-1, 1)
        # Networks heard notes of one pitch: of a contour they are told what it mostly is.
        told = values.new_full((len(values),), torch.nan) if pitches is None else pitches
        told = told.nanmedian(dim=1).values if told.ndim == 2 else told
        if isinstance(network, MelToMagnitude):
            mel = frames_to_own_power(values, features)
            source = fitting_source(mel, pitches, features, how.get("in_tune", False))
            # Along a contour its combs of the median pitch would be wrong: the contour's own ones are the start.
            along = source is not None and source.spectra.ndim == 3
            start = source.spectra if source is not None and along else network.power(values, told)
            groups = partial_groups(source.partials, features) if source is not None and source.exact else None
            magnitude = mel_to_magnitude(mel, features, inversion.mel_iterations, start, groups)
            return magnitude_to_audio(magnitude, features, inversion, length, how.get("seed", 0), source)
        sounding = (frames_to_own_power(values, features) > 0).any(dim=1)
        spectra = network(values, told) * sounding[..., None]
        # Its audio was trained to have the right level; spectra that cancel where they overlap are part of how.
        return open_stft(features, length, values.device).inverse(spectra)

    return note_by_note(make, frames, ref_db, features, how.get("n_samples"), how.get("pitch"))
