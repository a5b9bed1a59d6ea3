"""The instrument of one note at another pitch: the note shifted there, then changed to what its instrument does there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from timbre_core.companions import companion_network
from timbre_core.errors import TimbreError
from timbre_core.features.audio import SILENT_PEAK
from timbre_core.features.note_grid import band_hz, grid_edges, grid_loudness, level_free, mel_grid
from timbre_core.features.numbers_given import number_given, pitch_given
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.pitch_shift import shift_pitch
from timbre_core.features.preparation import checked_audio
from timbre_core.features.settings import LogMelSettings
from timbre_core.freed_memory import WORK, keep_freed_memory
from timbre_core.inversion.imprint import imprint
from timbre_core.inversion.level import limit
from timbre_core.models.note_shift import NoteShift, Played

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

NOTE_SHIFT = "note-shift"
"""The checkpoint whose network says what an instrument does at another pitch."""

PLAYED = 100.0
"""The MIDI velocity that a recording counts as played with, where another one is asked for."""

_LOW = 50.0  # MIDI; below it the harmonics of a sound need longer windows to be told apart
_LONGEST = 60.0  # seconds


def note_at(
    space: TimbreSpace, audio: np.ndarray, pitch: float, to_pitch: float, velocity: float | None = None
) -> np.ndarray:
    """The instrument of one recorded note at another pitch, with the life of the recording.

    The recording is the carrier: it is shifted to `to_pitch` and its levels are moved, over time and frequency, by what the
    network of the checkpoint `note-shift` says of the instrument's own note there. Texture, vibrato and noise within a band
    stay the recording's.

    Parameters
    ----------
    space : TimbreSpace
        Its `sample_rate` is that of the audio; the network is the one beside its checkpoint, else the project's own.
    audio : ndarray (n_samples,)
        One note, its onset at the start, at most 60 s.
    pitch, to_pitch : float
        Of the recording, and the one to sound at: MIDI, 0 to 127, fractions allowed.
    velocity : float, optional
        MIDI velocity to sound as if played with, 1 to 127, from a recording played with `PLAYED`; by default the recording's own.

    Returns
    -------
    ndarray (n_samples,)
        float32, about as loud as the recording (mostly to 1 LU within an octave), and within full scale where that is. With the
        recording's own pitch and no velocity, the recording itself.

    Raises
    ------
    TimbreError
        A pitch or velocity out of range, audio that is no finite signal, or no network.

    Examples
    --------
    >>> import timbre_core
    >>> space, library = timbre_core.open_space("nsynth-cvae"), timbre_core.open_library(["starter"], progress=False)
    >>> audio, pitch = library.load(0, space.sample_rate), library.notes["pitch"][0]
    >>> timbre_core.note_at(space, audio, pitch, pitch + 7).shape == audio.shape
    True
    """
    pitch, to_pitch = pitch_given(pitch), pitch_given(to_pitch, "to_pitch")
    velocity = None if velocity is None else number_given(velocity, "velocity")
    audio = _checked(audio, space.sample_rate, velocity)
    if (to_pitch == pitch and velocity is None) or np.abs(audio).max(initial=0) < SILENT_PEAK:
        return audio.copy()
    network, features = companion_network(NOTE_SHIFT, space.checkpoint.path.parent, NoteShift)
    import soxr

    keep_freed_memory(WORK)
    rate = features.sample_rate
    peak = np.abs(audio).max()
    source = np.asarray(soxr.resample(audio / peak, space.sample_rate, rate, quality="HQ"), dtype=np.float32)
    wanted = round((features.seconds or 4.0) * rate)
    source = np.pad(source, (0, max(0, wanted - len(source))))
    carrier = shift_pitch(source, 2 ** ((to_pitch - pitch) / 12), _window(min(pitch, to_pitch), features))
    levels = predicted_levels(network, features, source, pitch, to_pitch, velocity, space.sample_rate / 2)
    changed = peak * imprint(carrier, levels, features, float(midi_to_hz(to_pitch)))
    back = np.asarray(soxr.resample(changed, rate, space.sample_rate, quality="HQ"), dtype=np.float32)[: len(audio)]
    made = np.pad(back, (0, len(audio) - len(back)))
    # Other phases, other peaks: those of a recording within full scale stay there.
    limited: np.ndarray = limit(torch.from_numpy(made)[None], space.sample_rate)[0].numpy() if peak <= 1 else made
    return limited


@torch.inference_mode()
def predicted_levels(
    network: NoteShift,
    features: LogMelSettings,
    audio: np.ndarray,
    pitch: float,
    to_pitch: float,
    velocity: float | None = None,
    top_hz: float | None = None,
) -> torch.Tensor:
    """Levels in dB (n_points, n_mels) of the note that an instrument has at `to_pitch`, as loud as audio (n_samples,).

    Within a semitone they are between those of the shifted recording and the network's, so that a small change is small.
    Bands above `top_hz`, which nobody will hear, are those of the shifted recording.
    """
    sound = torch.from_numpy(audio)
    edges = grid_edges(1 + len(audio) // features.hop_length)
    own = mel_grid(sound, features)[None]
    note, _ = level_free(own, edges, features)
    shifted, _ = level_free(mel_grid(sound, features, 2 ** ((to_pitch - pitch) / 12))[None], edges, features)
    told = [pitch, to_pitch, PLAYED, velocity or PLAYED, float(velocity is not None)]
    heard = None if top_hz is None else int((band_hz(features) <= top_hz).sum()) + 1
    found = network.whole(note, shifted, Played(*(torch.tensor([float(each)]) for each in told)), heard)
    share = 1.0 if velocity is not None else min(1.0, abs(to_pitch - pitch))
    found = shifted + share * (found - shifted)
    return (found - grid_loudness(found, edges, features)[:, None, None] + grid_loudness(own, edges, features))[0]


def _checked(audio: np.ndarray, sample_rate: int, velocity: float | None) -> np.ndarray:
    if velocity is not None and not 1 <= velocity <= 127:
        raise TimbreError(f"velocity {velocity:g} is outside MIDI's 1-127.")
    audio = checked_audio(audio)
    if len(audio) > _LONGEST * sample_rate:
        raise TimbreError(f"a note of {len(audio) / sample_rate:.0f} s: give one of at most {_LONGEST:.0f} s.")
    return audio


def _window(pitch: float, features: LogMelSettings) -> int:
    return features.n_fft * (2 if pitch < _LOW else 1)
