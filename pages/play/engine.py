"""What the Play page hears and knows: notes of any point of the latent space, its axes, and what they change.

Stateless towards visitors: what hangs on the checkpoint and the point asked for is computed once, and kept for a while.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pages.play.own import is_own, notes_of
from pages.server.catalog import NoteMap
from pages.server.latent_axes import MOST_AXES, axes, kl_per_dimension
from pages.server.map_data import words_for
from pages.server.memo import Memo
from pages.server.studio import Studio
from pages.server.words import readable
from timbre_core.errors import TimbreError
from timbre_core.features.settings import has_sound
from timbre_core.generation.instrument import Instrument, PlayedNote
from timbre_core.generation.macros import MACROS, PLAIN, Shape
from timbre_core.layout import PERFORMANCES

if TYPE_CHECKING:
    from timbre_core.generation.midi.performance import Performance
    from timbre_core.generation.midi.piece import Piece

_MEASURED = 480  # notes that the traits are measured on: enough for correlations of 0.1 to mean something
_PAUSE = 0.004  # sounds that somebody waits for come first
_LOG = logging.getLogger(__name__)

_instruments = Memo(2)  # maps, with 64 instruments each: they hold the model that they play
_played = Memo.of_bytes(lambda note: int(note.audio.nbytes + note.frames.nbytes))
_measurements = Memo(8)


def instrument(notes: NoteMap, z: tuple[float, ...], carrier: str | None = None) -> Instrument:
    """The instrument at a point of the latent space, for playing live; with a `carrier`, a note's id, that note's
    instrument from its recordings."""
    made = partial(_recorded, notes, carrier) if carrier else partial(_open_instrument, notes, z, live=True)
    return _instruments.within((notes.checkpoint.path, notes.version), 64).get(carrier or z, made)


def export_instrument(notes: NoteMap, z: tuple[float, ...], carrier: str | None = None) -> Instrument:
    """The same with the checkpoint's own inverter, which takes its time."""
    return _recorded(notes, carrier) if carrier else _open_instrument(notes, z, live=False)


def recorded_pitches(notes: NoteMap, row: int) -> list[float]:
    """The MIDI pitches at which the instrument of a map's note was recorded, and sounds from its recordings; none where they
    or the network that moves them to other keys are not on this machine."""
    from timbre_core.checkpoint import companion
    from timbre_core.generation.note_at import NOTE_SHIFT
    from timbre_core.generation.recorded import recordings_among

    if not has_sound(notes.checkpoint.recipe.features) or not np.isfinite(_pitches(notes.labels)[row]):
        return []
    try:
        companion(NOTE_SHIFT, notes.checkpoint.path.parent)
        if not np.abs(Studio(notes).recording(row)).max(initial=0) > 0:
            return []
    except TimbreError:
        return []
    return [round(pitch, 2) for _, pitch in recordings_among(notes.labels, row) if np.isfinite(pitch)]


def _recorded(notes: NoteMap, carrier: str) -> Instrument:
    from timbre_core.generation.recorded import RecordedInstrument, recordings_of

    studio = Studio(notes)
    space = studio.space()
    if is_own(carrier):
        from timbre_core.generation.own_sounds import own_instrument

        return own_instrument(space, notes_of(carrier))
    recordings = recordings_of(space, carrier)
    return RecordedInstrument(space, carrier, recordings, lambda note: studio.recording(notes.rows[note]))


def performance(
    notes: NoteMap,
    piece: Piece,
    z: tuple[float, ...] | None,
    attack: float,
    release: float,
    carrier: str | None = None,
    shape: Shape = PLAIN,
    tuning: list[float | None] | None = None,
) -> Performance:
    """A piece with the sound at `z` or of a `carrier`, or each program with its family's, shaped; its keys are sounded."""
    from timbre_core.generation.midi.performance import Band, Performance, Solo

    sounds = (
        Band(Studio(notes).space(), shape=shape) if z is None else Solo(shaped_instrument(notes, z, carrier, shape))
    )
    made = Performance(piece, sounds, attack, release, tuning)
    made.prepare()
    return made


def shaped_instrument(
    notes: NoteMap, z: tuple[float, ...], carrier: str | None = None, shape: Shape = PLAIN
) -> Instrument:
    """The instrument for playing live, shaped by macros."""
    return instrument(notes, z, carrier).with_shape(shape)


def played(
    notes: NoteMap,
    z: tuple[float, ...],
    key: float,
    carrier: str | None = None,
    shape: Shape = PLAIN,
    velocity: int = 127,
) -> PlayedNote:
    """One key of the instrument at `z`, or of a `carrier`, shaped. What is shaped is kept: another shape is soon heard.

    velocity: MIDI; of dropped sounds that were recorded softly, too, it chooses among the takes.
    """
    sounds = instrument(notes, z, carrier)
    layer = sounds.layer_at(velocity)
    where = (notes.checkpoint.path, notes.version, carrier or z, key, layer)
    if shape.neutral:
        return _played.get(where, lambda: sounds.layers[layer].note(key))
    if shape == shape.made:
        shaped = _instruments.within(where[:2], 64).get((where[2], shape), lambda: sounds.with_shape(shape))
        return _played.get((*where, shape), lambda: shaped.layers[layer].note(key))
    return _played.get((*where, shape), lambda: played(notes, z, key, carrier, shape.made, velocity).with_shape(shape))


def frames(
    notes: NoteMap, z: tuple[float, ...], key: int, carrier: str | None = None, shape: Shape = PLAIN
) -> np.ndarray:
    """The features (n_bins, n_frames) of a key: as decoded or recorded, of shaped sounds those of what is heard."""
    sounds = shaped_instrument(notes, z, carrier, shape)
    return sounds.frames(key) if shape.neutral else sounds.space.analyse(sounds.whole(key), key)[0]


