"""Words for how notes sound, from what is measured of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from timbre_core.analysis.sound_words import sound_words


def test_words_say_what_was_measured() -> None:
    notes = pd.DataFrame(
        {
            "brightness": [300.0, 1000.0, 5000.0],
            "pitch": [36.0, 60.0, np.nan],
            "length": [0.2, 1.0, 4.0],
            "attack": [0.005, 0.05, 0.3],
            "noisiness": [0.1, 0.001, 0.7],
        }
    )
    found = {word: holds.tolist() for word, holds in sound_words(notes).items()}
    assert found["dark"] == [True, False, False]
    assert found["bright"] == [False, False, True]
    assert found["low"] == [True, False, False]
    assert "high" not in found, "what is true of none is not offered"
    assert found["short"] == [True, False, False]
    assert found["long"] == [False, False, True]
    assert found["percussive"] == [True, False, False]
    assert found["soft start"] == [False, False, True]
    assert found["noisy"] == [False, False, True]
    assert found["breathy"] == [True, False, False]


def test_pure_sounds_have_few_partials() -> None:
    notes = pd.DataFrame({"brightness": [300.0, 3000.0], "pitch": [60.0, 60.0], "noisiness": [0.001, 0.001]})
    assert sound_words(notes)["pure"].tolist() == [True, False]


def test_what_is_not_measured_has_no_words() -> None:
    assert sound_words(pd.DataFrame({"note_id": ["a", "b"]})) == {}
    assert sound_words(pd.DataFrame({"attack": [np.nan]})) == {}


_MEASURES = {
    "brightness": [300.0, 1000.0, 5000.0],
    "pitch": [36.0, 60.0, np.nan],
    "length": [0.2, 1.0, 4.0],
    "attack": [0.005, 0.05, 0.3],
    "noisiness": [0.1, 0.001, 0.7],
}


@pytest.mark.parametrize("known", [some for size in range(6) for some in combinations(_MEASURES, size)])
def test_any_measures_may_be_missing(known: tuple[str, ...]) -> None:
    whole = sound_words(pd.DataFrame(_MEASURES))
    found = sound_words(pd.DataFrame({name: _MEASURES[name] for name in known}, index=range(3)))
    assert {word: holds.tolist() for word, holds in found.items()} == {
        word: holds.tolist() for word, holds in whole.items() if word in found
    }
    assert ("noisy" in found) == ("noisiness" in known)
