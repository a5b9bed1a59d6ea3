"""What is heard of sounds of one's own, and what their names say of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.tones import tone
from timbre_core.checkpoint import open_checkpoint
from timbre_core.generation.own_sounds import PitchUnheard, own_note
from timbre_core.space import TimbreSpace


def test_octaves_of_the_pitch_in_a_name_are_one_note(tmp_path: Path, tiny_checkpoint: Path) -> None:
    space = TimbreSpace(open_checkpoint(tiny_checkpoint))
    rate = space.sample_rate

    def said(name: str, *pitches: float) -> float:
        file = tmp_path / f"{name}.wav"
        soundfile.write(file, np.concatenate([tone(pitch, 0.8, rate) for pitch in pitches]), rate)
        return own_note(file, space).pitch

    assert said("viola_A3_take2", 57.2, 45.1) == pytest.approx(57.2, abs=0.15), "as it sounds, not as it is named"
    for name, pitches in (("viola", (57, 45)), ("viola_A3", (57, 64)), ("viola_C4", (57, 45)), ("A3C4E4", (57, 45))):
        with pytest.raises(PitchUnheard, match="not one note"):
            said(name, *pitches)
