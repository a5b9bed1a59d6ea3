"""TimbreSpace: encode, decode, reconstruct, generate, neighbours, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.synthetic import apart, harmonic_note
from timbre_core.checkpoint import open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.audio import write_wav
from timbre_core.generation.sounds import generate
from timbre_core.generation.timbre_code import timbre_code
from timbre_core.generation.transfer import transfer_audio
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.space import TimbreSpace


@pytest.fixture
def space(tiny_checkpoint: Path) -> TimbreSpace:
    return TimbreSpace(open_checkpoint(tiny_checkpoint))


def test_notes_of_different_lengths_encode_together_as_they_do_alone(space: TimbreSpace) -> None:
    rng = np.random.default_rng(0)
    notes = [rng.uniform(-1, 1, (80, length)).astype(np.float32) for length in (10, 32, 63, 200)]
    together = space.encode_many(notes, [40, 50, 60, 70])
    for frames, pitch, trajectory in zip(notes, (40, 50, 60, 70), together, strict=True):
        alone = space.encode(frames, pitch)
        np.testing.assert_allclose(trajectory.mu, alone.mu, atol=1e-5)
        assert trajectory.n_frames == frames.shape[1]
        assert space.decode(alone.mu, alone.starts, alone.n_frames, pitch).shape == frames.shape


def test_reconstruction_has_three_sounds_of_the_same_length(space: TimbreSpace) -> None:
    note = harmonic_note(60, 0.5)
    result = space.reconstruct(note, 60)
    assert len(result.original) == len(result.inversion) == len(result.reconstruction) == len(note)
    assert result.frames.shape == result.decoded.shape
    assert apart(result.original, note) < 1e-6
    level = 20 * np.log10(np.sqrt(np.mean(result.inversion**2)) / np.sqrt(np.mean(note**2)))
    assert abs(level) < 1.0


@pytest.mark.parametrize("n_frames", [5, 32, 40, 200])
def test_blocks_decode_and_sound_as_the_whole(space: TimbreSpace, n_frames: int) -> None:
    frames = np.random.default_rng(0).uniform(-1, 1, (80, n_frames)).astype(np.float32)
    note = space.encode(frames, 60)
    whole = space.decode(note.mu, note.starts, n_frames, 60)
    blocks = list(space.decode_blocks(note.mu, note.starts, n_frames, 60))
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, atol=1e-4)
    if n_frames == 200:
        assert blocks[0].shape[1] == 16  # what the first window alone covers
    n_samples = (n_frames - 1) * 256
    audio = np.concatenate(list(space.stream(note.mu, note.starts, n_frames, 20.0, 60, n_samples)))
    assert np.std(audio) == pytest.approx(np.std(space.invert(whole, 20.0, 60, n_samples)), rel=0.05)


def test_frames_of_several_notes_are_no_note(space: TimbreSpace) -> None:
    frames = np.zeros((1, 80, 40), dtype=np.float32)
    with pytest.raises(TimbreError, match=r"frames of shape \(1, 80, 40\): one note's"):
        space.invert(frames, 0.0, 60)
    with pytest.raises(TimbreError, match="frames must be finite numbers of shape"):
        space.encode(frames, 60)


def test_generation_obeys_its_arguments(space: TimbreSpace) -> None:
    first, again, other = (generate(space, 60, 0.8, seed=seed) for seed in (1, 1, 2))
    assert apart(first.audio, again.audio) < 1e-3
    assert apart(first.audio, other.audio) > 0.02
    assert len(first.audio) == round(0.8 * 16000)
    assert np.abs(first.audio).max() == pytest.approx(10 ** (-3 / 20), rel=1e-3)
    like = generate(space, like="bass_synthetic_000-054-100", seconds=1.0)
    assert like.pitch == 54
    trajectory = space.trajectory_of("bass_synthetic_000-054-100")
    np.testing.assert_allclose(like.z.mean(axis=0), trajectory.mean(axis=0), atol=0.2)
    assert generate(space, 60, 1.0, family="brass").audio.any()


def test_neighbours_are_sorted_and_leave_out_the_note_itself(space: TimbreSpace) -> None:
    near = space.neighbours("bass_synthetic_000-054-100", k=5)
    assert len(near) == 5
    assert "bass_synthetic_000-054-100" not in set(near["note_id"])
    assert near["distance"].is_monotonic_increasing
    here = space.trajectory_of("bass_synthetic_000-054-100").mean(axis=0)
    assert space.neighbours(here, k=1)["note_id"].iloc[0] == "bass_synthetic_000-054-100"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pitch": 200.0}, "pitch 200 is outside MIDI's 0-127"),
        ({"seconds": 0.0}, "choose between 0.05 and 60"),
        ({"seconds": float("nan")}, "choose between"),
        ({"family": "kazoo"}, "no family 'kazoo' on this map: choose from bass, brass"),
        ({"like": "../../etc/passwd"}, "no note '../../etc/passwd'"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(space: TimbreSpace, arguments: dict, message: str) -> None:
    with pytest.raises(TimbreError, match=message):
        generate(space, **arguments)


def test_wrong_latents_and_missing_pitch_are_refused(space: TimbreSpace) -> None:
    with pytest.raises(TimbreError, match="shape"):
        space.decode_windows(np.zeros((2, 5)), 60)
    with pytest.raises(TimbreError, match="finite"):
        space.decode_windows(np.full((2, 32), np.nan), 60)
    with pytest.raises(TimbreError, match="conditioned on pitch"):
        space.decode_windows(np.zeros((2, 32)))


def test_neighbours_of_what_is_no_latent_and_no_place_are_refused(space: TimbreSpace) -> None:
    for wrong in (np.zeros(5), np.zeros((2, 32)), np.full(32, np.nan)):
        with pytest.raises(TimbreError, match="a latent must be 32 finite numbers"):
            space.neighbours(wrong)
        with pytest.raises(TimbreError, match=r"a place on this map must be \d+ finite numbers"):
            space.near(wrong)
    assert len(space.near(space.places[0], 3)) == 3


def test_a_model_told_the_pitch_in_the_decoder_alone_encodes_without(space: TimbreSpace) -> None:
    assert space.recipe.uses_pitch
    assert not space.recipe.encodes_with_pitch
    frames = np.random.default_rng(0).uniform(-1, 1, (80, 40)).astype(np.float32)
    np.testing.assert_allclose(space.encode(frames).mu, space.encode(frames, 60).mu, atol=1e-6)
    with pytest.raises(TimbreError, match="outside MIDI"):
        space.encode(frames, 200)


def test_a_model_told_the_pitch_in_its_encoder_asks_for_it() -> None:
    assert load_recipe("nsynth-cvae", ['model.conditions.0.into=["encoder","decoder"]']).encodes_with_pitch
    assert load_recipe("vapar-cvae").encodes_with_pitch
    assert not load_recipe("nsynth-vae").encodes_with_pitch


@pytest.mark.parametrize("audio", [np.zeros(0), np.full(16_000, np.nan), np.full(16_000, 1e300)])
def test_what_has_no_finite_samples_has_no_code(space: TimbreSpace, audio: np.ndarray) -> None:
    with pytest.raises(TimbreError, match="audio must be finite samples"):
        timbre_code(space, audio, 60)


@pytest.mark.parametrize(
    "audio",
    [np.full(16_000, 3_000, np.int16), np.zeros((2, 16_000)), np.zeros(16_000) * 1j, np.array(["a"]), np.float32(1)],
)
def test_what_is_no_audio_is_told(space: TimbreSpace, tmp_path: Path, audio: np.ndarray) -> None:
    with pytest.raises(TimbreError, match="audio"):
        space.analyse(audio, 60)
    with pytest.raises(TimbreError, match="audio"):
        timbre_code(space, audio, 60)
    with pytest.raises(TimbreError, match="audio"):
        transfer_audio(space, audio, toward="brass")
    with pytest.raises(TimbreError, match="audio"):
        write_wav(tmp_path / "a.wav", audio, 16_000)
    with pytest.raises(TimbreError, match="sample rate"):
        write_wav(tmp_path / "a.wav", np.zeros(9), 0)
    assert not list(tmp_path.glob("a.wav*"))


def test_arrays_of_other_shapes_are_told(space: TimbreSpace) -> None:
    frames, _ = space.analyse(np.sin(np.arange(16_000) / 9).astype(np.float32), 60)
    told = space.encode(frames.tolist(), 60)
    for wrong in (frames[:, :0], frames[0], frames[:5], frames[None], frames * np.nan, frames.T):
        with pytest.raises(TimbreError, match="frames must be"):
            space.encode(wrong, 60)
    for z, starts, n_frames in (
        (told.mu[:0], told.starts[:0], 10),
        (told.mu, told.starts[:0], told.n_frames),
        (told.mu, told.starts + 0.5, told.n_frames),
        (told.mu, told.starts - 5, told.n_frames),
        (told.mu, told.starts, 0),
        (told.mu, told.starts, -1),
        (told.mu, told.starts, 1.5),
        (told.mu[:, :3], told.starts, told.n_frames),
    ):
        with pytest.raises(TimbreError):
            space.decode(z, starts, n_frames, 60)
    for pitch in ("60", [60], np.array([60.0])):
        with pytest.raises(TimbreError, match="pitch"):
            space.encode_many([frames], [pitch])
    for point in (told.mean[:3], told.mu, told.mean * np.nan):
        with pytest.raises(TimbreError, match="latent"):
            space.neighbours(point, 3)
