"""An instrument at another pitch from one of its notes: grids, network, shifting, imprinting, `note_at`."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from timbre_core.checkpoint import RECIPE, WEIGHTS, Checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features import note_grid, pitch_shift
from timbre_core.features.note_grid import frames_of, grid_edges, level_free, mel_grid, points_of
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.pitch_shift import shift_pitch
from timbre_core.features.settings import LogMelSettings, WaveformSettings
from timbre_core.generation.note_at import NOTE_SHIFT, note_at
from timbre_core.inversion.imprint import excitation, imprint
from timbre_core.models import note_shift as models
from timbre_core.models.note_shift import Played
from timbre_core.models.weights import save_weights
from timbre_core.recipes.networks import build_network
from timbre_core.recipes.recipe_files import load_recipe, recipe_to_yaml
from timbre_core.training.note_shift_loss import _grids, _semitones

RATE = 44_100
FEATURES = LogMelSettings(sample_rate=RATE, n_fft=2048, hop_length=512, n_mels=128, fmax=20_000, seconds=4.0)
SMALL = ["task.width=8", "task.layers=1", "task.note_width=8", "task.note_dim=4", "task.places=8"]


def harmonic(pitch: float, seconds: float = 1.0, rate: int = RATE, brightness: float = 0.8) -> np.ndarray:
    """A plucked note of ten harmonics."""
    time = np.arange(round(seconds * rate)) / rate
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    tone = sum(brightness**k * np.sin(2 * np.pi * k * f0 * time + k) for k in range(1, 11) if k * f0 < rate / 2)
    return (0.2 * tone * np.exp(-2 * time)).astype(np.float32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A checkpoint `note-shift` of a tiny network that says something, and none of the project's."""
    recipe = load_recipe("note-shift", SMALL)
    torch.manual_seed(0)
    network = build_network(recipe)
    torch.nn.init.normal_(network.out.weight, std=0.3)
    place = tmp_path / NOTE_SHIFT
    place.mkdir()
    (place / RECIPE).write_text(recipe_to_yaml(recipe), encoding="utf-8")
    save_weights(place / WEIGHTS, network)
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def space_at(folder, rate: int = RATE) -> SimpleNamespace:
    recipe = SimpleNamespace()
    return SimpleNamespace(sample_rate=rate, checkpoint=Checkpoint(folder / "space", recipe))


def cents_off(audio: np.ndarray, pitch: float, rate: int = RATE) -> float:
    return 100 * abs(estimate_f0(audio, rate).midi - pitch)


def test_a_grid_is_dense_at_the_onset_and_independent_of_level():
    edges = grid_edges(345)
    assert np.diff(edges)[:16].tolist() == [1] * 16
    assert set(np.diff(edges)[24:].tolist()) == {8}
    audio = torch.from_numpy(harmonic(60, 4.0))
    grids = [level_free(mel_grid(gain * audio, FEATURES)[None], grid_edges(345), FEATURES)[0] for gain in (1, 0.1)]
    assert grids[0].shape == (1, 61, 128)
    assert torch.allclose(grids[0], grids[1], atol=1e-3)


def test_a_moved_grid_is_that_of_the_moved_sound():
    """Ten harmonics a fifth higher: what an ideal shift gives, where the note is above the floor."""
    low, high = (torch.from_numpy(harmonic(pitch, 2.0)) for pitch in (60, 67))
    moved = mel_grid(low, FEATURES, 2 ** (7 / 12))
    wanted = mel_grid(high, FEATURES)
    loud = wanted > wanted.max() - 40
    loud[:8] = False  # windows over the start are of different lengths
    assert (moved - wanted)[loud].abs().mean() < 1.0


def test_half_of_the_pairs_are_moved_while_training_with_all_they_have():
    semitones = _semitones(torch.linspace(0, 1, 1001))
    assert 0.45 < (semitones != 0).float().mean() < 0.55
    assert (semitones.min(), semitones.max()) == (-6, pytest.approx(6, abs=0.03))
    margin = WaveformSettings(level=FEATURES).margin * FEATURES.hop_length

    def batch(pitch: float) -> SimpleNamespace:
        audio = np.pad(harmonic(pitch, 2.0), margin)
        return SimpleNamespace(frames=torch.from_numpy(audio[None, None]))

    moved = _grids(batch(60), batch(64), torch.tensor([4.0]), torch.tensor([3.0]), FEATURES)[1:]
    higher = _grids(batch(63), batch(67), torch.tensor([4.0]), torch.zeros(1), FEATURES)[1:]
    for ours, wanted in zip(moved, higher, strict=True):
        loud = wanted > wanted.max() - 40
        loud[:, :8] = False  # windows over the start are of different lengths
        assert (ours - wanted)[loud].abs().mean() < 1.0


def test_silence_after_a_sound_need_not_be_there():
    sound = torch.from_numpy(harmonic(60, 2.0))
    padded = torch.nn.functional.pad(sound, (0, 30_000))
    torch.testing.assert_close(mel_grid(sound, FEATURES, n_samples=len(padded)), mel_grid(padded, FEATURES))


