"""What each macro is to change, measured in a note's sound, in the steps of its macro."""

from __future__ import annotations

import numpy as np

from timbre_core.features.between_samples import between
from timbre_core.features.descriptors import describe
from timbre_core.features.level_course import HOP, find_attack, level_at, level_course
from timbre_core.features.partial_envelope import ENOUGH, envelope_lag, smoothed_levels
from timbre_core.features.partials_apart import inharmonicity, odd_against_even, stretched
from timbre_core.features.pitch import midi_to_hz

TRAITS = (
    "brightness",
    "attack",
    "decay",
    "sustain",
    "noise",
    "vibrato",
    "vibrato_rate",
    "hollow",
    "inharmonicity",
    "body",
    "randomness",
)
_BAND_HZ = 25.0  # to each side of a partial: vibrato and its sidebands
_SWINGS_HZ, _WANDERS_HZ = (4.0, 8.0), (0.3, 3.0)
_APART = 5.0  # cents of inharmonicity that partials are looked for elsewhere from
_SWUNG_HZ = (2.0, 10.0)
_ROUND = (0.5, 2.5)  # seconds in which pitch is looked at
DECAYED = 0.4  # seconds after the attack, as `generation.macros` has it
_STILL = 3.0  # cents: what moves less hides no noise
_STEADY = 0.0125  # of the level: partials that fade are not followed


def macro_traits(audio: np.ndarray, rate: int, pitch: float, unmoved: np.ndarray | None = None) -> dict[str, float]:
    """TRAITS of a note held for some seconds, audio (n_samples,), at a MIDI pitch; NaN where one cannot be measured.

    brightness in semitones of the spectral centroid above 1 Hz; attack in seconds' base 2 logarithm; decay: dB lost 0.4 s after
    the attack, sustain: dB gained in the second after that; noise: dB of noise against partials, with the pitch's movements
    taken out; vibrato: cents to each side; vibrato_rate: swings a second, where there are any; hollow: dB of
    odd against even partials (see `odd_against_even`); inharmonicity: cents by which the tenth partial lies too high; body:
    semitones that the spectral envelope has moved by since `unmoved` (m_samples,), tilts and levels left out; randomness: cents
    RMS of slow movements.
    """
    course = level_course(audio, rate)
    attack = find_attack(course)
    early, late = (level_at(course, attack.high + at / HOP, attack.level) for at in (DECAYED, DECAYED + 1))
    cents = pitch_course(audio, rate, pitch)
    still = audio if cents is None or cents.std() < _STILL else _stilled(audio, rate, cents)
    told = describe(still, rate, pitch)
    noisy, f0 = told["noisiness"], float(midi_to_hz(pitch))
    return {
        "brightness": 12 * np.log2(told["brightness"]),
        "attack": float(np.log2(attack.seconds)),
        "decay": -early,
        "sustain": late - early,
        "noise": 10 * np.log10(noisy / (1 - noisy)) if 0 < noisy < 1 else np.nan,
        "vibrato": _movement(cents, _SWINGS_HZ) * np.sqrt(2),
        "vibrato_rate": _swings(cents),
        "hollow": odd_against_even(still, rate, f0),
        "inharmonicity": inharmonicity(still, rate, f0),
        "body": np.nan if unmoved is None else _envelope_lag(unmoved, audio, rate, pitch),
        "randomness": _movement(cents, _WANDERS_HZ),
    }


