"""Harmonic analysis, the true envelope and additive synthesis against notes whose harmonics are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.envelope import frames_to_amplitudes
from timbre_core.features.frames import note_frames
from timbre_core.features.harmonics import analyse_harmonics
from timbre_core.features.kinds.envelope import EnvelopeSettings
from timbre_core.features.pitch import estimate_f0, hz_to_midi, midi_to_hz
from timbre_core.features.true_envelope import cepstral_order, envelope_at, true_envelope
from timbre_core.inversion.additive import additive
from timbre_core.inversion.residual import filtered_noise, residual

SETTINGS = EnvelopeSettings()
RATE = SETTINGS.sample_rate
FORMANTS = ((700, 110), (1800, 180), (3200, 250), (8000, 900))  # Hz: centre and bandwidth


def source_filter_db(hz: np.ndarray) -> np.ndarray:
    """A source that falls by 6 dB per octave through resonances, in dB."""
    response = -6 * np.log2(1 + hz / 300)
    for centre, bandwidth in FORMANTS:
        resonance = 1 - (hz / centre) ** 2 + 1j * hz * bandwidth / centre**2
        response -= 10 * np.log10(np.abs(resonance))
    return response


def harmonic_note(f0: np.ndarray | float, seconds: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Audio of a source-filter note with random phases, and the amplitudes (count,) of its harmonics at the lowest f0."""
    count = int(0.48 * RATE / np.max(f0))
    number = np.arange(1, count + 1)
    amplitude = 10 ** (source_filter_db(number * np.min(f0)) / 20)
    amplitude *= 0.3 / amplitude.sum()
    turns = np.cumsum(np.broadcast_to(f0, round(seconds * RATE))) / RATE
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, count)
    waves = (a * np.cos(2 * np.pi * k * turns + p) for k, a, p in zip(number, amplitude, phases, strict=True))
    return np.sum(list(waves), axis=0).astype(np.float32), amplitude


def analyse(audio: np.ndarray, f0: float):
    return analyse_harmonics(torch.from_numpy(audio)[None], torch.tensor([f0]), SETTINGS)


def inner(values: np.ndarray) -> np.ndarray:
    """Without what lies within a window of the ends."""
    return values[SETTINGS.win_length : len(values) - SETTINGS.win_length]


@pytest.mark.parametrize("midi", [58, 60, 65.3, 71, 84])
def test_harmonics_are_found_to_a_tenth_of_a_decibel_though_the_label_is_detuned(midi: float) -> None:
    f0 = float(midi_to_hz(midi))
    audio, amplitude = harmonic_note(f0)
    found = analyse(audio, f0 * 2 ** (40 / 1200))
    middle = found.f0.shape[1] // 2
    assert abs(float(found.f0[0, middle]) / f0 - 1) < 1e-4
    measured = found.magnitude[0, middle, : len(amplitude)].numpy()
    assert np.abs(20 * np.log10(measured / amplitude)).max() < 0.1
    assert not found.magnitude[0, :, math.ceil(0.5 * RATE / f0) :].any()


def test_additive_synthesis_of_analysed_harmonics_has_40_db_signal_to_noise() -> None:
    audio, _ = harmonic_note(263.7)
    found = analyse(audio, float(midi_to_hz(60)))
    again = additive(found.magnitude[0], found.f0[0], SETTINGS.hop_length, RATE, found.phase[0]).numpy()
    length = min(len(audio), len(again))
    original, error = inner(audio[:length]), inner(again[:length] - audio[:length])
    assert 10 * np.log10(np.sum(original**2) / np.sum(error**2)) > 40


def test_fundamental_is_followed_through_vibrato() -> None:
    time = np.arange(RATE) / RATE
    f0 = 330 * 2 ** (30 / 1200 * np.sin(2 * np.pi * 5 * time))
    found = analyse(harmonic_note(f0)[0], 330.0).f0[0].numpy()
    wanted = f0[: len(found) * SETTINGS.hop_length : SETTINGS.hop_length]
    assert np.abs(1200 * np.log2(found[3:-3] / wanted[3 : len(found) - 3])).max() < 3


def test_notes_of_a_batch_do_not_meet() -> None:
    notes = [harmonic_note(f0, 0.3)[0] for f0 in (250.0, 400.0)]
    together = analyse_harmonics(torch.from_numpy(np.stack(notes)), torch.tensor([250.0, 400.0]), SETTINGS)
    for row, (audio, f0) in enumerate(zip(notes, (250.0, 400.0), strict=True)):
        torch.testing.assert_close(together.magnitude[row], analyse(audio, f0).magnitude[0], atol=1e-6, rtol=1e-4)