def test_points_and_frames_agree_on_what_is_straight():
    edges = grid_edges(345)
    line = torch.linspace(0, 1, int(edges[-1]))[:, None]
    assert torch.allclose(frames_of(points_of(line, edges), edges, len(line))[:336], line[:336], atol=2e-3)


@pytest.mark.parametrize(("pitch", "semitones"), [(60, -12), (60, -5), (60, 0.5), (60, 7), (24, 38)])
def test_shifted_sounds_have_the_pitch_and_length_asked_for(pitch, semitones):
    shifted = shift_pitch(harmonic(pitch), 2 ** (semitones / 12), 4096 if pitch < 50 else 2048)
    assert len(shifted) == RATE
    assert cents_off(shifted, pitch + semitones) < 5


def test_the_farthest_shift_takes_no_longer_than_one_of_three_octaves(monkeypatch):
    stretched = []
    monkeypatch.setattr(
        pitch_shift, "_stretch", lambda audio, factor, n_fft: stretched.append(len(audio) * factor) or audio
    )
    pitch_shift.shift_pitch(harmonic(12), 2 ** (127 / 12))
    assert 0 < stretched[0] <= 8.1 * RATE
    sound = torch.from_numpy(harmonic(24))
    thin = mel_grid(sound, FEATURES, 12.0)
    monkeypatch.setattr(note_grid, "needless", lambda ratio: 1)
    whole = mel_grid(sound, FEATURES, 12.0)
    assert (thin - whole)[whole > whole.max() - 50].abs().max() < 0.3


def test_no_shift_is_the_sound_itself():
    audio = harmonic(60, 0.2)
    assert np.array_equal(shift_pitch(audio, 1.0), audio)


def test_imprinting_gives_a_carrier_the_levels_of_another_sound():
    carrier, other = harmonic(60, 2.0, brightness=0.6), harmonic(60, 2.0, brightness=0.95)
    wanted = mel_grid(torch.from_numpy(other), FEATURES)
    before, after = (
        mel_grid(torch.from_numpy(audio), FEATURES) for audio in (carrier, imprint(carrier, wanted, FEATURES, 261.63))
    )
    loud = wanted > wanted.max() - 50
    assert (before - wanted)[loud].abs().mean() > 5
    assert (after - wanted)[loud].abs().mean() < 1


def test_bands_that_a_carrier_lacks_are_filled():
    carrier, other = harmonic(60, 1.0), np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    wanted = mel_grid(torch.from_numpy(other), FEATURES)
    got = mel_grid(torch.from_numpy(imprint(carrier, wanted, FEATURES, 261.63)), FEATURES)
    assert (got - wanted)[4:24, 100:].abs().mean() < 4  # above 8 kHz, where the carrier has nothing


@pytest.mark.parametrize(("rate", "to_pitch"), [(RATE, 67.0), (16_000, 52.5)])
def test_the_pitch_asked_for_is_heard(folder, rate, to_pitch):
    audio = harmonic(60, 1.0, rate)
    heard = note_at(space_at(folder, rate), audio, 60, to_pitch)
    assert heard.shape == audio.shape
    assert heard.dtype == np.float32
    assert cents_off(heard, to_pitch, rate) < 10


def test_no_change_is_the_recording_itself(folder):
    audio = harmonic(60, 0.5)
    assert np.array_equal(note_at(space_at(folder), audio, 60, 60), audio)


def test_a_recording_at_full_scale_stays_within_it(folder):
    time = np.arange(RATE // 2) / RATE
    audio = sum(np.sin(2 * np.pi * 261.63 * n * time) / n for n in range(1, 25)) * np.minimum(1, time / 0.01)
    audio = (audio / np.abs(audio).max()).astype(np.float32)
    quiet, loud = (note_at(space_at(folder), level * audio, 60, 47) for level in (0.25, 1.0))
    assert np.abs(quiet).max() > 0.25, "or nothing was to be done"
    assert np.abs(loud).max() <= 1
    assert np.sqrt(np.mean(loud**2)) > 0.6 * np.sqrt(np.mean((4 * quiet) ** 2)), "only peaks are turned down"


def test_a_small_change_is_small_and_a_velocity_changes_something(folder):
    audio = harmonic(60, 1.0)
    space = space_at(folder)
    near, louder = note_at(space, audio, 60, 60.01), note_at(space, audio, 60, 60, velocity=30)
    grids = [mel_grid(torch.from_numpy(each), FEATURES) for each in (audio, near, louder)]
    loud = grids[0] > grids[0].max() - 40
    assert (grids[1] - grids[0])[loud].abs().mean() < 1
    assert (grids[2] - grids[0])[loud].abs().mean() > 0.1


def test_level_does_not_change_the_sound(folder):
    audio = harmonic(60, 1.0)
    loud, soft = (note_at(space_at(folder), gain * audio, 60, 65) for gain in (1.0, 0.1))
    assert np.abs(loud - 10 * soft).max() < 0.02 * np.abs(loud).max()


def test_silence_stays_silence(folder):
    assert not note_at(space_at(folder), np.zeros(1000, dtype=np.float32), 60, 65).any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pitch": 200}, "outside MIDI"),
        ({"pitch": None}, "pitch 'None' is no number"),
        ({"to_pitch": "C4"}, "to_pitch 'C4' is no number"),
        ({"velocity": [80, 90]}, "velocity .* is no number"),
        ({"to_pitch": -1}, "to_pitch -1"),
        ({"velocity": 0}, "velocity 0"),
        ({"audio": np.array([np.nan], dtype=np.float32)}, "finite"),
        ({"audio": np.zeros((2, 10))}, "one channel"),
        ({"audio": np.zeros(61 * RATE)}, "at most 60 s"),
    ],
)
def test_what_is_no_note_is_refused(folder, change, words):
    given = {"audio": harmonic(60, 0.2), "pitch": 60, "to_pitch": 65} | change
    with pytest.raises(TimbreError, match=words):
        note_at(space_at(folder), **given)