def _open_instrument(notes: NoteMap, z: tuple[float, ...], live: bool) -> Instrument:
    from timbre_core.inverters import open_inverter

    space = Studio(notes).space()
    # What follows a pitch exactly is the fastest, too.
    inverter = open_inverter(None, notes.checkpoint.recipe.features) if live and not space.performs else None
    return Instrument(space, np.array(z, dtype=np.float32), inverter)


@dataclass
class Measurement:
    """The library's traits, while they are measured in the background and afterwards.

    pitch_held: whether the correlations hold the pitch constant, as they do where it is known.
    """

    done: int = 0
    of: int = 0
    failed: str = ""
    correlations: dict[str, np.ndarray] = field(default_factory=dict)
    notes: int = 0
    pitch_held: bool = False


def measurement(notes: NoteMap) -> Measurement:
    """What each axis changes: begins to be measured when first asked for, never waits for it."""
    return _measurements.get((notes.checkpoint.path, notes.version), lambda: _begin(notes))


def _begin(notes: NoteMap) -> Measurement:
    begun = Measurement()
    threading.Thread(target=_measure, args=(notes, begun), name="traits", daemon=True).start()
    return begun


_one_at_a_time = threading.Lock()


def _measure(notes: NoteMap, into: Measurement) -> None:
    try:
        with _one_at_a_time:
            _correlate(notes, into)
    except TimbreError as error:
        into.failed = str(error)
    except Exception:
        _LOG.exception("traits could not be measured")
        into.failed = "Measuring failed here: the server's log has the details."


def _correlate(notes: NoteMap, into: Measurement) -> None:
    from timbre_core.analysis.latents import spread_over
    from timbre_core.analysis.traits import ENOUGH, holds_pitch, measured_traits, partial_correlations

    rows = spread_over(notes.labels, _MEASURED)
    pitches = _pitches(notes.labels)[rows]
    studio = Studio(notes)

    def progress(done: int, of: int) -> None:
        into.done, into.of = done, of
        time.sleep(_PAUSE)

    def read(index: int) -> np.ndarray:
        return studio.recording(int(rows[index]))

    traits = measured_traits(
        [notes.ids[row] for row in rows],
        pitches,
        notes.checkpoint.latents_roots,
        read,
        studio.settings.sample_rate,
        progress,
    )
    known = int(traits["brightness"].notna().sum())
    if known < ENOUGH:
        raise TimbreError("The recordings are not on this machine, so what a slider changes could not be measured.")
    found = {}
    for name, axis in axes(notes).items():
        coordinates = (notes.means[rows] - axis.centre) @ axis.directions[:MOST_AXES].T
        found[name] = partial_correlations(coordinates, traits, pitches)
    into.notes, into.pitch_held = known, holds_pitch(pitches)
    into.correlations = found


def _pitches(labels: pd.DataFrame) -> np.ndarray:
    if "pitch" not in labels:
        return np.full(len(labels), np.nan)
    return np.asarray(labels["pitch"], dtype=np.float64)


def key_range(notes: NoteMap) -> tuple[int, int]:
    """The lowest and the highest MIDI key among the map's notes, where the model knows how sounds behave."""
    pitches = _pitches(notes.labels)
    known = pitches[np.isfinite(pitches)]
    if not len(known):
        return 21, 108
    return max(0, int(np.floor(known.min()))), min(127, int(np.ceil(known.max())))


def described_space(notes: NoteMap) -> dict[str, Any]:
    """All that sliders and starting points need, as plain values."""
    recipe = notes.checkpoint.recipe
    described, plays = {}, (notes.checkpoint.path / PERFORMANCES).is_file()
    unit = {"dimensions": "share" if kl_per_dimension(notes) is None else "nats", "principal": "share"}
    for name, axis in axes(notes).items():
        described[name] = {
            "unit": unit[name],
            "numbers": axis.directions[:MOST_AXES].argmax(axis=1).tolist(),
            "directions": axis.directions[:MOST_AXES].round(5).tolist(),
            "spread": axis.spread[:MOST_AXES].round(5).tolist(),
            "weight": axis.weight[:MOST_AXES].round(5).tolist(),
        }
    return {
        "latent_dim": recipe.model.latent_dim,
        "sample_rate": recipe.features.sample_rate,
        "conditioned": recipe.uses_pitch,
        "prior": recipe.model.sampling,
        "keys": key_range(notes),
        "centre": notes.means.mean(axis=0).round(4).tolist(),
        "axes": described,
        "families": _families(notes),
        "words": words_for(notes),
        "macros": [{"name": name, **asdict(macro)} for name, macro in MACROS.items() if plays or not macro.making],
    }


def _families(notes: NoteMap) -> list[dict[str, Any]]:
    """Each family's mean."""
    if not notes.families:
        return []
    families = notes.labels["family"].astype(str).to_numpy()
    described = []
    colours = notes.colours("family", families.tolist())
    for value in notes.families:
        rows = np.flatnonzero(families == value)
        mean = notes.means[rows].mean(axis=0)
        described.append(
            {
                "value": value,
                "name": readable(value),
                "colour": colours[value],
                "z": mean.round(4).tolist(),
            }
        )
    return described


def prior_draw(notes: NoteMap, seed: int) -> list[float]:
    """A latent drawn from the prior. Raises TimbreError for a plain autoencoder."""
    from timbre_core.generation.instrument import check_prior, starting_point

    check_prior(notes.checkpoint)
    return [round(float(value), 4) for value in starting_point(Studio(notes).space(), seed=seed)]