def test_order_follows_the_sample_rate_over_twice_f0() -> None:
    assert [cepstral_order(float(midi_to_hz(midi)), 48_000) for midi in (60, 63, 66, 71)] == [91, 77, 64, 48]
    assert cepstral_order(200, 16_000) == 40


@pytest.mark.parametrize("midi", [60, 63, 66, 71])
def test_true_envelope_passes_within_a_decibel_of_every_harmonic(midi: int) -> None:
    f0 = float(midi_to_hz(midi))
    audio, amplitude = harmonic_note(f0)
    frames, ref_db = note_frames(audio, SETTINGS, midi)
    amplitudes = frames_to_amplitudes(torch.from_numpy(frames), ref_db, torch.full((frames.shape[1],), f0), SETTINGS)
    heard = amplitude > amplitude.max() * 10 ** (-0.95 * SETTINGS.top_db / 20)
    assert heard.sum() > 20
    error = 20 * np.log10(amplitudes[10:-10, : len(amplitude)].numpy()[:, heard] / amplitude[heard])
    assert np.abs(error).max() < 1
    assert not frames[cepstral_order(f0, RATE) + 1 :].any()


def test_true_envelope_is_nowhere_below_the_harmonics_by_more_than_its_tolerance() -> None:
    f0 = torch.tensor([300.0])
    values = torch.randn(1, 79, generator=torch.manual_seed(0)) * 2
    order = torch.tensor([cepstral_order(300, RATE)])
    position = f0[:, None] * torch.arange(1, 80) / RATE
    for tolerance in (2.0, 0.5):
        cepstra = true_envelope(values, f0, order, RATE, tolerance, size=91)
        between = 0.3  # what may lie between two points of its grid
        assert float((values - envelope_at(cepstra, position)).max()) <= tolerance + between
    settled = true_envelope(values, f0, order, RATE, 2.0, size=91, settling=6)
    assert float((values - envelope_at(settled, position)).abs().max()) < 0.2


