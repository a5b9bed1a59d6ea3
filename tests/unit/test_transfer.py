"""Timbre transfer: pitch and loudness are kept whatever the model decodes, targets are met, nonsense is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.synthetic import apart, harmonic_note
from tests.unit.test_pitch_track import sung
from timbre_core.analysis.timbre_distance import mean_spectrum, timbre_distance
from timbre_core.checkpoint import default_checkpoints_folder, open_checkpoint
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
from timbre_core.features.descriptors import describe
from timbre_core.features.loudness import loudness, loudness_correlation, near_level, with_loudness
from timbre_core.features.pitch_track import track_pitch
from timbre_core.generation.targets import target_trajectory
from timbre_core.generation.transfer import kept_sounding, open_sound, target_mean, transfer, transfer_audio
from timbre_core.space import TimbreSpace

RATE, HOP = 16_000, 256


NOTE = "bass_synthetic_000-054-100"


@pytest.fixture(scope="module")
def shipped() -> TimbreSpace:
    return TimbreSpace(open_checkpoint(default_checkpoints_folder() / "nsynth-cvae"))


@pytest.fixture
def tiny(tiny_checkpoint: Path) -> TimbreSpace:
    return TimbreSpace(open_checkpoint(tiny_checkpoint))


def played(midi: np.ndarray) -> np.ndarray:
    """A sound that follows a contour, growing louder and fading."""
    audio = sung(midi)
    return (audio * np.sin(np.pi * (np.arange(len(audio)) + 1) / (len(audio) + 1)) ** 2).astype(np.float32)


def cents_off(audio: np.ndarray, wanted: np.ndarray) -> float:
    measured = track_pitch(audio, RATE, HOP).midi
    return float(np.nanmedian(np.abs(100 * (measured - wanted))))


def level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(audio, dtype=np.float64))))


CONTOURS = {
    "mistuned": np.full(125, 60.37),
    "vibrato": 65 + 0.4 * np.sin(2 * np.pi * 5 * np.arange(125) / 62.5),
    "glide": np.linspace(57, 62, 125),
    "melody": np.repeat([60.2, 64.0, 67.0], 42)[:125],
}


@pytest.mark.parametrize("case", CONTOURS)
def test_pitch_and_loudness_are_the_sources(shipped: TimbreSpace, case: str) -> None:
    source = played(CONTOURS[case])
    result = transfer(shipped, open_sound(shipped, source), "brass", 0.7)
    assert len(result.audio) == len(source)
    assert np.abs(result.audio).max() <= 1
    assert cents_off(result.audio, CONTOURS[case]) < 25
    assert loudness_correlation(loudness(source, RATE), loudness(result.audio, RATE)) > 0.97
    assert result.remarks == ()


@pytest.mark.parametrize("shift", [-12, 7])
def test_other_pitches(shipped: TimbreSpace, shift: float) -> None:
    sound = open_sound(shipped, played(CONTOURS["vibrato"]))
    result = transfer(shipped, sound, "reed", 0.5, sound.pitch.shifted(shift))
    assert cents_off(result.audio, CONTOURS["vibrato"] + shift) < 25


@pytest.mark.parametrize("family", ["flute", "organ"])
def test_the_timbre_comes_nearer_to_its_target(shipped: TimbreSpace, family: str) -> None:
    library = open_library(["starter"], progress=False)
    notes = library.notes[library.notes["pitch"].between(59.5, 60.5)]
    sound = open_sound(shipped, library.load(int(notes.index[notes["family"] == family][0]), RATE))
    held = target_trajectory(shipped, "brass", sound.pitch.told)
    brass = [mean_spectrum(library.load(int(row), RATE), RATE) for row in notes.index[notes["family"] == "brass"][:6]]
    distances = []
    for amount in (0.0, 0.3, 0.6, 1.0):
        result = transfer(shipped, sound, "brass", amount)
        own = sound.trajectory.mu
        aim = held[np.minimum(np.arange(len(own)), len(held) - 1)]
        np.testing.assert_allclose(result.z, own + amount * (aim - own), atol=1e-5)
        distances.append(np.mean([timbre_distance(mean_spectrum(result.audio, RATE), each) for each in brass]))
    assert distances == sorted(distances, reverse=True)
    assert distances[3] < 0.9 * distances[0]


def test_what_a_clean_sound_lacks_is_filled_in(shipped: TimbreSpace) -> None:
    """Above the harmonics of the source there is nothing that a filter could raise."""
    sound = open_sound(shipped, played(CONTOURS["mistuned"]))
    source, moved = (transfer(shipped, sound, "brass", amount).audio for amount in (0.0, 1.0))
    assert above_2_khz(moved, RATE)[1] > 1.2 * above_2_khz(source, RATE)[1]


def test_a_steady_sound_does_not_fade_with_a_plucked_target(shipped: TimbreSpace) -> None:
    """Where a mallet's note has faded, nothing but its noise floor would be made as loud as the sound."""
    steady = sung(np.full(200, 60.0))
    result = transfer(shipped, open_sound(shipped, steady), "mallet")
    early, late = (mean_spectrum(result.audio[part], RATE) for part in (slice(0, 12_000), slice(30_000, 48_000)))
    assert timbre_distance(early, late) < 10
    assert describe(result.audio[30_000:48_000], RATE, 60.0)["noisiness"] < 0.1


