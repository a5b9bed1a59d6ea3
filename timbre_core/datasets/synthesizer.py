"""FluidSynth with one SoundFont: single notes, each as if it were the first.

FluidSynth does not low-pass what it transposes upwards, so notes are synthesized at 44.1 kHz or a multiple of the target
rate above it and then resampled.
"""

from __future__ import annotations

import ctypes
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.errors import TimbreError, os_errors

_BLOCK = 64  # FluidSynth computes this many samples at a time; notes start on a block so that all start alike
_GAIN = 0.5
_LOG_ERROR, _LOG_WARNING, _LOG_INFO = 1, 2, 3

INSTALL_FLUIDSYNTH = (
    "The FluidSynth library was not found: install it with 'sudo apt install libfluidsynth3' (Debian, Ubuntu), "
    "'brew install fluid-synth' (macOS) or 'choco install fluidsynth' (Windows), and 'pip install pyfluidsynth'."
)


class Synthesizer:
    """FluidSynth with one SoundFont: `render` gives one note after the other, each independent of those before."""

    def __init__(self, sf2: Path | str, sample_rate: int) -> None:
        """Load `sf2`; `sample_rate` is that of the audio that `render` returns, 8000-96000 Hz.

        Raises TimbreError when FluidSynth is not installed or `sf2` is not a SoundFont.
        """
        _check_soundfont(Path(sf2))
        self._fl = _import_fluidsynth()
        self._functions = _extra_functions(self._fl)
        self.sample_rate = sample_rate
        self._oversampling = min(math.ceil(44_100 / sample_rate), 96_000 // sample_rate)
        self._settings = self._fl.new_fluid_settings()
        self._fl.fluid_settings_setnum(self._settings, b"synth.sample-rate", float(sample_rate * self._oversampling))
        self._fl.fluid_settings_setnum(self._settings, b"synth.gain", _GAIN)
        for name, value in ((b"synth.reverb.active", 0), (b"synth.chorus.active", 0), (b"synth.polyphony", 64)):
            self._fl.fluid_settings_setint(self._settings, name, value)
        for level in (_LOG_ERROR, _LOG_WARNING, _LOG_INFO):  # what matters of it is raised here
            self._functions["fluid_set_log_function"](level, None, None)
        self._owner = self._fl.new_fluid_synth(self._settings)
        number = self._fl.fluid_synth_sfload(self._owner, os.fsencode(sf2), 0)
        if number < 0:
            raise TimbreError(f"{sf2}: FluidSynth cannot load this SoundFont: it may be damaged, get it again.")
        self._font = self._fl.fluid_synth_get_sfont_by_id(self._owner, number)

    def close(self) -> None:
        """Free the synthesizer and its SoundFont."""
        self._fl.delete_fluid_synth(self._owner)
        self._fl.delete_fluid_settings(self._settings)

    def program_name(self, bank: int, program: int) -> str | None:
        """The SoundFont's name for a program, None if it has no such program."""
        preset = self._fl.fluid_sfont_get_preset(self._font, bank, program)
        return self._fl.fluid_preset_get_name(preset).decode("latin-1").strip() if preset else None

    def render(self, bank: int, program: int, pitch: int, velocity: int, hold: float, release: float) -> np.ndarray:
        """One note, float32 mono of round((hold + release) * sample_rate) samples, at FluidSynth's own level."""
        import soxr

        rate = self.sample_rate * self._oversampling
        held = round(hold * rate / _BLOCK) * _BLOCK
        total = math.ceil((hold + release) * rate / _BLOCK) * _BLOCK
        stereo = np.zeros((total, 2), dtype=np.float32)
        # A fresh synthesizer for every note: FluidSynth's voices keep their last level and filter state even through a
        # reset, and the notes would depend on those rendered before. It costs 0.1 ms, the SoundFont being shared.
        synth = self._fl.new_fluid_synth(self._settings)
        font = self._functions["fluid_synth_add_sfont"](synth, self._font)
        self._fl.fluid_synth_program_select(synth, 0, font, bank, program)
        self._fl.fluid_synth_noteon(synth, 0, pitch, velocity)
        self._write(synth, stereo, 0, held)
        self._fl.fluid_synth_noteoff(synth, 0, pitch)
        self._write(synth, stereo, held, total - held)
        self._functions["fluid_synth_remove_sfont"](synth, self._font)
        self._fl.delete_fluid_synth(synth)
        mono = stereo.mean(axis=1)
        if self._oversampling > 1:
            mono = soxr.resample(mono, rate, self.sample_rate, quality="HQ")
        n_samples = round((hold + release) * self.sample_rate)
        return np.ascontiguousarray(mono[:n_samples], dtype=np.float32)

    def _write(self, synth: int, stereo: np.ndarray, start: int, count: int) -> None:
        address = stereo.ctypes.data
        write = self._functions["fluid_synth_write_float"]
        write(synth, count, address, 2 * start, 2, address, 2 * start + 1, 2)


def _extra_functions(fluidsynth: Any) -> dict[str, Any]:
    """FluidSynth functions that pyfluidsynth does not wrap (its 16-bit output adds dither that goes on between notes)."""
    pointer, number = ctypes.c_void_p, ctypes.c_int
    arguments: dict[str, list[Any]] = {
        "fluid_set_log_function": [number, pointer, pointer],
        "fluid_synth_add_sfont": [pointer, pointer],
        "fluid_synth_remove_sfont": [pointer, pointer],
        "fluid_synth_write_float": [pointer, number, pointer, number, number, pointer, number, number],
    }
    results = {"fluid_set_log_function": pointer}
    functions = {
        name: fluidsynth.cfunc(name, results.get(name, number), *[(f"a{i}", t, 1) for i, t in enumerate(types)])
        for name, types in arguments.items()
    }
    if None in functions.values():
        raise TimbreError(f"The FluidSynth library is older than version 2. {INSTALL_FLUIDSYNTH}")
    return functions


def _check_soundfont(path: Path) -> None:
    with os_errors(path), open(path, "rb") as file:
        header = file.read(12)
    if header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise TimbreError(f"{path}: not a SoundFont: give a file with the ending .sf2 or .sf3.")


def _import_fluidsynth() -> Any:
    try:
        import fluidsynth
    except (ImportError, OSError) as error:
        raise TimbreError(INSTALL_FLUIDSYNTH) from error
    return fluidsynth