def plain_true_envelope(values: np.ndarray, f0: float, order: int, tolerance: float) -> np.ndarray:
    """Cepstrum (order + 1,) by the published iteration with a long FFT: one frame, nothing clever."""
    size = 8192
    points = np.arange(size // 2 + 1) * (RATE / size)
    target = np.interp(points, f0 * np.arange(1, len(values) + 1), values)
    raised = target
    while True:
        cepstrum = np.fft.irfft(raised)
        cepstrum[order + 1 : -order] = 0
        envelope = np.fft.rfft(cepstrum).real
        if np.max(target - envelope) <= tolerance:
            return cepstrum[: order + 1]
        raised = np.maximum(target, envelope)


def test_true_envelopes_of_many_frames_are_those_of_the_plain_iteration() -> None:
    f0 = np.array([262.0, 287.5, 340.1])
    count = (0.49 * RATE / f0).astype(int)
    values = torch.full((3, 100), torch.nan)
    for row, (each, number) in enumerate(zip(f0, count, strict=True)):
        values[row, :number] = torch.from_numpy(source_filter_db(each * np.arange(1, number + 1)))
    order = torch.tensor([cepstral_order(each, RATE) for each in f0])
    found = true_envelope(values, torch.from_numpy(f0).float(), order, RATE, 2.0, size=92).numpy()
    for row in range(3):
        plain = plain_true_envelope(values[row, : count[row]].numpy(), f0[row], int(order[row]), 2.0)
        difference = found[row, : len(plain)] - plain
        assert (
            math.sqrt(difference[0] ** 2 + 2 * np.sum(difference[1:] ** 2)) < 0.1
        )  # dB, root mean square over frequency
        assert not found[row, len(plain) :].any()


@pytest.mark.parametrize("n_fft", [1024, 2048, 1031])
def test_energy_is_the_mean_square_under_the_window(n_fft: int) -> None:
    settings = SETTINGS.model_copy(update={"n_fft": n_fft})
    audio = torch.randn(1, 6000, generator=torch.manual_seed(0))
    found = analyse_harmonics(audio, torch.tensor([300.0]), settings, phases=False).energy[0, 10]
    window = torch.blackman_window(1024).square()
    part = audio[0, 10 * 256 - 512 : 10 * 256 + 512].square()
    assert float(found) == pytest.approx(float((window * part).sum() / window.sum()), rel=1e-3)


def test_frames_are_bounded_and_their_distance_is_that_of_the_log_envelopes() -> None:
    first, second = (note_frames(harmonic_note(f0, 0.3)[0], SETTINGS, 62)[0] for f0 in (293.0, 294.5))
    assert max(np.abs(first).max(), np.abs(second).max()) <= 1
    position = torch.linspace(0, 0.5, 2001)[None]
    scaled = []
    for frame in (first[:, 20], second[:, 20]):
        cepstra = torch.from_numpy(frame[None].copy())
        cepstra[:, 1:] /= math.sqrt(2)
        scaled.append(envelope_at(cepstra, position)[0].numpy())
    distance = np.mean((scaled[0] - scaled[1]) ** 2)
    assert np.sum((first[:, 20] - second[:, 20]) ** 2) == pytest.approx(distance, rel=0.02)


def test_only_the_sustained_part_is_kept() -> None:
    audio, _ = harmonic_note(300.0, 1.0)
    silence = np.zeros(RATE // 2, np.float32)
    padded = np.concatenate([silence, audio, audio * 0.01, silence])
    n_frames = note_frames(padded, SETTINGS, 62.4)[0].shape[1]
    assert abs(n_frames - SETTINGS.frame_rate) <= 10  # whole windows are kept at both ends


def test_synthesis_follows_a_contour_without_clicks() -> None:
    n_frames = 376
    midi = 64 + 0.5 * np.sin(2 * np.pi * 5.5 * np.arange(n_frames) / SETTINGS.frame_rate)
    f0 = torch.from_numpy(np.asarray(midi_to_hz(midi))).float()
    audio = additive(0.5 ** torch.arange(8.0).expand(n_frames, -1), f0, SETTINGS.hop_length, RATE).numpy()
    assert len(audio) == (n_frames - 1) * SETTINGS.hop_length + 1
    assert np.abs(np.diff(audio)).max() < 2 * 2 * np.pi * 350 * 8 / RATE
    measured = analyse(audio, 330.0).f0[0, 4:-4].numpy()
    assert np.median(np.abs(1200 * np.log2(measured / f0[4 : len(measured) + 4].numpy()))) < 2


def test_steady_synthesis_sounds_at_its_pitch() -> None:
    audio = additive(torch.ones(200, 5) / 5, torch.full((200,), 311.13), SETTINGS.hop_length, RATE).numpy()
    assert abs(estimate_f0(audio, RATE).hz / 311.13 - 1) < 1e-3
    assert np.abs(audio).max() < 1


@pytest.mark.parametrize(
    ("pitch", "said"),
    [(None, "has no pitch"), (float("nan"), "has no pitch"), (40.0, "too low"), (127.0, "fewer than two harmonics")],
)
def test_pitches_that_cannot_be_analysed_are_told(pitch: float | None, said: str) -> None:
    with pytest.raises(TimbreError, match=said):
        note_frames(np.ones(RATE, np.float32), SETTINGS, pitch)


def test_short_silent_and_unpitched_notes_are_told() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    for audio, said in ((noise[:1000], "fewer than a window"), (0 * noise, "silent"), (noise, "no harmonics")):
        with pytest.raises(TimbreError, match=said):
            note_frames(audio, SETTINGS, 60)


def power_below_4_khz(audio: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(audio)) ** 2
    return float(spectrum[np.fft.rfftfreq(len(audio), 1 / RATE) < 4000].sum())


def test_residual_is_what_harmonics_leave_and_noise_has_its_power() -> None:
    audio, _ = harmonic_note(300.0)
    breath = 0.02 * np.random.default_rng(1).standard_normal(len(audio)).astype(np.float32)
    breath = np.convolve(breath, np.ones(8) / 8, mode="same").astype(np.float32)
    pitch = float(hz_to_midi(300.0))
    silent = inner(residual(audio, SETTINGS, pitch))
    assert 10 * np.log10(np.mean(silent**2) / np.mean(audio**2)) < -40
    left = residual(audio + breath, SETTINGS, pitch)
    level = 10 * np.log10(np.mean(inner(left) ** 2) / np.mean(inner(breath) ** 2))
    assert -3 < level < 0.5  # harmonics take the noise with them that lies under them
    noise = filtered_noise(breath, RATE)
    low, high = (power_below_4_khz(inner(each)) for each in (noise, breath))
    assert abs(10 * np.log10(low / high)) < 1
    assert abs(10 * np.log10(np.mean(inner(noise) ** 2) / np.mean(inner(breath) ** 2))) < 1
    assert abs(np.corrcoef(inner(noise), inner(breath))[0, 1]) < 0.1
