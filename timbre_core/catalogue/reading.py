"""What is read of one sound file, once: what it is, how it sounds in numbers, and where the model puts it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from timbre_core.catalogue.labels import file_state
from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.audio import LEAVE_OUT, load_audio

if TYPE_CHECKING:
    from timbre_core.recipes.schema import Recipe

_LARGEST = 512 * 2**20  # bytes of a file: a note has a few
_QUIET = 0.01  # of the peak, where a sound has died away
_WINDOW = 0.02  # seconds
_MIDDLE_C = 60.0  # what a model that needs a pitch is told of a sound that has none
_HEARD = ("attack", "noisiness", "inharmonicity")  # brightness is read from the frames, as the map's own notes' is
_TAKEN = 30.0  # seconds from which a sound's numbers are measured


class Asked(NamedTuple):
    """A file to be read: its path below the root, and its pitch where that is known (MIDI, else NaN)."""

    path: str
    pitch: float


@dataclass
class Read:
    """What was read of a file: a reason alone where it cannot be used.

    content: SHA-256 of its bytes. mu: (latent_dim,), code: (dim,), of which there is one: what tells the note's place, by which
    network. encoded: whether that is mu. mark: its fingerprint. pitch: MIDI, NaN where none is heard. remark: what of the file
    could not be read.
    """

    path: str
    size: int = -1
    changed: int = -1
    reason: str = ""
    content: str = ""
    pitch: float = math.nan
    pitch_estimated: bool = False
    traits: dict[str, float] = field(default_factory=dict)
    mu: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    encoded: bool = True
    code: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    coded_by: str = ""
    mark: np.ndarray = field(default_factory=lambda: np.empty(0, np.float16))
    remark: str = ""


@dataclass(frozen=True)
class Reader:
    """What a process needs to read sounds: the folder they are below, and the checkpoint's.

    coded_by: of the placer (see `placing.Placer`). Where places are told by timbre codes, latents are told later, by `encoding`.
    """

    root: str
    checkpoint: str
    coded_by: str = ""


def lost(asked: Asked) -> Read:
    """What is told of a file whose reading ended the process that did it."""
    return Read(
        asked.path, reason="reading it ended the program that reads it: get it again, or convert it to WAV or FLAC"
    )


class _Way(NamedTuple):
    """How a note's place is told: `picture` of its audio (n_samples,) and MIDI pitch, from which `brightness` in Hz is read and,
    of several pictures and pitches at once, `vectors`, which a `Read` keeps under a name."""

    picture: Callable[[np.ndarray, float], Any]
    brightness: Callable[[Any], float]
    vectors: Callable[[list[Any], list[float]], Iterable[np.ndarray]]
    kept: str


def open_reader(reader: Reader) -> Callable[[Sequence[Asked]], list[Read]]:
    """Open what tells places; returns what reads some files at once."""
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.datasets.workers import one_thread
    from timbre_core.features.descriptors import describe
    from timbre_core.features.heard_pitch import note_pitch
    from timbre_core.features.recording import fingerprint

    way = _by_codes(reader) if reader.coded_by else by_latents(reader)
    root, features = Path(reader.root), open_checkpoint(Path(reader.checkpoint)).recipe.features
    rate = features.sample_rate

    def one(asked: Asked) -> tuple[Read, Any]:
        read = Read(asked.path, pitch=asked.pitch, encoded=not reader.coded_by, coded_by=reader.coded_by)
        path = root / asked.path
        try:
            content, read.size, read.changed = _settled(path)
            remarks: list[str] = []
            audio = load_audio(content, rate, str(path), cure=LEAVE_OUT, remarks=remarks)
            read.remark = "; ".join(remarks)
            read.content = hashlib.sha256(content).hexdigest()
            taken = audio[: round(_TAKEN * rate)]
            if math.isnan(read.pitch):
                heard = note_pitch(taken, rate).midi
                read.pitch = float(round(heard)) if 0 <= heard <= 127 else math.nan
                read.pitch_estimated = not math.isnan(read.pitch)
            picture = way.picture(audio, read.pitch)
            part = taken if features.seconds is None else taken[: round(features.seconds * rate)]
            read.traits = describe(part, rate, read.pitch, _HEARD) | {
                "seconds": len(audio) / rate,
                "sounding": sounding_seconds(audio, rate),
                "brightness": way.brightness(picture),
            }
            read.mark = fingerprint(taken, rate).astype(np.float16)
        except TimbreError as error:
            read.size, read.changed = file_state(path)
            read.reason = str(error).removeprefix(f"{path}: ").rstrip(".")
            return read, None
        return read, picture

    @one_thread()  # each process has its core
    def some(task: Sequence[Asked]) -> list[Read]:
        reads = [one(asked) for asked in task]
        good = [(read, picture) for read, picture in reads if picture is not None]
        if good:
            vectors = way.vectors([picture for _, picture in good], [read.pitch for read, _ in good])
            for (read, _), vector in zip(good, vectors, strict=True):
                setattr(read, way.kept, vector)
        return [read for read, _ in reads]

    return some


def _by_codes(reader: Reader) -> _Way:
    """By timbre codes: neither the space's model nor its frames are needed."""
    import torch

    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.features.brightness import grid_brightness
    from timbre_core.learned_code import code_features, code_grid, codes_of_grids

    folder = Path(reader.checkpoint).parent
    rate = open_checkpoint(Path(reader.checkpoint)).recipe.features.sample_rate
    features = code_features(folder)
    return _Way(
        lambda audio, pitch: code_grid(features, audio, rate),
        lambda grid: grid_brightness(grid.numpy(), features),
        lambda grids, pitches: codes_of_grids(folder, torch.stack(grids)),
        "code",
    )


