"""Harmonic analysis and true envelopes of notes: frames per second, against a loop over frames with numpy.

The loops do the same to one frame after the other: window, FFT, peaks near the harmonics, the refined fundamental, the fitted
amplitudes, the line through them, cepstral smoothing until it covers them, settling. One goes from harmonic to harmonic too, the
other is vectorised over the harmonics of a frame. All have one thread and no disk to read; how far the cepstra are apart is
printed. Seconds are processor time.

    python benchmarks/harmonics.py --notes 4 --repeats 5
"""

from __future__ import annotations

import argparse
import math
import os
import time

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402
import torch  # noqa: E402
from shared import print_table, side_by_side, synthetic_note  # noqa: E402

from timbre_core.features.frames import note_frames  # noqa: E402
from timbre_core.features.kinds.envelope import EnvelopeSettings  # noqa: E402
from timbre_core.features.pitch import midi_to_hz  # noqa: E402

SETTINGS = EnvelopeSettings(trim_db=None)
RATE, WIN, N_FFT, HOP = SETTINGS.sample_rate, SETTINGS.win_length, SETTINGS.n_fft, SETTINGS.hop_length
BIN_HZ = RATE / N_FFT
SIZE = SETTINGS.n_coefficients
GRID = 512
WINDOW = torch.blackman_window(WIN, periodic=True, dtype=torch.float64).numpy()
_STEPS = np.arange(WIN) - WIN // 2
_DISTANCES = np.linspace(-2, 2, 257)
_LOBE = np.cos(2 * np.pi / N_FFT * np.outer(_DISTANCES, _STEPS)) @ WINDOW