def test_what_has_faded_repeats_what_sounded_last(shipped: TimbreSpace) -> None:
    sound = open_sound(shipped, sung(np.full(125, 60.0)))
    rng = np.random.default_rng(0)
    frames = np.full((80, 125), -1, np.float32)
    frames[:, :60] = rng.uniform(0.5, 1, (80, 60))
    kept = kept_sounding(shipped, sound, frames, sound.pitch)
    np.testing.assert_array_equal(kept[:, :60], frames[:, :60])
    np.testing.assert_allclose(kept[:, 60:-2], np.repeat(frames[:, 59:60], 63, axis=1), atol=0.02)
    # A sound that fades as well is left alone.
    fading = np.where(np.arange(len(sound.audio)) < 16_000, 1, np.float32(1e-3)) * sound.audio
    sound = open_sound(shipped, fading.astype(np.float32))
    np.testing.assert_array_equal(kept_sounding(shipped, sound, frames, sound.pitch)[:, 66:], frames[:, 66:])


def test_a_target_is_heard_as_itself_again(shipped: TimbreSpace) -> None:
    """What is decoded at the corrected latents is encoded nearer to the note than what is decoded at its own."""
    rows = shipped.map_notes.iloc[::200]
    off = []
    for note_id, pitch in zip(rows["note_id"], rows["pitch"], strict=True):
        own = shipped.trajectory_of(note_id)[shipped.sounding_in(shipped.row_of(note_id))][:2].copy()
        again = [
            np.stack(
                [each.mean for each in shipped.encode_many(list(shipped.decode_windows(z, pitch)), [pitch] * len(own))]
            )
            for z in (own, target_trajectory(shipped, note_id).copy())
        ]
        off.append([np.linalg.norm(z - own) for z in again])
    plain, corrected = np.mean(off, axis=0)
    assert corrected < 0.8 * plain


def test_timbre_is_compared_without_loudness() -> None:
    steady = sung(np.full(125, 57.0))
    time = np.arange(len(steady)) / RATE
    plucked = (0.1 * steady * np.exp(-3 * time)).astype(np.float32)
    assert timbre_distance(mean_spectrum(steady, RATE), mean_spectrum(plucked, RATE)) < 1
    # A tone 20 dB softer than another.
    tones = [np.sin(2 * np.pi * hz * time) for hz in (400, 4000)]
    one, other = (mean_spectrum((tones[0] + high * tones[1]).astype(np.float32), RATE) for high in (1.0, 0.1))
    low, high = int(np.argmax(other)), 40 + int(np.argmax(one[40:]))
    assert (one[high] - one[low]) - (other[high] - other[low]) == pytest.approx(20, abs=0.5)


