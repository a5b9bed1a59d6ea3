"""Inverters side by side, on the same notes in one run: how near they come to the recordings, and how long they take."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from timbre_core.analysis import inversion_measures as measures
from timbre_core.analysis.coding import CodedNote, Coder
from timbre_core.analysis.inversion_speed import BATCH, Candidate, real_time_factors, turns
from timbre_core.datasets.library import Library
from timbre_core.datasets.roots import without_root
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.settings import as_log_mel
from timbre_core.features.spectrum import prepare_audio
from timbre_core.features.windows import overlap_add

INPUTS = ("clean", "reconstruction")
"""What is inverted: the recording's own frames, and what the checkpoint makes of them (mu decoded, overlap-added)."""


@dataclass(frozen=True)
class Embedding:
    """What a Fréchet distance is measured on: `embed` makes (dim,) of audio (n_samples,) at the features' sample rate.

    name, fingerprint: which network it is, as distances on two different ones cannot be compared.
    """

    name: str
    fingerprint: str
    embed: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class _Reference:
    """A note's recording, and what its copies are compared with."""

    audio: np.ndarray
    pitch: float
    harmonic: bool
    mel_db: np.ndarray
    floor_db: float
    crests: np.ndarray


@dataclass
class _Tally:
    """Every note's figures of one inverter on one input."""

    figures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    embeddings: list[np.ndarray] = field(default_factory=list)

    def mean(self, name: str) -> float | None:
        """Over the notes that the measure is defined for; None without any."""
        values = np.array(self.figures[name])
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else None


