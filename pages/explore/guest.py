"""A sound that is no note of the library: where it lies among its notes, and what the model makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.server import words
from pages.server.catalog import NoteMap
from pages.server.colours import UNKNOWN
from pages.server.likeness import Scale, compared, scale_of
from pages.server.map_data import MOST_NEAR, near_cards
from pages.server.note_map import nearest_rows
from pages.server.packing import frame_bytes, frame_header, pack
from pages.server.studio import Studio
from pages.server.words import note_name

if TYPE_CHECKING:
    from timbre_core.features.heard_pitch import HeardPitch
    from timbre_core.space import TimbreSpace

# What a model that needs a pitch is told of a sound in which none is heard.
_MIDDLE_C = 60.0
_FRAMES_A_SECOND = 62.5  # of the contour in which its pitch is heard
_QUIET = 0.01  # of the peak: silence before a sound
_LONGEST_SILENCE = 0.1  # seconds of it that are left alone, as library notes have some too
_LEFT_SILENCE = 0.02


def packed_guest(
    notes: NoteMap, content: bytes, name: str, inverter: str | None = None, mend: float | None = None
) -> bytes:
    """A sound file's bytes, whatever they are -> all that the note panel shows of it, packed (see packing.py).

    mend: semitones that the pitch was heard wrong by, as someone says who hears it: then it is one note.

    Header: note, facts, latent and neighbours as in `describe_note`; frames as in `frame_header`; rate (Hz); sentence, what
    was found. Arrays: original, inversion, reconstruction (float32 samples), original_frames, reconstruction_frames.

    Raises TimbreError, one sentence that calls the sound `name`, for what cannot be used.
    """
    from timbre_core.features.audio import check_timbre_length
    from timbre_core.features.heard_pitch import heard_pitch
    from timbre_core.features.preparation import prepare_audio
    from timbre_core.features.uploads import called, decode_upload

    studio = Studio(notes, inverter)
    settings = studio.settings
    remarks: list[str] = []
    uploaded = decode_upload(content, settings.sample_rate, name, remarks=remarks)
    name = called(name)
    whole = without_leading_silence(uploaded, settings.sample_rate)
    check_timbre_length(whole, settings.sample_rate, name)
    audio = prepare_audio(whole, settings)[: len(whole)]
    # The whole sound and its contour, as Transfer takes them: both pages give one answer.
    pitch = heard_pitch(whole, settings.sample_rate, round(settings.sample_rate / _FRAMES_A_SECOND))
    if mend is not None:
        middle = pitch.contour.told if pitch.contour.voiced.any() else _MIDDLE_C
        pitch = replace(pitch, midi=middle + mend, notes=(), together=False)
    heard = float(pitch.midi) if 0 <= pitch.midi <= 127 else None
    if heard is not None:
        told = float(round(heard))
    else:
        told = float(np.clip(round(pitch.contour.told), 0, 127)) if pitch.contour.voiced.any() else _MIDDLE_C

    space, invert = studio.space(), studio.inverter()
    frames, reference = space.analyse(audio, heard)
    trajectory = space.encode(frames, told)
    decoded = space.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, told)
    near, scale = _near(notes, space, audio, heard, told)
    header = {
        "note": {
            "id": None,
            "title": name,
            "colour": UNKNOWN,
            "pitch": heard,
            "pitch_name": note_name(heard) if heard is not None else "",
        },
        "facts": _facts(pitch, heard, mend, len(whole) / settings.sample_rate, len(audio) / settings.sample_rate),
        "latent": [round(float(value), 4) for value in trajectory.mean],
        "neighbours": near,
        "frames": frame_header(frames, settings, reference),
        "rate": settings.sample_rate,
        "sentence": " ".join(
            [_sentence(name, pitch, heard, _closest(near, scale), space.recipe.uses_pitch)]
            + [f"{remark[0].upper()}{remark[1:]}." for remark in remarks]
        ),
    }
    arrays = {
        "original": audio,
        "inversion": invert(frames, reference, heard, len(audio)),
        "reconstruction": invert(decoded, reference, heard, len(audio)),
    }
    pictures = {
        "original_frames": frame_bytes(frames, settings),
        "reconstruction_frames": frame_bytes(decoded, settings),
    }
    return pack(header, {name: np.asarray(sound, np.float32) for name, sound in arrays.items()} | pictures)


def _near(
    notes: NoteMap, space: TimbreSpace, audio: np.ndarray, heard: float | None, told: float
) -> tuple[list[dict[str, Any]], Scale]:
    """Cards of the nearest notes, with the `share` of the library's pairs that are nearer, and the scale of these."""
    if space.distance == "timbre" and notes.has_codes:
        from timbre_core.generation.timbre_code import timbre_code

        found, scale = notes.near(timbre_code(space, audio), MOST_NEAR), scale_of(notes.model_map)
    else:
        latent, windows = compared(space, audio, heard, told)
        distances = np.linalg.norm(notes.beginnings(windows) - latent, axis=1)
        found, scale = nearest_rows(distances, MOST_NEAR), scale_of(notes.model_map, windows)
    return [{**card, "share": scale.share(card["distance"])} for card in near_cards(notes, found)], scale


def _closest(near: list[dict[str, Any]], scale: Scale) -> str:
    """Which note is nearest, or that none is near."""
    named = (near[0]["title"], near[0]["pitch_name"] or near[0]["detail"]) if near else ("nothing",)
    closest = f"nearest is {' '.join(part for part in named if part)}"
    if not near or not scale.unlike(near[0]["distance"]):
        return closest
    return f"nothing here is like it ({closest}, but {near[0]['share']:.0%} of all pairs of notes are more alike)"


def without_leading_silence(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Audio (n_samples,) without the silence before it, which a recording has and a library's note has not."""
    loud = np.abs(audio) > _QUIET * np.abs(audio).max()
    first = int(np.argmax(loud))
    return audio if first <= _LONGEST_SILENCE * sample_rate else audio[first - round(_LEFT_SILENCE * sample_rate) :]


def _facts(pitch: HeardPitch, heard: float | None, mend: float | None, whole: float, used: float) -> list[list[str]]:
    length = f"{used:.2f} s" if used >= whole - 0.01 else f"the first {used:.3g} of {whole:.3g} s"
    from timbre_core.features.pitch import midi_to_hz

    if pitch.several:
        return [["pitch", words.several(pitch)], ["length", length]]
    if heard is None:
        return [["pitch", "none heard"], ["length", length]]
    return [
        ["pitch measured" if mend is None else "pitch corrected", f"{_tuned(heard)} · {midi_to_hz(heard):.1f} Hz"],
        ["length", length],
    ]


def _tuned(midi: float) -> str:
    cents = round(100 * (midi - round(midi)))
    return f"{note_name(midi)} {cents:+d} cents".replace("-", "−") if cents else note_name(midi)


def _sentence(name: str, pitch: HeardPitch, heard: float | None, closest: str, needs_pitch: bool) -> str:
    if heard is not None:
        return f"{name} sounds at {_tuned(heard)}; {closest}."
    if pitch.several:
        return f"{name} is no single note: {words.several(pitch)}. Cut one out, or say which pitch it has; {closest}."
    taken = f", so the model was told {note_name(_MIDDLE_C)}" if needs_pitch else ""
    return f"No pitch is heard in {name}{taken}; {closest}."
