"""What a user would take to hear a recording at another pitch: a sampler, and the usual pitch shifters."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.pitch import midi_to_hz

Shifter = Callable[[np.ndarray, int, float, float], np.ndarray]
"""Audio (n_samples,), its sample rate in Hz, its MIDI pitch and the pitch to sound at -> audio (m_samples,)."""

_RUBBERBAND = "rubberband"
_SECONDS = 120


def shifters() -> dict[str, Shifter]:
    """By name, all that can be used here; see SHIFTER_WORDS.

    sampler and pitch_shift always; rubberband and rubberband_formant where the program `rubberband` (3 or later) is installed;
    praat where the package `praat-parselmouth` is.
    """
    found: dict[str, Shifter] = {"sampler": sampler, "pitch_shift": phase_vocoder}
    if shutil.which(_RUBBERBAND):
        found |= {"rubberband": rubberband, "rubberband_formant": partial(rubberband, formants=True)}
    if importlib.util.find_spec("parselmouth"):
        found["praat"] = praat
    return found


SHIFTER_WORDS = {
    "sampler": "the recording played faster or slower, as a sampler does (soxr HQ)",
    "pitch_shift": "librosa.effects.pitch_shift (phase vocoder)",
    "rubberband": "rubberband, R3 engine",
    "rubberband_formant": "rubberband, R3 engine, formants kept",
    "praat": "Praat's overlap-add (PSOLA), formants kept",
}
"""What each of `shifters` is."""


def sampler(audio: np.ndarray, sample_rate: int, pitch: float, to_pitch: float) -> np.ndarray:
    """The recording played faster or slower: shorter where it goes up, as without loops."""
    import soxr

    ratio = 2 ** ((to_pitch - pitch) / 12)
    return np.asarray(
        soxr.resample(np.asarray(audio, dtype=np.float32), sample_rate * ratio, sample_rate, quality="HQ")
    )


def phase_vocoder(audio: np.ndarray, sample_rate: int, pitch: float, to_pitch: float) -> np.ndarray:
    """`librosa.effects.pitch_shift` as it comes."""
    import librosa

    audio = np.asarray(audio, dtype=np.float32)
    return np.asarray(librosa.effects.pitch_shift(audio, sr=sample_rate, n_steps=to_pitch - pitch))


def rubberband(
    audio: np.ndarray, sample_rate: int, pitch: float, to_pitch: float, formants: bool = False
) -> np.ndarray:
    """The program rubberband with its finer engine. Raises TimbreError with its words where it fails."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source.wav", Path(folder) / "target.wav"
        soundfile.write(source, audio, sample_rate, subtype="FLOAT")
        options = ["--fine", "--pitch", f"{to_pitch - pitch:.6f}", "--quiet", *(["--formant"] if formants else [])]
        try:
            run = subprocess.run(
                [_RUBBERBAND, *options, str(source), str(target)], capture_output=True, text=True, timeout=_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TimbreError(
                f"the program {_RUBBERBAND} could not be run ({error}): install version 3 or later."
            ) from error
        if run.returncode or not target.is_file():
            said = (run.stderr or run.stdout).strip().splitlines()
            raise TimbreError(f"the program {_RUBBERBAND} failed ({said[-1] if said else run.returncode}).")
        return np.asarray(soundfile.read(target, dtype="float32")[0])


def praat(audio: np.ndarray, sample_rate: int, pitch: float, to_pitch: float) -> np.ndarray:
    """Praat's "Lengthen (overlap-add)" after a change of the pitch tier: Moulines & Charpentier's PSOLA, envelope kept.

    A sound in which Praat hears no periods at the pitch that it is said to have comes back as it is.
    """
    import parselmouth
    from parselmouth.praat import call

    f0 = float(midi_to_hz(pitch))
    sound = parselmouth.Sound(np.asarray(audio, dtype=np.float64), sampling_frequency=sample_rate)
    low, high = f0 * 2**-0.5, min(f0 * 2**0.5, 0.45 * sample_rate)
    if len(audio) / sample_rate < 3 / low:
        return np.asarray(audio, dtype=np.float32)
    manipulation = call(sound, "To Manipulation", 0.01, low, high)
    tier = call(manipulation, "Extract pitch tier")
    call(tier, "Multiply frequencies", sound.xmin, sound.xmax, 2 ** ((to_pitch - pitch) / 12))
    call([tier, manipulation], "Replace pitch tier")
    return np.asarray(call(manipulation, "Get resynthesis (overlap-add)").values[0], dtype=np.float32)
