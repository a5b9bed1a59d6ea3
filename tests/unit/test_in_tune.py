"""Where a pitch is asked for, partials lie exactly there, whatever the frames of a model say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.unit.test_inversion import FEATURES, RATE, tone
from timbre_core.features.frames import note_frames
from timbre_core.features.log_mel import mel_filterbank
from timbre_core.inversion.any_kind import invert, stream
from timbre_core.inversion.comb import nearest_partials, partial_groups
from timbre_core.inversion.mel import mel_to_power
from timbre_core.inverters import PRESETS


def blurred(midi: float, seconds: float = 1.0) -> np.ndarray:
    """Frames as models decode low notes: averaged over three bands, between partials as loud as at them."""
    frames = torch.from_numpy(note_frames(tone(midi, seconds), FEATURES)[0])[None]
    return torch.nn.functional.avg_pool2d(frames, (3, 1), stride=1, padding=(1, 0), count_include_pad=False)[0].numpy()


def cents_off(audio: np.ndarray, midi: float) -> float:
    """The shift at which the amplitudes of a long spectrum at eight harmonics of a key add up to most."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 2**18))
    cents = np.arange(-100.0, 101)
    hz = 440 * 2 ** ((midi - 69 + cents[:, None] / 100) / 12) * np.arange(1, 9)
    bins = np.minimum(hz * 2**18 / RATE, 2**17).round().astype(int)
    return float(cents[np.sqrt(spectrum[bins]).sum(axis=1).argmax()])


@pytest.mark.parametrize("preset", ["fast", "best"])
@pytest.mark.parametrize("midi", [28, 34, 38, 42, 55, 79])
def test_blurred_frames_sound_at_the_pitch_asked_for(midi: int, preset: str) -> None:
    audio = invert(blurred(midi - 0.35), 0.0, FEATURES, PRESETS[preset], pitch=float(midi), in_tune=True)
    assert abs(cents_off(audio, midi)) <= 3


def test_a_label_is_no_order() -> None:
    """A recording that is off its label keeps its own pitch."""
    frames, ref_db = note_frames(tone(42.3), FEATURES)
    audio = invert(frames, ref_db, FEATURES, PRESETS["fast"], pitch=42.0)
    assert abs(cents_off(audio, 42.3)) <= 12


def test_blocks_are_as_much_in_tune() -> None:
    how = {"pitch": 38.0, "in_tune": True}
    blocks = list(stream(blurred(37.7, 1.5), 0.0, FEATURES, PRESETS["fast"], **how))
    assert len(blocks) > 1
    assert abs(cents_off(np.concatenate(blocks), 38)) <= 3


def test_a_pitch_that_is_not_known_is_not_imposed() -> None:
    frames, ref_db = note_frames(tone(60), FEATURES)
    unknown = invert(frames, ref_db, FEATURES, PRESETS["fast"], pitch=float("nan"), in_tune=True)
    np.testing.assert_array_equal(unknown, invert(frames, ref_db, FEATURES, PRESETS["fast"]))


def test_groups_are_partials() -> None:
    partials = nearest_partials(torch.tensor([[60.0], [96.0]]), FEATURES).squeeze(1)
    groups = partial_groups(partials, FEATURES)
    for row, midi in enumerate((60, 96)):
        f0 = 440 * 2 ** ((midi - 69) / 12) * FEATURES.n_fft / RATE
        for harmonic in (1, 2, 3):
            middle = round(harmonic * f0)
            assert len(groups[row, middle - 1 : middle + 2].unique()) == 1
    # Between the first partials of a high note there is room for noise of its own.
    first, second = (round(n * 440 * 2 ** (27 / 12) * FEATURES.n_fft / RATE) for n in (1, 2))
    assert len(groups[1, first:second].unique()) > 20
    nothing = partial_groups(torch.full((513,), torch.nan), FEATURES)
    torch.testing.assert_close(nothing, torch.arange(513))


def test_one_gain_for_a_group() -> None:
    bank = mel_filterbank(FEATURES)
    partials = nearest_partials(torch.tensor([40.0]), FEATURES)
    groups = partial_groups(partials, FEATURES)
    start = torch.rand(1, 513, generator=torch.Generator().manual_seed(0)) + 0.1
    mel = (torch.rand(1, 7, 513, generator=torch.Generator().manual_seed(1)) @ bank.T).transpose(1, 2)
    louder = start[:, None] * torch.logspace(-12, 6, 7)[:, None]  # as a network gives it: a start for each frame
    for values, ties in ((start, groups), (louder, groups), (louder, groups[:, None].expand(1, 7, -1))):
        found = mel_to_power(mel, FEATURES, 5, values, ties)
        assert found.isfinite().all()
        gain = (found / values.reshape(1, -1, 513))[0, :, 1:-1]
        for number in groups[0, 1:-1].unique():
            same = gain[:, groups[0, 1:-1] == number]
            torch.testing.assert_close(same, same[:, :1].expand_as(same), rtol=1e-4, atol=0)