def by_latents(reader: Reader) -> _Way:
    """By mean latents."""
    from timbre_core.features.brightness import frames_brightness
    from timbre_core.features.frames import note_frames

    encode, recipe = open_encoder(reader)
    most = round(_TAKEN * recipe.features.sample_rate)
    return _Way(
        lambda audio, pitch: note_frames(audio[:most], recipe.features, None if math.isnan(pitch) else pitch)[0],
        lambda frames: frames_brightness(frames, recipe.features),
        encode,
        "mu",
    )


def open_encoder(reader: Reader) -> tuple[Callable[[list[np.ndarray], list[float]], list[np.ndarray]], Recipe]:
    """What encodes some notes' frames (n_bins, n_frames) with their pitches (MIDI or NaN) to mean latents (latent_dim,); and the
    checkpoint's recipe."""
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.decoding import TrajectoryCoder
    from timbre_core.devices import chosen_device
    from timbre_core.models.coder import WindowCoder

    checkpoint, device = open_checkpoint(Path(reader.checkpoint)), chosen_device("cpu")
    coder = TrajectoryCoder(WindowCoder(checkpoint.model(device), device), checkpoint.recipe, checkpoint.name)

    def encode(frames: list[np.ndarray], pitches: list[float]) -> list[np.ndarray]:
        told = [_MIDDLE_C if math.isnan(pitch) else pitch for pitch in pitches]
        return [trajectory.mean.astype(np.float32) for trajectory in coder.encode_many(frames, told)]

    return encode, checkpoint.recipe


def load_taken(path: Path, rate: int) -> np.ndarray:
    """What of a file's sound its numbers and latents are told from: (n_samples,) at `rate` Hz."""
    return load_audio(path, rate, cure=LEAVE_OUT, remarks=[])[: round(_TAKEN * rate)]


def _settled(path: Path) -> tuple[bytes, int, int]:
    """A file's bytes, size and time of change; of one that changes while it is read, none: it is read once more, then refused."""
    for _ in range(2):
        size, changed = before = file_state(path)
        if size > _LARGEST:
            raise TimbreError(f"{path}: {size / 1e6:.0f} MB are not one note: cut it into notes.")
        with os_errors(path):
            content = path.read_bytes()
        if file_state(path) == before and len(content) == size:
            return content, size, changed
    raise TimbreError(f"{path}: changes while it is read: update the library when it is written.")


def sounding_seconds(audio: np.ndarray, sample_rate: int) -> float:
    """Seconds from where audio (n_samples,) begins to where it has died away, 40 dB below its peak."""
    size = max(1, round(_WINDOW * sample_rate))
    starts = np.arange(0, len(audio), size)
    peaks = np.maximum(np.maximum.reduceat(audio, starts), -np.minimum.reduceat(audio, starts))
    loud = np.flatnonzero(peaks > _QUIET * peaks.max())
    return float(min((loud[-1] - loud[0] + 1) * size, len(audio)) / sample_rate) if len(loud) else 0.0
