"""Pitch trackers to be measured side by side: each turns a note into one MIDI pitch. Used by pitch.py.

Those of other projects are optional; none is a dependency of this one:

    pip install swift-f0 praat-parselmouth            # and, without what they would pull in,
    pip install --no-deps basic-pitch torchcrepe      # with pretty_midi mir_eval mido six resampy onnxruntime
"""

from __future__ import annotations

import importlib
import logging
import sys
import tempfile
import types
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import shared  # noqa: F401 - makes the project importable

from timbre_core.features.heard_pitch import note_pitch
from timbre_core.features.pitch import hz_to_midi
from timbre_core.features.pitch_track import track_pitch

Tracker = Callable[[np.ndarray, int], float]
"""Audio (n_samples,) float32 and its rate in Hz -> fractional MIDI pitch, NaN where none is heard."""

LOWEST, HIGHEST = 26.0, 4700.0  # Hz: MIDI 21 to 108 with room for a quarter tone
_LOUD = 0.1  # of the loudest frame's amplitude: what is softer does not count where a tracker has no voicing of its own


def trackers() -> tuple[dict[str, Tracker], dict[str, str]]:
    """What is installed, by the name in the table, and why others are absent."""
    found: dict[str, Tracker] = {"labels (`note_pitch`)": _labels, "transfer (`track_pitch`)": _transfer}
    absent: dict[str, str] = {}
    for name, package, make in _OTHERS:
        try:
            tracker = make()
            found[f"{name} {version(package)}"] = tracker
        except (ImportError, OSError, PackageNotFoundError) as error:
            absent[name] = f"{package} is not installed" if isinstance(error, ModuleNotFoundError) else str(error)
    return found, absent


def _labels(audio: np.ndarray, rate: int) -> float:
    return note_pitch(audio, rate).midi


def _transfer(audio: np.ndarray, rate: int) -> float:
    return track_pitch(audio, rate, rate // 62).told


def _median(hz: np.ndarray, voiced: np.ndarray) -> float:
    return float(hz_to_midi(float(np.median(hz[voiced])))) if voiced.any() else float("nan")


def _swift_f0() -> Tracker:
    detector = importlib.import_module("swift_f0").SwiftF0(threads=1)

    def track(audio: np.ndarray, rate: int) -> float:
        result = detector.detect(audio, rate)
        return _median(result.pitch_hz, result.confidence >= 0.5)

    return track


def _praat() -> Tracker:
    sound = importlib.import_module("parselmouth").Sound

    def track(audio: np.ndarray, rate: int) -> float:
        pitch = sound(audio.astype(np.float64), rate).to_pitch_ac(pitch_floor=LOWEST, pitch_ceiling=HIGHEST)
        hz = pitch.selected_array["frequency"]
        return _median(hz, hz > 0)

    return track


def _at_most_22k(audio: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """At librosa's default rate where it is higher, at which pYIN takes half the time."""
    if rate <= 22_050:
        return audio, rate
    import soxr

    return soxr.resample(audio, rate, 22_050), 22_050


def _frame_length(rate: int) -> int:
    """Samples that hold two periods of the lowest pitch, a power of two."""
    return 1 << int(np.ceil(np.log2(2 * rate / LOWEST)))


def _pyin() -> Tracker:
    librosa = importlib.import_module("librosa")

    def track(audio: np.ndarray, rate: int) -> float:
        audio, rate = _at_most_22k(audio, rate)
        hz, voiced, _ = librosa.pyin(audio, fmin=LOWEST, fmax=HIGHEST, sr=rate, frame_length=_frame_length(rate))
        return _median(hz, voiced)

    return track


def _yin() -> Tracker:
    librosa = importlib.import_module("librosa")

    def track(audio: np.ndarray, rate: int) -> float:
        audio, rate = _at_most_22k(audio, rate)
        size = _frame_length(rate)
        hz = librosa.yin(audio, fmin=LOWEST, fmax=HIGHEST, sr=rate, frame_length=size)
        level = librosa.feature.rms(y=audio, frame_length=size, hop_length=size // 4)[0]
        return _median(hz, level > _LOUD * level.max())

    return track


def _basic_pitch() -> Tracker:
    logging.getLogger().setLevel(logging.ERROR)  # it tells of every runtime that it could use as well
    inference = importlib.import_module("basic_pitch.inference")
    folder = Path(str(importlib.import_module("basic_pitch").__file__)).parent
    model = inference.Model(folder / "saved_models" / "icassp_2022" / "nmp.onnx")
    soundfile = importlib.import_module("soundfile")

    def track(audio: np.ndarray, rate: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "note.wav"
            soundfile.write(path, audio, rate, subtype="FLOAT")
            heard = inference.run_inference(str(path), model)["contour"].sum(axis=0)
        top = int(heard.argmax())  # three steps a semitone, from A0
        if not 0 < top < len(heard) - 1:
            return 21 + top / 3
        left, middle, right = heard[top - 1 : top + 2]
        return float(21 + (top + 0.5 * (left - right) / (left - 2 * middle + right)) / 3)

    return track


def _torchcrepe() -> Tracker:
    # It reads files with torchaudio, which has no build for every torch; nothing is read from files here.
    sys.modules.setdefault("torchaudio", types.ModuleType("torchaudio"))
    crepe = importlib.import_module("torchcrepe")
    torch = importlib.import_module("torch")

    def track(audio: np.ndarray, rate: int) -> float:
        hz, confidence = crepe.predict(
            torch.from_numpy(audio)[None],
            rate,
            hop_length=rate // 50,
            fmin=32.7,
            fmax=1975.5,
            model="tiny",
            decoder=crepe.decode.weighted_argmax,
            return_periodicity=True,
        )
        return _median(hz[0].numpy(), confidence[0].numpy() > 0.3)

    return track


_OTHERS: tuple[tuple[str, str, Callable[[], Tracker]], ...] = (
    ("SwiftF0", "swift-f0", _swift_f0),
    ("Praat (autocorrelation)", "praat-parselmouth", _praat),
    ("pYIN (librosa)", "librosa", _pyin),
    ("YIN (librosa)", "librosa", _yin),
    ("basic-pitch", "basic-pitch", _basic_pitch),
    ("torchcrepe tiny", "torchcrepe", _torchcrepe),
)