def measure_inverters(
    coder: Coder,
    library: Library,
    rows: np.ndarray,
    candidates: Mapping[str, Candidate],
    embedding: Embedding | None = None,
    seed: int = 0,
    progress: bool = True,
    no_embedding: str = "no embedding was given",
) -> dict[str, Any]:
    """Measure inverters on the notes in `rows`, on their own frames and on the coder's reconstructions of them.

    embedding: what the Fréchet distance is measured on; where there is none, `no_embedding` says why.

    Inverters take turns note by note and each note begins with another one, so whatever else the machine does meets them
    alike; these timings are with one thread. Then a few notes and a batch are timed with one and with two threads.

    Returns:
        Plain values, ready for JSON; None where there is nothing to measure, with the reason in notes_on.

        notes, instruments, harmonic_notes (recordings that sound at their label, see `is_harmonic`), embedding (name,
        fingerprint and dimensions of what embedding_frechet_distance was measured on, shrinkage of the recordings'
        covariance), and by_name: for each inverter told_pitch, instruments_trained_on (how many of those measured),
        milliseconds (median of a clean note, one thread), real_time_factor (seconds of sound per second of work:
        one_note and batch by number of threads, batch_notes), and for each of INPUTS means over notes:

        log_mel_mae_nats, log_mel_mae_db: of the result against the recording, down to top_db below its loudest;
        input_mae_nats: the same against the frames that were inverted;
        spectral_convergence, log_magnitude, stft_distance: against the recording, see `stft_distance`;
        within_50_cents: share of the harmonic notes whose result measures within 50 cents of the label; median_cents:
        their median absolute error; unvoiced: share of them without a pitch; within_50_cents_all: over all notes with a
        label;
        level_error_db, level_error_db_worst: absolute difference of the levels, its mean and its largest;
        clicking: share of notes whose click_excess_db is above CLICK_DB; click_excess_db, click_excess_db_worst: its mean
        and its largest;
        peak: the largest sample of any note, where 1 is full scale;
        embedding_frechet_distance: between the recordings' embeddings and the results'.

    Raises:
        TimbreError: no note could be used.
    """
    tallies = {(name, kind): _Tally() for name in candidates for kind in INPUTS}
    recordings: list[np.ndarray] = []
    used: list[int] = []
    harmonic = 0
    fullest: list[CodedNote] = []
    with (
        tqdm(
            total=len(rows) * len(candidates), desc="inverters", unit="note", disable=not progress, file=sys.stderr
        ) as bar,
        measures.threads(1),
    ):
        for first in range(0, len(rows), BATCH):
            # Loaded before anything is timed: reading ahead would take a core meanwhile.
            chunk = list(coder.coded(coder.notes(library, rows[first : first + BATCH])))
            fullest = max(fullest, chunk, key=len)
            for coded in chunk:
                reference = _reference(coded, library, coder)
                harmonic += reference.harmonic
                if embedding is not None:
                    recordings.append(embedding.embed(reference.audio))
                for name in turns(list(candidates), len(used)):
                    for kind in INPUTS:
                        frames = coded.note.frames if kind == "clean" else _decoded(coded)
                        start = time.perf_counter()
                        audio = _invert(candidates[name], frames, coded, reference, seed)
                        seconds = time.perf_counter() - start
                        tally = tallies[name, kind]
                        _compare(tally, reference, audio, _input_db(frames, coded, coder), coder)
                        tally.figures["seconds"].append(seconds)
                        if embedding is not None:
                            tally.embeddings.append(embedding.embed(audio))
                    bar.update()
                used.append(coded.note.index)
    if not used:
        raise TimbreError(f"no usable note in {', '.join(library.roots)}: give --data with other notes.")
    speed = real_time_factors(candidates, [coded.note for coded in fullest], coder.recipe.features, seed, progress)
    instruments = set(library.notes["instrument"].iloc[used])
    reasons: dict[str, str] = {}
    told, gaussian = _embedding_of_recordings(embedding, recordings, reasons, no_embedding)
    if not harmonic:
        reasons["within_50_cents"] = "no recording measures within 50 cents of a label in MIDI 36-96"
    return {
        "notes": len(used),
        "instruments": len(instruments),
        "harmonic_notes": harmonic,
        "embedding": told,
        "notes_on": reasons,
        "by_name": {
            name: {
                "told_pitch": candidate.told_pitch,
                "instruments_trained_on": _heard_before(instruments, candidate.trained_on),
                "milliseconds": 1000 * float(np.median(tallies[name, "clean"].figures["seconds"])),
                "real_time_factor": speed[name],
                **{kind: _summary(tallies[name, kind], gaussian) for kind in INPUTS},
            }
            for name, candidate in candidates.items()
        },
    }


def _heard_before(instruments: set[str], trained_on: frozenset[str]) -> int:
    known = {without_root(name) for name in trained_on}
    return sum(without_root(name) in known for name in instruments)


def _reference(coded: CodedNote, library: Library, coder: Coder) -> _Reference:
    settings = as_log_mel(coder.recipe.features)
    audio = prepare_audio(library.load(coded.note.index, settings.sample_rate), settings)
    label = float(library.notes["pitch"].to_numpy(np.float64)[coded.note.index])
    floor_db = coded.note.ref_db - settings.top_db
    return _Reference(
        audio,
        label,
        measures.is_harmonic(estimate_f0(audio, settings.sample_rate).midi, label),
        measures.mel_db(audio, settings, floor_db),
        floor_db,
        measures.prediction_crests_db(audio),
    )


def _decoded(coded: CodedNote) -> np.ndarray:
    return overlap_add(coded.decoded, coded.note.starts, coded.note.frames.shape[1])


def _input_db(frames: np.ndarray, coded: CodedNote, coder: Coder) -> np.ndarray:
    return (np.clip(frames, -1, 1) - 1) * (coder.recipe.features.top_db / 2) + coded.note.ref_db


def _invert(candidate: Candidate, frames: np.ndarray, coded: CodedNote, reference: _Reference, seed: int) -> np.ndarray:
    pitch = coded.note.pitch if candidate.told_pitch and not np.isnan(coded.note.pitch) else None
    return candidate.invert(frames, coded.note.ref_db, pitch, len(reference.audio), seed)


