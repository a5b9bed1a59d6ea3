"""An instrument from its recordings: which one sounds at a key, at what pitch, and as itself where it was recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.test_instrument import tone
from timbre_core.checkpoint import open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.pitch_shift import shift_pitch
from timbre_core.generation import recorded
from timbre_core.generation.recorded import RecordedInstrument, recordings_of
from timbre_core.space import TimbreSpace

RATE = 16_000


@pytest.fixture
def space(tiny_checkpoint: Path) -> TimbreSpace:
    return TimbreSpace(open_checkpoint(tiny_checkpoint))


@pytest.fixture
def instrument(space: TimbreSpace, monkeypatch: pytest.MonkeyPatch) -> RecordedInstrument:
    """Two recordings an octave apart, merely shifted."""

    def moved(_: TimbreSpace, audio: np.ndarray, pitch: float, to_pitch: float) -> np.ndarray:
        return shift_pitch(audio, 2 ** ((to_pitch - pitch) / 12), 1024)

    monkeypatch.setattr(recorded, "note_at", moved)
    sounds = {"low": tone(220.0), "high": tone(440.0)}
    like = str(space.map_notes["note_id"].iloc[0])
    return RecordedInstrument(space, like, [("low", 57.0), ("high", 69.0), ("unknown", np.nan)], sounds.__getitem__)


def test_the_nearest_recording_sounds(instrument: RecordedInstrument) -> None:
    assert [instrument.carrier(key)[0] for key in (40, 62, 63, 64, 90)] == ["low", "low", "high", "high", "high"]
    for key in (55, 57, 66):
        note = instrument.note(key)
        assert note.loop is not None
        assert estimate_f0(note.audio, RATE).midi == pytest.approx(key, abs=0.1)
        assert note.frames.shape[0] == instrument.space.recipe.features.n_bins
    whole = instrument.whole(57)
    assert np.corrcoef(whole, tone(220.0)[: len(whole)])[0, 1] > 0.999


def test_a_recording_whose_pitch_was_told_wrong_by_cents_is_tuned(
    space: TimbreSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is heard at a key counts, on the page and in samples: both are of one sound."""
    monkeypatch.setattr(
        recorded, "note_at", lambda space, audio, pitch, to: shift_pitch(audio, 2 ** ((to - pitch) / 12), 1024)
    )
    sounds = {"low": tone(220.0 * 2 ** (20 / 1200))}
    flat = RecordedInstrument(space, str(space.map_notes["note_id"].iloc[0]), [("low", 57.0)], sounds.__getitem__)
    for key in (57, 62):
        for audio in (flat.note(key).audio, flat.whole(key)):
            assert estimate_f0(audio, RATE).midi == pytest.approx(key, abs=0.03)


def test_recordings_are_of_the_notes_instrument(space: TimbreSpace) -> None:
    notes = space.map_notes
    like = str(notes["note_id"].iloc[0])
    found = recordings_of(space, like)
    rows = notes.set_index("note_id").loc[[note for note, _ in found]]
    assert set(rows["instrument"]) == {notes["instrument"].iloc[0]}
    assert [pitch for _, pitch in found] == sorted(set(rows["pitch"]))
    assert like in [note for note, _ in found]


def test_what_cannot_be_played_is_told(space: TimbreSpace) -> None:
    like = str(space.map_notes["note_id"].iloc[0])
    with pytest.raises(TimbreError, match="no pitch is known"):
        RecordedInstrument(space, like, [(like, np.nan)], lambda note: tone())
    silent = RecordedInstrument(space, like, [(like, 60.0)], lambda note: np.zeros(RATE, dtype=np.float32))
    with pytest.raises(TimbreError, match="silent"):
        silent.note(60)