def test_without_a_network_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tmp_path))
    with pytest.raises(TimbreError, match="no checkpoint note-shift"):
        note_at(space_at(tmp_path), harmonic(60, 0.2), 60, 65)


@pytest.mark.parametrize("together", [1, 4])
def test_all_places_at_once_are_what_each_is_alone(together, monkeypatch):
    """The onset and every second point, low bands and every second high one are asked for, the others lie between them; bands
    that nobody hears are left out."""
    monkeypatch.setattr(models, "cpu_has_bf16", lambda: False)
    torch.manual_seed(1)
    network = build_network(load_recipe("note-shift", [*SMALL, f"task.together={together}"])).eval()
    torch.nn.init.normal_(network.out.weight, std=0.3)
    grids = torch.randn(2, 2, 61, 128).mul(10).sub(30)
    played = Played(*(torch.tensor(each) for each in ([60.0, 40.0], [67.0, 35.0], [100.0] * 2, [80.0] * 2, [1.0, 0.0])))
    points, bands = torch.meshgrid(torch.arange(61), torch.arange(128), indexing="ij")
    places = [each.reshape(1, -1).expand(2, -1) for each in (points, bands)]
    with torch.inference_mode():
        alone = network(*grids, played, *places).view(2, 61, 128)
        whole, heard = network.whole(*grids, played), network.whole(*grids, played, 99)
    asked = torch.tensor([*range(16), *range(16, 61, 2)])
    bands = torch.arange(128) if together > 1 else torch.tensor([*range(80), *range(80, 128, 2), 127])
    change, wanted = whole - grids[1], alone - grids[1]
    at = asked[:, None], bands
    torch.testing.assert_close(change[:, *at], wanted[:, *at], atol=1e-3, rtol=1e-4)
    if together == 1:
        torch.testing.assert_close(change[..., 101], (change[..., 100] + change[..., 102]) / 2, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(change[:, 31], (change[:, 30] + change[:, 32]) / 2, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(heard[..., :97], whole[..., :97], atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(heard[..., 99:], grids[1][..., 99:])


def test_half_the_precision_says_nearly_the_same(monkeypatch):
    torch.manual_seed(1)
    network = build_network(load_recipe("note-shift", SMALL)).eval()
    torch.nn.init.normal_(network.out.weight, std=0.3)
    grids = torch.randn(2, 1, 61, 128).mul(10).sub(30)
    played = Played(*(torch.tensor([each]) for each in (60.0, 67.0, 100.0, 100.0, 0.0)))
    found = []
    for has_it in (False, True):
        monkeypatch.setattr(models, "cpu_has_bf16", lambda has_it=has_it: has_it)
        with torch.inference_mode():
            found.append(network.whole(*grids, played))
    assert found[1].dtype == torch.float32
    assert (found[0] - grids[1]).abs().mean() > 1, "or it says nothing"
    assert 0 < (found[0] - found[1]).abs().mean() < 0.1


def test_bands_that_do_not_divide_are_said_so():
    with pytest.raises(TimbreError, match="together 3"):
        build_network(load_recipe("note-shift", [*SMALL, "task.together=3"]))


def test_pulses_of_a_pitch_have_its_harmonics_alike_however_late():
    """A steady pitch and one told for each sample; the noise beside them is 40 dB and more below what a harmonic gathers."""
    n_samples, f0 = 16 * RATE, 440.0
    for told in (f0, np.full(n_samples, f0, dtype=np.float32)):
        late = excitation(told, n_samples, RATE)[-RATE:]
        levels = np.abs(np.fft.rfft(late))
        harmonics, between = levels[440 : 440 * 40 : 440], levels[660 : 440 * 40 : 440]
        assert np.ptp(20 * np.log10(harmonics)) < 1
        assert np.median(between) < harmonics.min() / 20
