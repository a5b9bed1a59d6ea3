"""Pitch over time: a contour of fundamental frequencies with voicing, and correcting it.

The evidence for each frame is that of `pitch.estimate_f0`. A path through the frames' candidates is chosen by dynamic
programming, as in Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound" (Proc. Institute of Phonetic Sciences 17, 1993): jumps cost in proportion to their size in octaves, and so does
every change between voiced and unvoiced.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.harmonic_template import STEPS_PER_OCTAVE, harmonicities
from timbre_core.features.partials import DOUBTFUL
from timbre_core.features.pitch import (
    F0,
    LAG_UPSAMPLING,
    TEMPLATE_WEIGHT,
    at_analysis_rate,
    at_lags,
    estimate_f0,
    hz_to_midi,
    square_differences,
)
from timbre_core.features.rumble import without_rumble

_FRAME_SECONDS = 0.08
_CHUNK = 128  # frames looked at once
_CANDIDATES = 12  # of a frame
_OCTAVE_COST = 0.5  # of a jump by an octave within a hundredth of a second
_VOICING_COST = 0.25
_SEVERAL = 640  # lags: 10 ms
_UNVOICED = 0.5  # what a frame without pitch scores
_AUDIBLE = 1e-4  # frames softer than 40 dB below the loudest have no pitch
_JUMP = 0.7  # semitones between two frames: another note begins
_SHORTEST = 3  # frames of a note
_ONE_NOTE = 0.75  # of a contour's frames must lie in one octave, and there at the pitch of the note as a whole
_AGREE = 1.0  # semitones that they may be off it
_SETTLED = 0.6  # of the frames that have a pitch lie this near to one note's:
_NEAR = 2.5  # semitones
_NEAR_WHOLE = 1.5  # semitones between a contour's median and the whole note's pitch: they tell the same


@dataclass(frozen=True)
class PitchContour:
    """Pitch over time.

    Attributes:
        midi: (n_frames,) float32 fractional MIDI pitch, NaN where none is heard.
        confidence: (n_frames,) float32, 0 (noise, silence) to 1 (perfectly periodic).
        frame_rate: frames per second; frame 0 is centred on the first sample.
        whole: the pitch that the sound is measured in as a whole, unless it is in doubt and the contour settles on another; NaN
            where the contour says more.
    """

    midi: np.ndarray
    confidence: np.ndarray
    frame_rate: float
    whole: float = math.nan

    @property
    def told(self) -> float:
        """The one MIDI pitch that is told of the sound: as a whole where that is known, else the median; NaN for none."""
        return self.median if math.isnan(self.whole) else self.whole

    @property
    def voiced(self) -> np.ndarray:
        """(n_frames,) whether a pitch is heard."""
        return ~np.isnan(self.midi)

    @property
    def median(self) -> float:
        """The median MIDI pitch, NaN where none is heard at all."""
        return float(np.nanmedian(self.midi)) if self.voiced.any() else math.nan

    @property
    def is_settled(self) -> bool:
        """Whether most frames that have a pitch are near the median: there is but one note, bent or not."""
        return bool(np.mean(np.abs(self.midi[self.voiced] - self.median) <= _NEAR) >= _SETTLED)

    def filled(self) -> np.ndarray:
        """(n_frames,) pitch, in gaps that of the nearest frame that has one; all NaN where none is heard at all."""
        voiced = np.flatnonzero(self.voiced)
        if not len(voiced):
            return self.midi.copy()
        middles = (voiced[:-1] + voiced[1:]) / 2
        return self.midi[voiced[np.searchsorted(middles, np.arange(len(self.midi)))]]

    def notes(self) -> list[slice]:
        """Runs of frames that sound as one note each: voiced, without a jump of more than 0.7 semitones."""
        breaks = np.abs(np.diff(np.nan_to_num(self.midi, nan=-1e3))) > _JUMP
        edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(self.midi)]
        runs = (slice(a, b) for a, b in pairwise(edges))
        return [run for run in runs if run.stop - run.start >= _SHORTEST and self.voiced[run].all()]

    def shifted(self, semitones: float, start: float = 0.0, end: float = math.inf) -> PitchContour:
        """The contour moved by `semitones`, from `start` up to `end` seconds.

        Raises TimbreError when that leaves MIDI's range.
        """
        times = np.arange(len(self.midi)) / self.frame_rate
        midi = np.where((times >= start) & (times < end), self.midi + np.float32(semitones), self.midi)
        return self._checked(midi, f"moving the pitch by {semitones:+g} semitones")

    def moved_to(self, midi: float) -> PitchContour:
        """The contour moved as a whole, its one pitch (`told`) to `midi`: vibrato and glides are kept.

        Where none is heard at all, `midi` is held from the first to the last frame.
        """
        if not self.voiced.any():
            return self.held_at(midi)
        return self._checked(self.midi + np.float32(midi - self.told), f"moving the pitch to MIDI {midi:g}")

    def held_at(self, midi: float) -> PitchContour:
        """The one pitch `midi` from the first to the last frame."""
        return self._checked(np.full(len(self.midi), midi, np.float32), f"holding the pitch at MIDI {midi:g}")

    def _checked(self, midi: np.ndarray, what: str) -> PitchContour:
        if (
            not np.isfinite(midi[~np.isnan(midi)]).all()
            or np.nanmin(midi, initial=60) < 0
            or np.nanmax(midi, initial=60) > 127
        ):
            raise TimbreError(f"{what} leaves MIDI's 0-127 (60 is middle C): move it less.")
        moved = replace(self, midi=midi.astype(np.float32))
        return replace(moved, whole=self.whole + moved.median - self.median)


@dataclass(frozen=True)
class Correction:
    """A part of a contour, from `start` up to `end` seconds, that is to be moved by `semitones`."""

    start: float
    end: float
    semitones: float


def corrected(contour: PitchContour, corrections: Sequence[Correction]) -> PitchContour:
    """The contour with all corrections made, one after the other. Raises TimbreError as `PitchContour.shifted` does."""
    for each in corrections:
        contour = contour.shifted(each.semitones, each.start, each.end)
    return contour


def track_pitch(
    audio: np.ndarray,
    sample_rate: int,
    hop_length: int,
    fmin: float = 27.5,
    fmax: float = 4500.0,
    whole: F0 | None = None,
) -> PitchContour:
    """Measure pitch over time.

    Args:
        audio: mono samples (n_samples,), any level.
        sample_rate: Hz.
        hop_length: samples between frames; frame i is centred on sample i * hop_length, as frames of a spectrogram are.
        fmin, fmax: lowest and highest frequency looked for, Hz.
        whole: what `estimate_f0` says of this audio, where that is known.

    Returns:
        A contour of 1 + n_samples // hop_length frames. One sound at a time is expected: of a chord, some pitch that
        explains it is followed. A contour that holds one note is put into the octave that the note as a whole is measured in,
        and where no frame has a pitch but the whole note has, that is held.
    """
    count = 1 + len(audio) // hop_length
    frame_rate = sample_rate / hop_length
    silent = PitchContour(np.full(count, np.nan, np.float32), np.zeros(count, np.float32), frame_rate)
    audio = np.asarray(audio, dtype=np.float64)
    if not len(audio) or not np.isfinite(audio).all():
        return silent
    audio, taken = at_analysis_rate(audio, sample_rate)
    rate = float(taken)
    frames = _cut(without_rumble(audio, rate), round(_FRAME_SECONDS * rate), rate / frame_rate, count)
    energy = np.square(frames).sum(axis=1)
    if energy.max() <= 1e-12 * frames.shape[1]:
        return silent
    heard = np.flatnonzero(energy > _AUDIBLE * energy.max())
    fmax = min(fmax, 0.45 * rate)
    if fmin >= fmax:
        return silent
    parts = [_candidates(frames[heard[i : i + _CHUNK]], rate, fmin, fmax) for i in range(0, len(heard), _CHUNK)]
    pitches, scores = np.full((2, count, _CANDIDATES), np.nan)
    scores[:] = -np.inf
    pitches[heard], scores[heard] = (np.concatenate(part) for part in zip(*parts, strict=True))
    chosen = _best_path(pitches, scores, frame_rate)
    places = np.arange(count)
    voiced = chosen >= 0
    midi = np.where(voiced, pitches[places, chosen], np.nan).astype(np.float32)
    confidence = np.where(voiced, np.clip(scores[places, chosen], 0, 1), 0).astype(np.float32)
    return _as_one_note(PitchContour(midi, confidence, frame_rate), whole or estimate_f0(audio, int(rate)), heard)


def _cut(audio: np.ndarray, length: int, hop: float, count: int) -> np.ndarray:
    """`count` frames (count, length) centred on every `hop` samples, their means taken off; beyond the ends is silence."""
    starts = np.round(np.arange(count) * hop).astype(int)
    padded = np.pad(audio, (length // 2, length))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[starts]
    return frames - frames.mean(axis=1, keepdims=True)


def _candidates(frames: np.ndarray, rate: float, fmin: float, fmax: float) -> tuple[np.ndarray, np.ndarray]:
    """MIDI pitches (n, _CANDIDATES) of each frame's strongest candidates and their scores, 1 at most; -inf: there are fewer."""
    fmin = max(fmin, 2.0 * rate / frames.shape[1])
    grid = fmin * 2.0 ** np.arange(0, math.log2(fmax / fmin), 1 / STEPS_PER_OCTAVE)
    size = 1 << (2 * frames.shape[1] - 1).bit_length()
    nsdf = square_differences(frames, size, int(rate / fmin) + 3)
    periodicity = at_lags(nsdf, rate * LAG_UPSAMPLING / grid)
    # The template says which octave; how sure a pitch is, the periodicity alone says.
    score = periodicity + TEMPLATE_WEIGHT * (harmonicities(frames, size, rate, fmin, len(grid)) - 1)
    inner = score[:, 1:-1]
    peak = np.pad((inner >= score[:, :-2]) & (inner > score[:, 2:]), ((0, 0), (1, 1)))
    ranked = np.where(peak, score, -np.inf)
    best = np.argpartition(-ranked, _CANDIDATES, axis=1)[:, :_CANDIDATES]
    row = np.arange(len(frames))[:, None]
    lags = _refined(nsdf, rate * LAG_UPSAMPLING / grid[best])
    return np.asarray(hz_to_midi(rate * LAG_UPSAMPLING / lags)), ranked[row, best]


