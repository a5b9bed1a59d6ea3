"""Shaped instruments as they are exported and performed, and soft and loud takes as layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.test_recorded import instrument, space  # noqa: F401 - fixtures
from timbre_core.features.descriptors import describe
from timbre_core.generation import own_sounds, recorded, sampler
from timbre_core.generation.macros import PLAIN, Shape
from timbre_core.generation.own_sounds import OwnNote, layers_of, own_instrument
from timbre_core.generation.recorded import RecordedInstrument
from timbre_core.generation.sampler import Sampling, sampled
from timbre_core.space import TimbreSpace

RATE = 16_000


def note(name: str, pitch: float, level: float, partials: int = 6) -> OwnNote:
    time = np.arange(RATE) / RATE
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    tone = sum(np.sin(2 * np.pi * f0 * number * time) / number for number in range(1, partials + 1))
    return OwnNote(name, (level * np.asarray(tone)).astype(np.float32), pitch)


def test_a_shape_is_heard_in_keys_and_in_samples(instrument: RecordedInstrument) -> None:  # noqa: F811
    bright = instrument.with_shape(Shape(brightness=3))
    assert instrument.shape == PLAIN, "the instrument itself is as it was"
    plain, shaped = (describe(each.note(57).audio, RATE, 57)["brightness"] for each in (instrument, bright))
    assert 12 * np.log2(shaped / plain) == pytest.approx(6, abs=0.6)
    samples = [sampled(each, "x", [57], Sampling()).zones[0].sample for each in (instrument, bright)]
    plain, shaped = (describe(each.audio, each.sample_rate, 57)["brightness"] for each in samples)
    assert 12 * np.log2(shaped / plain) == pytest.approx(6, abs=0.6)
    assert samples[1].loop is not None
    first, behind = samples[1].loop
    assert len(samples[1].audio) > behind, "samples behind the loop, for players that read on"
    assert np.array_equal(samples[1].audio[behind:], samples[1].audio[first : first + len(samples[1].audio) - behind])


def test_takes_of_a_key_are_layers() -> None:
    notes = [note("loud", 57, 0.3), note("soft", 57.1, 0.05), note("alone", 69, 0.1), note("middle", 57, 0.1)]
    layers = layers_of(notes)
    assert [[each.name for each in layer] for layer in layers] == [
        ["soft", "alone"],
        ["middle", "alone"],
        ["loud", "alone"],
    ]
    assert [[each.name for each in layer] for layer in layers_of(notes[:1])] == [["loud"]]


def test_soft_takes_are_played_softly_and_exported(
    space: TimbreSpace,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorded, "note_at", lambda space, audio, pitch, to: audio)
    monkeypatch.setattr(sampler, "note_at", lambda *told: pytest.fail("there are recordings of both"))
    made = own_instrument(space, [note("soft", 57, 0.02, 1), note("loud", 57, 0.3, 12)])
    assert len(made.layers) == 2
    assert [made.layer_at(velocity) for velocity in (1, 63, 64, 127)] == [0, 0, 1, 1]
    zones = sampled(made, "x", [57], Sampling(layers=2)).zones
    soft, loud = (describe(zone.sample.audio, zone.sample.sample_rate, 57)["brightness"] for zone in zones)
    assert loud > 2 * soft
    shaped = made.with_shape(Shape(noise=1))
    assert all(layer.shape == Shape(noise=1) for layer in shaped.layers)
    assert own_sounds.MOST_LAYERS == 4


def test_macros_of_commands(tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from timbre_core.__main__ import main

    asked = ["export", str(tiny_checkpoint), "--low", "60", "--high", "60", "--out", str(tmp_path / "out")]
    assert main([*asked, "--macros", "loudness=2"]) == 1
    assert "--macros: there is no macro 'loudness'" in capsys.readouterr().err
    assert main([*asked, "--macros", "brightness=2,noise=-1"]) == 0
    (preset,) = (tmp_path / "out").glob("*.json")
    assert '"brightness": 2.0' in preset.read_text()
