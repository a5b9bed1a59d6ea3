"""What quick inversion is made of agrees with what it stands for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.mel import filter_factor, mel_bands, mel_filter
from timbre_core.inversion.phase import sinusoidal_spectra
from timbre_core.inversion.pulses import mixed_noise, noise, pulses
from timbre_core.inversion.runs import places, repeated, running_sum_
from timbre_core.inversion.stft import _KEPT, Stft, open_stft, power_of

FEATURES = LogMelSettings(seconds=None)
CPU = torch.device("cpu")


def test_runs_are_what_torch_makes() -> None:
    random = torch.Generator().manual_seed(0)
    values = torch.rand((2, 40, 7), generator=random)
    mask = values > 0.7
    torch.testing.assert_close(places(mask), mask.flatten().nonzero().flatten())
    counts = torch.randint(0, 5, (30,), generator=random)
    torch.testing.assert_close(repeated(values.flatten()[:30], counts), values.flatten()[:30].repeat_interleave(counts))
    torch.testing.assert_close(running_sum_(values.clone()), values.cumsum(dim=1))


@pytest.mark.parametrize("f0", [55.3, 440.0, 5000.0])
def test_pulses_are_a_sum_of_harmonics(f0: float) -> None:
    rate, length = 16_000, 3000
    time = np.arange(1, length + 1) / rate
    sounds, count = pulses(f0, length, rate)
    assert count == max(1, int(0.45 * rate / f0))
    expected = sum(2 * np.cos(2 * np.pi * k * f0 * time) for k in range(1, count + 1))
    np.testing.assert_allclose(sounds, expected, atol=2e-3 * count)
    along, _ = pulses(np.full(length, f0), length, rate)
    np.testing.assert_allclose(along, expected, atol=2e-3 * count)


def test_pulses_at_and_above_the_sample_rate() -> None:
    """f0 aliases to what is above the rate: one cosine."""
    time = np.arange(1, 101) / 8000
    for f0 in (8000.0, 12_543.0, 50_000.0):
        sounds, count = pulses(f0, 100, 8000)
        assert count == 1
        np.testing.assert_allclose(sounds, 2 * np.cos(2 * np.pi * f0 * time), atol=1e-2)


def test_kept_noise_is_short_and_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for sound in (noise(100, 3), mixed_noise(100, 3, 44_100, 0.3, 2.0)):
        with pytest.raises(ValueError, match="read-only"):
            sound[0] = 0
    assert np.shares_memory(noise(100, 3), noise(200, 3))
    expected = [noise(20_000, 3), mixed_noise(20_000, 3, 44_100, 0.3, 2.0)]
    monkeypatch.setattr("timbre_core.inversion.pulses._MOST", 19_999)
    again = [noise(20_000, 3), mixed_noise(20_000, 3, 44_100, 0.3, 2.0)]
    for kept, anew in zip(expected, again, strict=True):
        np.testing.assert_array_equal(kept, anew)
        assert not np.shares_memory(kept, anew)


def test_noise_begins_in_the_same_way_however_long_it_is() -> None:
    def mixed(count: int, amplitude: float | np.ndarray, high: float) -> np.ndarray:
        return mixed_noise(count, 3, 44_100, amplitude, high)

    np.testing.assert_array_equal(noise(100, 3), noise(50_000, 3)[:100])
    np.testing.assert_allclose(mixed(100, 0.3, 2.0), mixed(50_000, 0.3, 2.0)[:100], atol=1e-6)
    np.testing.assert_allclose(mixed(100, 0.3, 2.0), mixed(100, np.full(100, 0.3), 2.0), atol=1e-6)
    assert not np.array_equal(noise(100, 3), noise(100, 4))
    low, high = (np.abs(np.fft.rfft(each)) ** 2 for each in (noise(44_100, 3), mixed(44_100, 0.0, 1.0)))
    assert high[:500].sum() < 0.1 * low[:500].sum()
    assert high[8000:].sum() == pytest.approx(low[8000:].sum(), rel=0.05)


def test_a_filter_gives_a_source_the_mel() -> None:
    random = torch.Generator().manual_seed(0)
    bank = mel_filterbank(FEATURES)
    start = torch.rand((1, 30, 513), generator=random) + 0.1
    mel = (torch.rand((1, 30, 513), generator=random) @ bank.T).transpose(1, 2)
    mel[:, :, [0, 7, 29]] = 0
    factor = filter_factor(mel_filter(mel, FEATURES, 12, start), FEATURES)
    assert (factor[:, [0, 7, 29]] == 0).all()
    assert (factor[..., 0] == 0).all(), "no band reads 0 Hz"
    reached = ((start * factor.square()) @ bank.T).transpose(1, 2)
    sounding = mel > 0
    assert (10 * torch.log10(reached[sounding] / mel[sounding])).abs().mean() < 0.15
    silent = torch.zeros_like(mel)
    assert (filter_factor(mel_filter(silent, FEATURES, 3, start), FEATURES) == 0).all()


@pytest.mark.parametrize("settings", [{}, {"n_fft": 1023, "n_mels": 40}, {"n_fft": 64, "n_mels": 60, "fmax": 8000.0}])
def test_groups_of_bins_are_all_bins_once(settings: dict[str, float]) -> None:
    features = LogMelSettings.model_validate({"hop_length": 16} | settings)
    bands = mel_bands(features, CPU)
    power = torch.rand((3, 1 + features.n_fft // 2), generator=torch.Generator().manual_seed(0))
    together = bands.grouped(power)
    torch.testing.assert_close(together.sum(dim=0), power.sum(dim=1))
    mel = bands.groups.to_mel.product(together, torch.empty(features.n_mels, 3))
    expected = mel_filterbank(features) @ power.T
    assert (mel - expected).norm() < 0.1 * expected.norm()


def test_bins_around_a_first_peak_begin_in_phase() -> None:
    """A sinusoid that moves on to the next bin goes on in its phase."""
    time = np.arange(16_000) / 16_000
    audio = torch.from_numpy(np.sin(2 * np.pi * (437 * time + 8 * time**2))).float()[None]
    stft = Stft(FEATURES, audio.shape[1], CPU)
    magnitude = stft.forward(audio).abs()
    made = stft.inverse(sinusoidal_spectra(magnitude, FEATURES, seed=1)[0])
    error = (stft.forward(made).abs() - magnitude).norm() / magnitude.norm()
    assert error < 0.05


def test_spectra_of_a_long_sound_are_those_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = torch.randn((2, 9000), generator=torch.Generator().manual_seed(0))
    at_once = Stft(FEATURES, 9000, CPU).forward(audio)
    monkeypatch.setattr("timbre_core.inversion.stft._PASS_ELEMENTS", 7 * FEATURES.n_fft)
    monkeypatch.setattr("timbre_core.inversion.stft._AT_ONCE", 7 * FEATURES.n_fft)
    stft = Stft(FEATURES, 9000, CPU)
    walked: list[int] = []
    spectra = stft.spectra
    monkeypatch.setattr(
        stft, "spectra", lambda total, part: walked.append(part.stop - part.start) or spectra(total, part)
    )
    torch.testing.assert_close(stft.forward(audio), at_once)
    assert max(walked) == 7, "frames are no longer in memory all at once"


def test_transforms_of_long_sounds_are_not_kept() -> None:
    assert open_stft(FEATURES, 4000, CPU) is open_stft(FEATURES, 4000, CPU)
    assert open_stft(FEATURES, _KEPT + 1, CPU) is not open_stft(FEATURES, _KEPT + 1, CPU)


def test_power_is_squared_magnitude() -> None:
    spectra = torch.randn((2, 3, 5), dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(power_of(spectra), spectra.abs().square())


def test_energy_is_that_of_all_bins() -> None:
    for settings in (FEATURES, LogMelSettings(n_fft=1023, hop_length=300)):
        stft = Stft(settings, 4000, CPU)
        audio = torch.randn((2, 4000), generator=torch.Generator().manual_seed(0))
        power = power_of(stft.forward(audio))
        twice = 2 * power.sum(dim=-1) - power[..., 0] - (power[..., -1] if settings.n_fft % 2 == 0 else 0)
        torch.testing.assert_close(stft.energy(audio), twice, rtol=1e-4, atol=1e-3)