def test_a_pitch_that_is_known_is_not_looked_for_again(shipped: TimbreSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = played(CONTOURS["melody"])
    heard = open_sound(shipped, audio)

    def refuse(*_: object) -> None:
        raise AssertionError("the pitch was looked for")

    monkeypatch.setattr("timbre_core.generation.opened_sound.track_pitch", refuse)
    told = open_sound(shipped, audio, heard.pitch)
    assert told.pitch is heard.pitch
    assert np.array_equal(told.trajectory.mu, heard.trajectory.mu)


def test_targets(tiny: TimbreSpace) -> None:
    np.testing.assert_allclose(target_mean(tiny, NOTE), tiny.trajectory_of(NOTE).mean(axis=0), atol=1e-4)
    latents = tiny.checkpoint.latents
    family = latents[latents["family"] == "bass"]
    np.testing.assert_allclose(target_mean(tiny, "bass"), np.stack(family["mu"].tolist()).mean(axis=0), atol=1e-4)
    low = family[family["pitch"] == family["pitch"].min()]
    near = np.linalg.norm(target_mean(tiny, "bass", 0.0) - np.stack(low["mu"].tolist()).mean(axis=0))
    assert near < np.linalg.norm(target_mean(tiny, "bass") - np.stack(low["mu"].tolist()).mean(axis=0))
    steps = target_trajectory(tiny, NOTE)
    assert steps.shape == ((len(tiny.trajectory_of(NOTE)) + 1) // 2, tiny.recipe.model.latent_dim)
    assert target_trajectory(tiny, NOTE) is steps
    with pytest.raises(TimbreError, match="no family or note 'kazoo' on this map: choose from bass, brass"):
        target_mean(tiny, "kazoo")


def test_sounds_of_any_length(tiny: TimbreSpace) -> None:
    for seconds in (0.06, 0.5, 3.3):
        source = played(np.full(round(seconds * 62.5) + 2, 60.0))
        result = transfer_audio(tiny, source, NOTE, 0.5)
        assert len(result.audio) == len(source)
        assert np.isfinite(result.audio).all()
    with pytest.raises(TimbreError, match="too short to hear a timbre in"):
        open_sound(tiny, source[:100])


def test_a_sound_without_pitch_is_played_at_a_key_that_is_told(tiny: TimbreSpace) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    sound = open_sound(tiny, noise)
    if not sound.pitch.voiced.any():
        assert "C4" in transfer(tiny, sound, NOTE).remarks[0]
    assert transfer(tiny, sound, NOTE, pitch=sound.pitch.held_at(50)).remarks == ()


def test_a_model_that_is_not_told_the_pitch_says_so_and_still_transposes() -> None:
    space = TimbreSpace(open_checkpoint(default_checkpoints_folder() / "nsynth-ae"))
    sound = open_sound(space, played(CONTOURS["mistuned"]))
    result = transfer(space, sound, pitch=sound.pitch.shifted(12))
    assert "is not told the pitch" in result.remarks[0]
    assert cents_off(result.audio, CONTOURS["mistuned"] + 12) < 50


@pytest.mark.parametrize("amount", [-0.1, 2.1, float("nan")])
def test_amounts_out_of_range_are_refused(tiny: TimbreSpace, amount: float) -> None:
    with pytest.raises(TimbreError, match="choose from 0"):
        transfer_audio(tiny, played(np.full(40, 60.0)), NOTE, amount)


def test_loudness_is_measured_and_given() -> None:
    sine = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32) * np.sqrt(2)
    assert loudness(sine, RATE)[50] == pytest.approx(0, abs=0.1)
    assert loudness(0.1 * sine, RATE)[50] == pytest.approx(-20, abs=0.1)
    bass = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE).astype(np.float32) * np.sqrt(2)
    assert loudness(bass, RATE)[50] == pytest.approx(-19.1, abs=0.5)  # IEC 61672: A(100 Hz) = -19.1 dB
    swell = loudness(sine * np.linspace(0.01, 0.5, RATE, dtype=np.float32), RATE)
    given = with_loudness(sine, swell, RATE)
    np.testing.assert_allclose(loudness(given, RATE)[5:-5], swell[5:-5], atol=0.5)
    assert not with_loudness(np.zeros(RATE, np.float32), swell, RATE).any()