def _compare(tally: _Tally, reference: _Reference, audio: np.ndarray, input_db: np.ndarray, coder: Coder) -> None:
    """Add one note's figures."""
    settings, figures = as_log_mel(coder.recipe.features), tally.figures
    heard_db = measures.mel_db(audio, settings, reference.floor_db)
    distance = measures.stft_distance(reference.audio, audio)
    cents = 100 * (estimate_f0(audio, settings.sample_rate).midi - reference.pitch)
    figures["log_mel_mae_db"].append(measures.log_mel_mae_db(reference.mel_db, heard_db))
    figures["log_mel_mae_nats"].append(figures["log_mel_mae_db"][-1] * measures.NATS_PER_DB)
    figures["input_mae_nats"].append(measures.log_mel_mae_db(input_db, heard_db) * measures.NATS_PER_DB)
    figures["spectral_convergence"].append(distance.spectral_convergence)
    figures["log_magnitude"].append(distance.log_magnitude)
    figures["stft_distance"].append(distance.total)
    if not np.isnan(reference.pitch):
        figures["cents_all"].append(cents)
    if reference.harmonic:
        figures["cents"].append(cents)
    figures["level_error_db"].append(abs(measures.level_db(audio) - measures.level_db(reference.audio)))
    figures["click_excess_db"].append(measures.click_excess_db(reference.crests, measures.prediction_crests_db(audio)))
    figures["peak"].append(float(np.abs(audio).max(initial=0.0)))


def _summary(tally: _Tally, recordings: measures.Gaussian | None) -> dict[str, Any]:
    figures = tally.figures
    cents = np.abs(np.array(figures["cents"]))
    every = np.abs(np.array(figures["cents_all"]))
    voiced = cents[~np.isnan(cents)]
    return {
        "log_mel_mae_nats": tally.mean("log_mel_mae_nats"),
        "log_mel_mae_db": tally.mean("log_mel_mae_db"),
        "input_mae_nats": tally.mean("input_mae_nats"),
        "spectral_convergence": tally.mean("spectral_convergence"),
        "log_magnitude": tally.mean("log_magnitude"),
        "stft_distance": tally.mean("stft_distance"),
        "within_50_cents": float((cents <= measures.IN_TUNE).mean()) if len(cents) else None,
        "median_cents": float(np.median(voiced)) if len(voiced) else None,
        "unvoiced": float(np.isnan(cents).mean()) if len(cents) else None,
        "within_50_cents_all": float((every <= measures.IN_TUNE).mean()) if len(every) else None,
        "level_error_db": tally.mean("level_error_db"),
        "level_error_db_worst": max(figures["level_error_db"]),
        "clicking": float((np.array(figures["click_excess_db"]) > measures.CLICK_DB).mean()),
        "click_excess_db": tally.mean("click_excess_db"),
        "click_excess_db_worst": max(figures["click_excess_db"]),
        "peak": max(figures["peak"]),
        "embedding_frechet_distance": None
        if recordings is None
        else measures.frechet_distance(recordings, measures.fit_gaussian(np.stack(tally.embeddings))),
    }


def _embedding_of_recordings(
    embedding: Embedding | None, recordings: Sequence[np.ndarray], reasons: dict[str, str], without: str
) -> tuple[dict[str, Any] | None, measures.Gaussian | None]:
    if embedding is None:
        reasons["embedding_frechet_distance"] = without
        return None, None
    if len(recordings) < 2:
        reasons["embedding_frechet_distance"] = "one note has no distribution"
        return None, None
    gaussian = measures.fit_gaussian(np.stack(recordings))
    told = {
        "checkpoint": embedding.name,
        "fingerprint": embedding.fingerprint,
        "dimensions": len(gaussian.mean),
        "shrinkage": gaussian.shrinkage,
    }
    return told, gaussian