def _refined(nsdf: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """`lags` (n, k) moved to the maxima of `nsdf` (n, n_lags) near them, by a parabola through three points.

    Short lags are measured over several periods, as far as _SEVERAL lags.
    """
    periods = np.maximum(np.floor(_SEVERAL / lags), 1)
    middle = periods * lags
    reach = np.maximum(np.minimum(0.03 * middle, 0.4 * lags), 2)
    steps = np.arange(-math.ceil(reach.max()), math.ceil(reach.max()) + 1)
    around = np.clip(np.round(middle)[..., None].astype(int) + steps, 1, nsdf.shape[1] - 2)
    row = np.arange(len(nsdf))[:, None]
    near = np.where(np.abs(steps) <= reach[..., None], nsdf[row[..., None], around], -np.inf)
    peak = np.take_along_axis(around, near.argmax(axis=2)[..., None], axis=2)[..., 0]
    left, top, right = (nsdf[row, peak + step] for step in (-1, 0, 1))
    curve = left - 2 * top + right
    shift = np.where(curve < 0, 0.5 * (left - right) / np.minimum(curve, -1e-12), 0.0)
    return (peak + np.clip(shift, -1, 1)) / periods


def _best_path(pitches: np.ndarray, scores: np.ndarray, frame_rate: float) -> np.ndarray:
    """The candidate (n_frames,) of each frame on the best path, -1 for unvoiced."""
    count, k = scores.shape
    jump = _OCTAVE_COST * min(1.0, 100 / frame_rate) / 12 * (frame_rate / 100) ** 0.5
    heights = jump * np.nan_to_num(pitches)
    gains = np.column_stack([scores, np.full(count, _UNVOICED)])
    reached = np.empty((k + 1, k + 1))  # to, from
    total = gains[0]
    back = np.zeros((count, k + 1), dtype=int)
    for i in range(1, count):
        np.subtract.outer(heights[i], heights[i - 1], out=reached[:k, :k])
        np.abs(reached[:k, :k], out=reached[:k, :k])
        reached[k, :k] = reached[:k, k] = _VOICING_COST
        reached[k, k] = 0.0
        np.subtract(total, reached, out=reached)
        back[i] = reached.argmax(axis=1)
        total = reached.max(axis=1) + gains[i]
    path = np.empty(count, dtype=int)
    path[-1] = int(total.argmax())
    for i in range(count - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return np.where(path == k, -1, path)


def _as_one_note(contour: PitchContour, whole: F0, heard: np.ndarray) -> PitchContour:
    """A contour of one note, in the octave of the whole note's measured pitch: that sees longer stretches.

    Where no frame has a pitch but the whole note has, the frames that are `heard` (their numbers) have it.
    """
    if not whole.voiced:
        return contour
    contour = _in_its_octave(contour, whole, heard)
    off = contour.median - whole.midi
    near = abs(off) <= _NEAR_WHOLE
    octaves = abs(off - 12 * round(off / 12)) <= _AGREE
    sure = whole.sure if octaves and not near else near or whole.confidence >= DOUBTFUL or not contour.is_settled
    return replace(contour, whole=whole.midi) if sure else contour


def _in_its_octave(contour: PitchContour, whole: F0, heard: np.ndarray) -> PitchContour:
    voiced = contour.midi[contour.voiced]
    if not len(voiced):
        midi, confidence = contour.midi.copy(), contour.confidence.copy()
        midi[heard], confidence[heard] = whole.midi, whole.confidence
        return replace(contour, midi=midi, confidence=confidence)
    octaves = np.round((voiced - whole.midi) / 12)
    beside = np.abs(voiced - whole.midi - 12 * octaves)
    share = np.unique(octaves, return_counts=True)[1].max() / len(octaves)
    if share < _ONE_NOTE or np.percentile(beside, 100 * _ONE_NOTE) > _AGREE:
        return contour
    midi = contour.midi - 12 * np.round((contour.midi - np.float32(whole.midi)) / 12)
    return replace(contour, midi=midi.astype(np.float32))