def test_the_level_stays_near_where_energy_moves_between_bands() -> None:
    swell = np.linspace(0.05, 1, RATE, dtype=np.float32)
    low, high = (swell * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE).astype(np.float32) for hz in (100, 2000))
    for source, other in ((0.2 * low, high), (0.2 * high, low)):
        equal = with_loudness(other, loudness(source, RATE), RATE)
        given = near_level(equal, source)
        assert abs(level_db(equal) - level_db(source)) > 15
        assert abs(level_db(given) - level_db(source)) == pytest.approx(2.5, abs=0.01)
        assert loudness_correlation(loudness(source, RATE), loudness(given, RATE)) > 0.99
    np.testing.assert_array_equal(near_level(1.2 * low, low), 1.2 * low)
    assert not near_level(np.zeros(RATE, np.float32), low).any()


@pytest.mark.parametrize("toward", ["mallet", "brass"])
def test_low_notes_keep_their_level(shipped: TimbreSpace, toward: str) -> None:
    source = played(np.full(125, 43.0))
    result = transfer(shipped, open_sound(shipped, source), toward)
    assert abs(level_db(result.audio) - level_db(source)) < 3
    assert np.abs(result.audio).max() < 1
    assert loudness_correlation(loudness(source, RATE), loudness(result.audio, RATE)) > 0.99


def voice(rate: int = 44_100) -> np.ndarray:
    """A vowel at 120 Hz between two sibilants, a second long: its formants at 700, 1,220 and 2,600 Hz, hiss above 4 kHz."""
    rng = np.random.default_rng(0)
    time = np.arange(rate) / rate
    hz = 120 * np.arange(1, 80)
    level = sum(gain / (1 + ((hz - at) / 90) ** 2) for at, gain in ((700, 1.0), (1_220, 0.6), (2_600, 0.3))) + 0.002
    vowel = (level[:, None] * np.sin(2 * np.pi * hz[:, None] * time + rng.uniform(0, 6, len(hz))[:, None])).sum(axis=0)
    hiss = np.diff(rng.normal(size=rate + 2), 2)
    inside = np.interp(time, [0, 0.2, 0.25, 0.75, 0.8, 1], [0, 0, 1, 1, 0, 0])
    return (0.12 * inside * vowel + 0.02 * (1 - inside) * hiss).astype(np.float32)


def above_2_khz(audio: np.ndarray, rate: int) -> tuple[float, float]:
    """The share in dB of what lies above 2 kHz, and the centroid of the amplitudes in Hz."""
    amplitude, hz = np.abs(np.fft.rfft(audio)), np.fft.rfftfreq(len(audio), 1 / rate)
    power = amplitude**2
    return float(10 * np.log10(power[hz > 2_000].sum() / power.sum())), float((hz * amplitude).sum() / amplitude.sum())


def test_a_voice_keeps_what_is_above_the_target(shipped: TimbreSpace) -> None:
    source = voice()
    sound = open_sound(shipped, source, sample_rate=44_100)
    moved = [transfer(shipped, sound, "brass", amount) for amount in (0.0, 0.02, 0.2, 0.8)]
    assert {(len(result.audio), result.sample_rate) for result in moved} == {(44_100, 44_100)}
    np.testing.assert_array_equal(moved[0].audio, source)
    far = [apart(result.audio, source) for result in moved]
    assert far[0] < far[1] < 0.06
    assert far[1] < far[2] < far[3]
    high, centroid = zip(*(above_2_khz(result.audio, 44_100) for result in moved), strict=True)
    assert high[3] > high[0] - 15
    assert centroid[3] > 0.5 * centroid[0]
    hiss = slice(0, 8_000)
    assert abs(level_db(moved[3].audio[hiss]) - level_db(source[hiss])) < 3


@pytest.mark.parametrize(("toward", "amount"), [("brass", 0.0), (None, 1.0)])
def test_what_is_not_to_change_passes_untouched(tiny: TimbreSpace, toward: str | None, amount: float) -> None:
    audio = harmonic_note(57, 0.6, 0.8)
    sound = open_sound(tiny, audio)
    kept = transfer(tiny, sound, toward, amount)
    np.testing.assert_allclose(kept.audio, audio, atol=1e-7)
    np.testing.assert_allclose(transfer(tiny, sound, toward, amount, sound.pitch.shifted(0)).audio, audio, atol=1e-7)
    assert apart(transfer(tiny, sound, toward, amount, sound.pitch.shifted(7)).audio, audio) > 0.1
    if toward:
        assert apart(transfer(tiny, sound, toward, 1.0).audio, audio) > 0.1