def pitch_course(audio: np.ndarray, rate: int, pitch: float) -> np.ndarray | None:
    """Cents off the MIDI pitch, every 2.5 ms from 0.5 to 2.5 s, from the phase of the strongest partial; None without one."""
    f0 = float(midi_to_hz(pitch))
    first, last = (round(at * rate) for at in _ROUND)
    if len(audio) < last:
        return None
    size = len(audio)
    spectrum = np.fft.fft(audio)
    hz = np.abs(np.fft.fftfreq(size, 1 / rate))
    power = np.abs(spectrum) ** 2
    count = min(12, int(0.45 * rate / f0))
    width = min(_BAND_HZ, 0.4 * f0)
    # High partials show more cents in less time, but leave their band: of the strong ones the lowest.
    energies = [power[np.abs(hz - number * f0) < width].sum() for number in range(1, count + 1)]
    number = 1 + int(np.argmax(np.array(energies) > 0.3 * max(energies)))
    positive = np.arange(size) < size // 2
    band = np.where(positive & (np.abs(hz - number * f0) < width), spectrum, 0)
    analytic = np.fft.ifft(band)[first:last]
    if np.abs(analytic).min() < _STEADY * np.abs(analytic).max():
        return None
    phase = np.unwrap(np.angle(analytic))
    step = round(0.0025 * rate)
    moved = np.diff(phase[::step]) * rate / step / (2 * np.pi) / (number * f0)
    return np.asarray(1200 * np.log2(np.maximum(moved, 0.5)))


def _movement(cents: np.ndarray | None, band: tuple[float, float]) -> float:
    """RMS of movements whose frequency lies in a band, a straight glide left out."""
    if cents is None:
        return float("nan")
    time = np.arange(len(cents))
    left = (cents - np.polyval(np.polyfit(time, cents, 1), time)) * np.hanning(len(cents)) * np.sqrt(8 / 3)
    power = np.abs(np.fft.rfft(left)) ** 2
    hz = np.fft.rfftfreq(len(cents), 0.0025)
    inside = (hz >= band[0]) & (hz <= band[1])
    return float(np.sqrt(2 * power[inside].sum()) / len(cents))


def _swings(cents: np.ndarray | None) -> float:
    """Swings a second of the widest movement from 2 to 10 Hz; NaN where there is none."""
    if cents is None or _movement(cents, _SWUNG_HZ) < _STILL:
        return float("nan")
    time = np.arange(len(cents))
    left = (cents - np.polyval(np.polyfit(time, cents, 1), time)) * np.hanning(len(cents))
    size = 8 * len(cents)
    hz = np.fft.rfftfreq(size, 0.0025)
    inside = (hz >= _SWUNG_HZ[0]) & (hz <= _SWUNG_HZ[1])
    return float(hz[inside][np.argmax(np.abs(np.fft.rfft(left, size))[inside])])


def _stilled(audio: np.ndarray, rate: int, cents: np.ndarray) -> np.ndarray:
    """The part of which the pitch is known, played at one pitch."""
    import soxr
    from scipy.signal import savgol_filter

    part = audio[round(_ROUND[0] * rate) : round(_ROUND[1] * rate)]
    finer = np.asarray(soxr.resample(part.astype(np.float64), rate, 4 * rate))
    speed = 2 ** (-(cents - cents.mean()) / 1200)
    slow = savgol_filter(speed, 33, 3)  # without what noise adds, with what a hand does
    steps = np.interp(np.arange(len(part)), (np.arange(len(slow)) + 0.5) * round(0.0025 * rate), slow)
    places = 4 * np.cumsum(steps)
    return np.asarray(between(finer, places[places < len(finer) - 4]))


def _envelope_lag(before: np.ndarray, after: np.ndarray, rate: int, pitch: float) -> float:
    """Semitones that the envelope of the partials has moved by."""
    f0 = float(midi_to_hz(pitch))
    count = int(min(60, 0.9 * rate / 2 / f0))
    apart = [np.nan_to_num(inharmonicity(audio, rate, f0)) for audio in (before, after)]
    numbers = np.arange(1, count + 1)
    places = [stretched(numbers, cents if cents > _APART else 0.0) for cents in apart]
    count = int(min(np.sum(each * f0 < 0.45 * rate) for each in places))
    if count < ENOUGH:
        return float("nan")
    levels = []
    for audio, at in zip((before, after), places, strict=True):
        part = audio[: 2 * rate] * np.hanning(min(len(audio), 2 * rate))
        spectrum = np.abs(np.fft.rfft(part))
        hz = np.fft.rfftfreq(len(part), 1 / rate)
        width = min(0.3 * f0, 40)
        found = [np.sqrt(np.sum(spectrum[np.abs(hz - place * f0) < width] ** 2)) for place in at[:count]]
        levels.append(smoothed_levels(np.array(found)))
    return envelope_lag(*levels)
