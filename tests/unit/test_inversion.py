"""Frames back to audio: the level, the pitch and the silence of the original, the same every time."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch

from tests.synthetic import apart
from timbre_core.analysis.librosa_inverter import ITERATIONS, LibrosaInverter
from timbre_core.features.decibels import frames_to_power
from timbre_core.features.frames import note_frames
from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.any_kind import invert
from timbre_core.inversion.comb import fitting_source, nearest_partials, partial_comb
from timbre_core.inversion.griffin_lim import griffin_lim
from timbre_core.inversion.mel import mel_to_power
from timbre_core.inversion.phase import sinusoidal_spectra
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inversion.stft import Stft

RATE = 16_000
FEATURES = LogMelSettings(seconds=None)
INVERSION = InversionSettings()
CPU = torch.device("cpu")


def tone(midi: float, seconds: float = 1.0, level: float = 0.5, decay: float = 1.0) -> np.ndarray:
    """A harmonic note that fades in over 5 ms."""
    time = np.arange(round(seconds * RATE)) / RATE
    f0 = 440 * 2 ** ((midi - 69) / 12)
    partials = [np.sin(2 * np.pi * k * f0 * time + k * k) / k for k in range(1, 30) if k * f0 < 7500]
    note = np.sum(partials, axis=0) * np.exp(-decay * time) * np.minimum(time / 0.005, 1)
    return (level * note / np.abs(note).max()).astype(np.float32)


def level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-30))


def log_mel_error_db(audio: np.ndarray, frames: np.ndarray, ref_db: float) -> float:
    """Mean absolute difference in dB of absolute log-mels, cut off 80 dB below the original's maximum."""
    again, again_db = note_frames(audio, FEATURES)
    floor = ref_db - FEATURES.top_db
    ours, theirs = ((values - 1) * FEATURES.top_db / 2 + ref for values, ref in ((again, again_db), (frames, ref_db)))
    return float(np.abs(np.maximum(ours, floor) - np.maximum(theirs, floor)).mean())


@pytest.mark.parametrize(
    ("n_fft", "hop", "n_samples"),
    [(1024, 256, 16_000), (1024, 256, 16_001), (1023, 200, 5000), (512, 512, 4000), (64, 7, 90)],
)
def test_stft_agrees_with_librosa(n_fft: int, hop: int, n_samples: int) -> None:
    audio = np.random.default_rng(0).standard_normal(n_samples).astype(np.float32)
    stft = Stft(LogMelSettings(n_fft=n_fft, hop_length=hop), n_samples, CPU)
    spectra = stft.forward(torch.from_numpy(audio)[None])[0].numpy()
    expected = librosa.stft(audio, n_fft=n_fft, hop_length=hop, pad_mode="constant")
    np.testing.assert_allclose(spectra.T, expected, atol=1e-3)


