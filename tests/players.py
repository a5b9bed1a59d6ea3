"""Programs that are not ours and play instruments: FluidSynth and sfizz. Where one is missing, the test is skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0

RATE = 44_100


Player = Callable[..., np.ndarray]
"""key, velocity, seconds held, seconds after -> (n_samples,) at 44.1 kHz."""


def fluidsynth(file: Path) -> Player:
    """The keys of a SoundFont's first preset."""
    from timbre_core.datasets.synthesizer import Synthesizer

    try:
        synthesizer = Synthesizer(file, RATE)
    except TimbreError as error:
        if "was not found" in str(error):
            pytest.skip("FluidSynth is not installed")
        raise

    def play(key: int, velocity: int, hold: float, after: float = 0.0) -> np.ndarray:
        return synthesizer.render(0, 0, key, velocity, hold, after)

    return play


def sfizz(file: Path) -> Player:
    """The keys of an SFZ file."""
    synth = pytest.importorskip("pysfizz", reason="pysfizz is not installed").Synth(RATE, 256)
    assert synth.load_sfz_file(file), "sfizz loads nothing of it"

    def play(key: int, velocity: int, hold: float, after: float = 0.0) -> np.ndarray:
        audio = synth.render_note(key, velocity, hold, hold + after).mean(axis=0)
        synth._synth.all_sound_off()
        return audio

    return play


def level_db(audio: np.ndarray) -> float:
    return 10 * float(np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-20))


def midi(audio: np.ndarray) -> float:
    return estimate_f0(audio[: 2 * RATE], RATE).midi