def peaks(
    power: np.ndarray, position: np.ndarray, reach: np.ndarray | float, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolated peaks near fractional bins and their power, 0 where there is none."""
    centre = np.round(position).astype(int)
    bins = centre[:, None] + np.arange(-width, width + 1)
    inside = (bins >= 1) & (bins < len(power) - 1) & (np.abs(bins - position[:, None]) <= np.reshape(reach, (-1, 1)))
    near = np.where(inside, power[np.clip(bins, 0, len(power) - 1)], 0.0)
    peak = np.clip(bins[np.arange(len(bins)), near.argmax(axis=1)], 1, len(power) - 2)
    left, middle, right = power[peak - 1], power[peak], power[peak + 1]
    sound = (middle >= left) & (middle >= right) & inside.any(axis=1)
    left, log_middle, right = np.log(left + 1e-30), np.log(middle + 1e-30), np.log(right + 1e-30)
    shift = 0.5 * (left - right) / np.minimum(left - 2 * log_middle + right, -1e-6)
    return peak + np.clip(shift, -0.5, 0.5), np.where(sound, middle, 0.0)


def peaks_one_by_one(
    power: np.ndarray, position: np.ndarray, reach: np.ndarray | float, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same from harmonic to harmonic."""
    found, strength = np.zeros(len(position)), np.zeros(len(position))
    reaches = np.broadcast_to(reach, position.shape)
    for index, place in enumerate(position):
        centre = round(float(place))
        best, peak = 0.0, -1
        for candidate in range(centre - width, centre + width + 1):
            if 1 <= candidate < len(power) - 1 and abs(candidate - place) <= reaches[index] and power[candidate] > best:
                best, peak = power[candidate], candidate
        if peak < 0 or power[peak - 1] > best or power[peak + 1] > best:
            continue
        left, middle, right = (math.log(power[peak + shift] + 1e-30) for shift in (-1, 0, 1))
        shift = 0.5 * (left - right) / min(left - 2 * middle + right, -1e-6)
        found[index], strength[index] = peak + min(max(shift, -0.5), 0.5), best
    return found, strength


def amplitudes_one_by_one(spectrum: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Amplitudes of cosines at fractional bins, one after the other."""
    values = np.zeros(len(position))
    for index, place in enumerate(position):
        if place < N_FFT / 2 - 3:
            nearest = round(float(place))
            values[index] = 2 * abs(spectrum[nearest]) / np.interp(nearest - place, _DISTANCES, _LOBE)
    return values


def amplitudes(spectrum: np.ndarray, position: np.ndarray) -> np.ndarray:
    """The same for all at once."""
    nearest = np.round(position)
    near = np.abs(spectrum[np.clip(nearest.astype(int), 0, len(spectrum) - 1)])
    return np.where(position < N_FFT / 2 - 3, 2 * near / np.interp(nearest - position, _DISTANCES, _LOBE), 0.0)


def fundamental(found: np.ndarray, strength: np.ndarray, fallback: float) -> float:
    """The fundamental that fits partials best."""
    number = np.arange(1, len(found) + 1)
    total = np.sum(strength * number**2)
    return float(np.sum(strength * number * found) / total) if total > 0 else fallback


def frame_harmonics(frame: np.ndarray, f0: float, one_by_one: bool) -> tuple[float, np.ndarray]:
    """Refined fundamental in bins and amplitudes of the harmonics of one frame."""
    find, fit = (peaks_one_by_one, amplitudes_one_by_one) if one_by_one else (peaks, amplitudes)
    spectrum = np.fft.rfft(frame * WINDOW, N_FFT)
    power = np.abs(spectrum) ** 2
    position = f0 / BIN_HZ * np.arange(1, 9)
    f0_bins = fundamental(*find(power, position, np.maximum(0.06 * position, 1.0), 3), f0 / BIN_HZ)
    number = np.arange(1, SETTINGS.n_harmonics + 1)
    found, strength = find(power, f0_bins * number, 2.5, 2)
    f0_bins = fundamental(found[:20], strength[:20], f0_bins)
    position = np.where(strength > 0, found, f0_bins * number)
    return f0_bins, fit(spectrum, position)


def smooth(spectrum: np.ndarray, order: int) -> np.ndarray:
    """A log spectrum's cepstrum (2 GRID,) up to an order."""
    cepstrum = np.fft.irfft(spectrum)
    cepstrum[order + 1 : len(cepstrum) - order] = 0
    return cepstrum


def frame_cepstrum(amplitude: np.ndarray, f0_bins: float, order: int, loudest: float) -> np.ndarray:
    """Scaled cepstrum (n_coefficients,) of the true envelope through one frame's harmonics."""
    number = np.arange(1, len(amplitude) + 1)
    there = f0_bins * number < N_FFT / 2 - 4
    scaled = np.maximum(1 + np.log10(np.maximum(amplitude[there], 1e-10) / loudest) * (40 / SETTINGS.top_db), -1)
    place = f0_bins * number[there] * (2 * GRID / N_FFT)
    points = np.arange(GRID + 1)
    target = np.interp(points, place, scaled)
    raised = target
    for _ in range(200):
        cepstrum = smooth(raised, order)
        envelope = np.fft.rfft(cepstrum).real
        if np.max(target - envelope) <= SETTINGS.tolerance_db * 2 / SETTINGS.top_db:
            break
        raised = np.maximum(target, envelope)
    for _ in range(SETTINGS.settling):
        reached = np.interp(place, points, np.fft.rfft(cepstrum).real)
        cepstrum = cepstrum + smooth(np.interp(points, place, scaled - reached), order)
    return np.clip(np.concatenate([cepstrum[:1], cepstrum[1:SIZE] * math.sqrt(2)]), -1, 1)


def frames_by_loop(audio: np.ndarray, pitch: float, one_by_one: bool = False) -> np.ndarray:
    """One note's frames (n_coefficients, n_frames), one after the other."""
    f0 = float(midi_to_hz(pitch))
    padded = np.pad(audio.astype(np.float64), (WIN // 2, WIN))
    found = [frame_harmonics(padded[first : first + WIN], f0, one_by_one) for first in range(0, len(audio) + 1, HOP)]
    loudest = max(float(amplitude.max()) for _, amplitude in found)
    order = min(int(RATE / (2 * f0)), SIZE - 1)
    return np.stack([frame_cepstrum(amplitude, f0_bins, order, loudest) for f0_bins, amplitude in found], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=4, help="synthetic notes of 4 s (default: 4)")
    parser.add_argument("--repeats", type=int, default=5, help="rounds; medians are printed (default: 5)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    # synthetic_note(index) has the pitch 21 + index: from MIDI 60 on.
    pitches = [60 + 11 * note // max(1, args.notes - 1) for note in range(args.notes)]
    notes = [(synthetic_note(pitch - 21, RATE), pitch) for pitch in pitches]
    ours = [note_frames(audio, SETTINGS, pitch)[0] for audio, pitch in notes]
    theirs = [frames_by_loop(audio, pitch) for audio, pitch in notes]
    apart = max(np.abs(a - b).mean() for a, b in zip(ours, theirs, strict=True))
    print(f"mean difference of the cepstra, of at most 1: {apart:.1e}")
    seconds = side_by_side(
        {
            "loop over frames and harmonics": lambda: [frames_by_loop(*note, one_by_one=True) for note in notes],
            "loop over frames, numpy": lambda: [frames_by_loop(*note) for note in notes],
            "all frames at once": lambda: [note_frames(audio, SETTINGS, pitch) for audio, pitch in notes],
        },
        args.repeats,
        clock=time.process_time,
    )
    base, count = seconds["loop over frames and harmonics"], sum(frames.shape[1] for frames in ours)
    rows = [
        (name, f"{count / s:.0f}", f"{1e3 * s / len(notes):.0f}", f"{base / s:.1f}x") for name, s in seconds.items()
    ]
    print_table(("envelope frames at 48 kHz, one thread", "frames/s", "ms a 4 s note", "ratio"), rows)


if __name__ == "__main__":
    main()