@pytest.mark.parametrize(("n_fft", "hop"), [(1024, 256), (1024, 300), (1023, 341), (512, 512 // 3), (64, 7), (16, 8)])
def test_stft_reconstructs_perfectly(n_fft: int, hop: int) -> None:
    n_samples = 20 * hop
    audio = torch.randn(3, n_samples, generator=torch.Generator().manual_seed(0))
    stft = Stft(LogMelSettings(n_fft=n_fft, hop_length=hop), n_samples, CPU)
    torch.testing.assert_close(stft.inverse(stft.forward(audio)), audio, rtol=0, atol=1e-5)


def test_mel_inversion_fits_the_mel() -> None:
    bank = mel_filterbank(FEATURES)
    power = torch.rand(2, 50, 513, generator=torch.Generator().manual_seed(0)) ** 8 + 1e-6
    mel = (power @ bank.T).transpose(1, 2)
    result = mel_to_power(mel, FEATURES, iterations=100)
    assert result.shape == power.shape
    assert (result >= 0).all()
    decibels = 10 * torch.log10((result @ bank.T).transpose(1, 2) / mel)
    assert decibels.abs().mean() < 0.05
    # The first bin (0 Hz) and the last belong to no band.
    assert (result[..., [0, -1]] == 0).all()


def test_mel_inversion_descends() -> None:
    """Each update brings the mel power nearer (for plain updates a theorem of Byrne's)."""
    bank = mel_filterbank(FEATURES)
    frames, _ = note_frames(tone(60), FEATURES)
    mel = frames_to_power(torch.from_numpy(frames)[None], 0.0, FEATURES)

    def divergence(iterations: int) -> float:
        fit = (mel_to_power(mel, FEATURES, iterations) @ bank.T).transpose(1, 2).clamp(min=1e-30)
        return float((mel * torch.log(mel / fit) - mel + fit).double().sum())

    values = [divergence(iterations) for iterations in (1, 2, 5, 10, 30, 100)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.1 * values[0]


@pytest.mark.parametrize("pitch", [None, 69.0])
def test_mel_inversion_of_a_tone_converges(pitch: float | None) -> None:
    """Partials are where bands differ most: what is only nearly the mel drives neighbours' gains apart."""
    bank = mel_filterbank(FEATURES)
    magnitude, _ = true_magnitude(tone(69, 0.3))
    mel = (magnitude.square() @ bank.T).transpose(1, 2)
    start = None if pitch is None else partial_comb(nearest_partials(torch.tensor([pitch]), FEATURES), FEATURES)
    heard = mel > 1e-8 * mel.max()

    def error_db(iterations: int) -> float:
        fit = (mel_to_power(mel, FEATURES, iterations, start) @ bank.T).transpose(1, 2)
        return float(10 * torch.log10(fit / mel)[heard].abs().mean())

    few, more, many = (error_db(iterations) for iterations in (5, 30, 300))
    assert more < few / 2
    assert many < more / 3


def test_mel_inversion_of_silence() -> None:
    assert (mel_to_power(torch.zeros(1, 80, 5), FEATURES) == 0).all()


def test_comb_is_a_sine_seen_through_the_window() -> None:
    """Every lobe is the spectrum of a sine at that harmonic."""
    comb = partial_comb(nearest_partials(torch.tensor([60.0]), FEATURES), FEATURES)[0].numpy()
    f0 = 440 * 2 ** (-9 / 12)
    window = np.hanning(1025)[:-1]
    for harmonic in (1, 2, 7):
        sine = np.exp(2j * np.pi * harmonic * f0 * np.arange(1024) / RATE)
        spectrum = np.abs(np.fft.fft(window * sine))[:513] ** 2 / (512**2)
        lobe = np.abs(np.arange(513) - harmonic * f0 * 1024 / RATE) < 2
        np.testing.assert_allclose(comb[lobe], spectrum[lobe] + 1e-3, atol=1e-4)
    assert comb.min() == pytest.approx(1e-3)


def inversion_error_db(audio: np.ndarray, pitch: float | None) -> float:
    """Spectral convergence of the magnitudes found in a note's mel."""
    magnitude, _ = true_magnitude(audio)
    frames, ref_db = note_frames(audio, FEATURES)
    mel = frames_to_power(torch.from_numpy(frames)[None], ref_db, FEATURES)
    source = None if pitch is None else fitting_source(mel, torch.tensor([pitch]), FEATURES)
    power = mel_to_power(mel, FEATURES, 8, None if source is None else source.spectra)
    return float(20 * torch.log10((power.sqrt() - magnitude).norm() / magnitude.norm()))


def test_known_pitch_brings_the_spectrum_nearer() -> None:
    audio = tone(45)
    flat = inversion_error_db(audio, None)
    right = inversion_error_db(audio, 45.0)
    assert right < flat - 10
    assert inversion_error_db(audio, float("nan")) == flat
    for off in (-0.4, -0.3, 0.2, 0.4):  # cents that players, recordings and estimates are off
        assert inversion_error_db(audio, 45.0 + off) < right + 1
    for wrong in (0.0, 48.7, 52.0, 100.0, 127.0):  # not used where it does not fit
        assert inversion_error_db(audio, wrong) < flat + 1
    assert inversion_error_db(audio, 33.0) < flat + 4  # an octave below: every partial of the note is one of it


def test_partials_of_a_stiff_string() -> None:
    time = np.arange(RATE) / RATE
    f0, stiffness = 440 * 2 ** ((38 - 69) / 12), 3e-4
    hz = [n * f0 * np.sqrt(1 + stiffness * n**2) for n in range(1, 60)]
    audio = (0.1 * np.sum([np.sin(2 * np.pi * f * time) / n for n, f in enumerate(hz, 1)], axis=0)).astype(np.float32)
    assert inversion_error_db(audio, 38.0) < inversion_error_db(audio, None) - 8
    places = nearest_partials(torch.tensor([38.0]), FEATURES, stiffness)[0]
    bins = np.array([f * 1024 / RATE for f in hz[:20]])
    np.testing.assert_allclose(places[np.round(bins).astype(int)], bins, rtol=1e-4)


def true_magnitude(audio: np.ndarray) -> tuple[torch.Tensor, Stft]:
    stft = Stft(FEATURES, len(audio), CPU)
    return stft.forward(torch.from_numpy(audio)[None]).abs(), stft


def convergence_db(audio: torch.Tensor, magnitude: torch.Tensor, stft: Stft) -> float:
    """Spectral convergence: how far the audio's magnitudes are from those given, relative to them."""
    return float(20 * torch.log10((stft.forward(audio).abs() - magnitude).norm() / magnitude.norm()))


def test_first_phases_are_nearly_right() -> None:
    magnitude, stft = true_magnitude(tone(60, decay=0.5))
    guess = griffin_lim(magnitude, sinusoidal_spectra(magnitude, FEATURES)[0], stft, 0)
    noise = griffin_lim(magnitude, torch.polar(magnitude, 6.28 * torch.rand(magnitude.shape)), stft, 0)
    assert convergence_db(guess, magnitude, stft) < -18
    assert convergence_db(noise, magnitude, stft) > -8


def test_griffin_lim_converges() -> None:
    magnitude, stft = true_magnitude(tone(60))
    start = sinusoidal_spectra(magnitude, FEATURES)[0]
    reached = [convergence_db(griffin_lim(magnitude, start, stft, count), magnitude, stft) for count in (0, 4, 16, 64)]
    assert reached == sorted(reached, reverse=True)
    assert reached[-1] < -30


def test_griffin_lim_without_momentum_never_gets_worse() -> None:
    """The theorem of Griffin & Lim; for the magnitudes of an inverted mel, which no audio has exactly."""
    frames, _ = note_frames(tone(48), FEATURES)
    mel = frames_to_power(torch.from_numpy(frames)[None], 0.0, FEATURES)
    magnitude = mel_to_power(mel, FEATURES).sqrt()
    stft = Stft(FEATURES, RATE, CPU)
    spectra = sinusoidal_spectra(magnitude, FEATURES)[0]
    errors = []
    for _ in range(8):
        consistent = stft.forward(stft.inverse(spectra))
        errors.append(float((consistent.abs() - magnitude).norm()))
        spectra = torch.polar(magnitude, consistent.angle())
    assert errors == sorted(errors, reverse=True)
    ours = griffin_lim(magnitude, sinusoidal_spectra(magnitude, FEATURES)[0], stft, 8, momentum=0.0)
    theirs = stft.inverse(spectra)
    torch.testing.assert_close(ours / ours.norm(), theirs / theirs.norm(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("midi", [48, 55, 60, 69, 72, 84, 96])
def test_pitch_is_kept(midi: int) -> None:
    """Below about 100 Hz a mel band is wider than a semitone and says too little."""
    audio = tone(midi)
    frames, ref_db = note_frames(audio, FEATURES)
    result = invert(frames, ref_db, FEATURES, INVERSION)
    spectrum = np.abs(np.fft.rfft(result[2000:14_000] * np.hanning(12_000), 2**17))
    hz = np.fft.rfftfreq(2**17, 1 / RATE)
    f0 = 440 * 2 ** ((midi - 69) / 12)
    near = (hz > f0 / 1.4) & (hz < f0 * 1.4)
    cents = 1200 * np.log2(hz[near][spectrum[near].argmax()] / f0)
    assert abs(cents) < 50


@pytest.mark.parametrize("midi", [36, 38, 40, 43])
def test_low_pitch_is_kept_where_it_is_known(midi: int) -> None:
    audio = tone(midi)
    frames, ref_db = note_frames(audio, FEATURES)
    estimate = estimate_f0(invert(frames, ref_db, FEATURES, INVERSION, pitch=midi), RATE)
    assert estimate.midi == pytest.approx(midi, abs=0.3)


@pytest.mark.parametrize("midi", [40, 57, 76])
@pytest.mark.parametrize("level", [0.9, 0.05, 0.001])
def test_level_is_kept(midi: int, level: float) -> None:
    audio = tone(midi, level=level)
    frames, ref_db = note_frames(audio, FEATURES)
    for iterations in (0, 8, 32):
        result = invert(frames, ref_db, FEATURES, InversionSettings(iterations=iterations), n_samples=len(audio))
        assert level_db(result) == pytest.approx(level_db(audio), abs=0.5)


def test_better_than_librosa() -> None:
    for midi in (45, 64):
        audio = tone(midi) + 1e-3 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
        frames, ref_db = note_frames(audio, FEATURES)
        theirs = LibrosaInverter(FEATURES, ITERATIONS["librosa-32"])(frames, ref_db, n_samples=RATE)
        for pitch, share in ((None, 0.9), (midi, 0.5)):
            ours = invert(frames, ref_db, FEATURES, INVERSION, n_samples=RATE, pitch=pitch)
            assert log_mel_error_db(ours, frames, ref_db) < share * log_mel_error_db(theirs, frames, ref_db)


def test_silence_stays_silent() -> None:
    silent = np.full((80, 63), -1.0, dtype=np.float32)
    assert (invert(silent, -100.0, FEATURES, INVERSION) == 0).all()
    assert (invert(silent, 30.0, FEATURES, INVERSION) == 0).all()
    half = note_frames(tone(60, decay=0), FEATURES)[0]
    half[:, 32:] = -1
    assert level_db(invert(half, 20.0, FEATURES, INVERSION)[36 * 256 :]) < -80


def test_no_click_at_the_ends() -> None:
    """A steady tone that is cut off at both ends: the inversion begins and ends softly."""
    audio = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE + 1.5)).astype(np.float32)
    frames, ref_db = note_frames(audio, FEATURES)
    result = invert(frames, ref_db, FEATURES, INVERSION, n_samples=RATE)
    steps = np.abs(np.diff(result, prepend=0, append=0))
    assert steps[:16].max() < 2 * steps[4000:12_000].max()
    assert steps[-16:].max() < 2 * steps[4000:12_000].max()
    assert abs(result[0]) < 1e-3
    assert abs(result[-1]) < 0.01


def test_same_seed_same_audio() -> None:
    frames, ref_db = note_frames(tone(60), FEATURES)
    first = invert(frames, ref_db, FEATURES, INVERSION, seed=3)
    assert apart(first, invert(frames, ref_db, FEATURES, INVERSION, seed=3)) < 1e-3
    assert apart(first, invert(frames, ref_db, FEATURES, INVERSION, seed=4)) > 0.02


def test_a_batch_is_its_notes() -> None:
    notes = [note_frames(tone(midi, level=0.1 * n), FEATURES) for n, midi in enumerate((50, 60, 70), 1)]
    frames, ref_db = np.stack([note[0] for note in notes]), np.array([note[1] for note in notes])
    batch = invert(frames, ref_db, FEATURES, INVERSION)
    assert batch.shape == (3, 62 * 256)
    assert batch.dtype == np.float32
    for index, (single, db) in enumerate(notes):
        assert apart(batch[index], invert(single, db, FEATURES, INVERSION)) < 1e-3
    as_tensors = invert(torch.from_numpy(frames), torch.from_numpy(ref_db), FEATURES, INVERSION)
    assert apart(as_tensors, batch) < 1e-3
    pitches = np.array([50.0, np.nan, 70.0])
    batch = invert(frames, ref_db, FEATURES, INVERSION, pitch=pitches)
    for index, (single, db) in enumerate(notes):
        assert apart(batch[index], invert(single, db, FEATURES, INVERSION, pitch=pitches[index])) < 1e-3
    assert apart(batch[1], as_tensors[1]) < 1e-3
    one_level = invert(frames, 10.0, FEATURES, INVERSION)
    np.testing.assert_allclose(one_level[0] / one_level[0].max(), as_tensors[0] / as_tensors[0].max(), atol=1e-5)
