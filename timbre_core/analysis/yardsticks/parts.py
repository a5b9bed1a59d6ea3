"""A timbre space against the yardsticks, on notes of a library: four parts of an evaluation."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from timbre_core.analysis.inversion_measures import threads
from timbre_core.analysis.latents import spread_over
from timbre_core.analysis.probes import probe
from timbre_core.analysis.yardsticks.cross_pitch import Pair, choose_pairs, measure_pairs, summarise_pairs
from timbre_core.analysis.yardsticks.generalisation import family_probe, retrieval
from timbre_core.analysis.yardsticks.listening import (
    ListeningTest,
    agreement,
    code_distances,
    mfcc_agreement,
    read_sounds,
)
from timbre_core.analysis.yardsticks.mfcc import mfcc_mean_and_deviation
from timbre_core.analysis.yardsticks.shifters import Shifter, shifters
from timbre_core.analysis.yardsticks.sound import Profile, sound_measures, summarise_sounds
from timbre_core.datasets.library import Library
from timbre_core.datasets.roots import without_root
from timbre_core.datasets.threads import in_threads
from timbre_core.errors import TimbreError

PAIRS = 100
"""Cross-pitch pairs that are measured, unless told otherwise: ten to each interval and direction."""

SOUND_NOTES = 200
"""Notes whose sound is measured, unless told otherwise."""

FIT_NOTES = 1500
"""Notes of other instruments that a family probe is fitted on, at most."""

_MFCC_RATE = 16_000
_NOT_TOLD = "its model is not told the pitch, so it cannot be asked for another one"

Result = TypeVar("Result")


AtPitch = Callable[[np.ndarray, float, float, float | None], np.ndarray]
"""Audio (n_samples,), its MIDI pitch, the pitch to sound at and a MIDI velocity (None: its own) -> audio."""


@dataclass(frozen=True)
class Measured:
    """What is measured of a timbre space: audio is (n_samples,) at its `sample_rate`, pitches are MIDI.

    code: audio and its pitch (None: not known) -> its place (dim,), in which `distance` is Euclid's.
    at_pitch: by name, ways to sound one note at another pitch; "model" is the model's own, where it can be asked for one.
    both: audio and its pitch -> its features inverted, and its reconstruction.
    learned_from: instruments that a network of `at_pitch`, other than the space's own, was trained on.
    All may raise TimbreError for a sound that they cannot use.
    """

    name: str
    sample_rate: int
    distance: str
    code: Callable[[np.ndarray, float | None], np.ndarray]
    at_pitch: Mapping[str, AtPitch]
    both: Callable[[np.ndarray, float | None], tuple[np.ndarray, np.ndarray]]
    learned_from: frozenset[str] = frozenset()


@dataclass
class Yardsticks:
    """A space, and the rows of a library's notes that it is measured on.

    `skipped` gathers what could not be used; each note is named once, those in `named` were before.
    """

    space: Measured
    library: Library
    rows: np.ndarray
    seed: int = 0
    progress: bool = True
    skipped: list[tuple[str, str]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    def generalisation(self) -> dict[str, Any]:
        """Codes of notes of instruments that a probe was not fitted on; MFCC (mean and deviation) beside them.

        family_probe_accuracy (with `_interval`, `_balanced`, `_mfcc`), family_majority, fitted_on (in words);
        retrieval_map (with `_interval`, `_mfcc`), retrieval_nearest (with `_mfcc`), retrieval_chance; of the codes as the map
        has them pitch_probe_accuracy and pitch_probe_r2 with pitch_chance, cross-validated by instrument; notes, instruments.
        """
        fit = self._rows_to_fit_on()
        rows = np.concatenate([self.rows, fit])
        found = self._over(rows, self._codes, "codes")
        rows = np.array([row for row, _ in found], dtype=np.int64)
        codes, mfcc = (np.stack([pair[side] for _, pair in found]) for side in (0, 1))
        notes = self.library.notes.iloc[rows]
        instrument, family = notes["instrument"].to_numpy(), notes["family"].to_numpy()
        pitch = notes["pitch"].to_numpy(np.float64)
        asked = np.isin(rows, self.rows)
        told: dict[str, Any] = {"notes": int(asked.sum()), "instruments": len(set(instrument[asked]))}
        for ending, points in (("", codes), ("_mfcc", mfcc)):
            if len(fit):
                probed = family_probe(points, family, instrument, fit=~asked)
            else:
                probed = family_probe(points[asked], family[asked], instrument[asked])
            nearest = retrieval(points[asked], pitch[asked], instrument[asked])
            told |= {
                f"family_probe_accuracy{ending}": probed["accuracy"],
                f"family_probe_interval{ending}": probed["interval"],
                f"family_probe_balanced{ending}": probed["balanced_accuracy"],
                f"retrieval_map{ending}": nearest["map"],
                f"retrieval_map_interval{ending}": nearest["interval"],
                f"retrieval_nearest{ending}": nearest["nearest"],
            }
        told |= {"family_majority": probed["majority"], "retrieval_chance": nearest["chance"]}
        how = "cross-validated by instrument" if not len(fit) else f"fitted on {(~asked).sum()} notes"
        told["fitted_on"] = f"{how}, of {probed['fitted_instruments']} instruments that none of the notes is of"
        probes = probe(codes[asked], pitch[asked], family[asked], instrument[asked], self.seed).values
        told |= {name: probes[name] for name in ("pitch_probe_accuracy", "pitch_probe_r2", "pitch_chance")}
        return told

    def cross_pitch(self, most: int = PAIRS) -> dict[str, Any]:
        """One note to its instrument's other notes: see `summarise_pairs`; the space's ways beside the shifters there are.

        Beside it, of the model: log_mel_db, stft, at_5 and at_12; best_other, the shifter of the least error, and best_other_db.
        `reason` says why there is no figure of the model, or no pair. Of the rows, those of instruments that no way of it has
        learned from, if there are any.
        """
        ways = self.space.at_pitch
        if not ways:
            return _not_asked(_NOT_TOLD)
        instrument = self.library.notes["instrument"].iloc[self.rows].map(without_root)
        unseen = self.rows[~instrument.isin(self.space.learned_from)]
        pairs = choose_pairs(self.library.notes, unseen if len(unseen) else self.rows, most)
        if not pairs:
            return _not_asked("no instrument has two notes of one velocity 2, 5, 7, 12 or 24 semitones apart")
        others = shifters()
        # Notes are shared out to the cores: threads within a note would get in each other's way.
        with threads(1):
            parts = in_threads(lambda pair: self._pair(pair, others), pairs, "pair", "cross-pitch", self.progress)
            known = [part.assign(pair=number) for number, (_, part) in enumerate(parts) if len(part)]
        if not known:
            return _not_asked("none of the pairs could be read")
        summary = summarise_pairs(pd.concat(known, ignore_index=True), list(ways))
        errors = {name: part["log_mel_db"] for name, part in summary["methods"].items() if name in others}
        model = summary["methods"].get("model", {})
        best = min(errors, key=lambda name: errors[name])
        return summary | {
            "log_mel_db": model.get("log_mel_db"),
            "stft": model.get("stft"),
            "at_5": model.get("by_interval", {}).get("5"),
            "at_12": model.get("by_interval", {}).get("12"),
            "best_share": model.get("best_share"),
            "best_other": best,
            "best_other_db": errors[best],
            **({} if "model" in ways else {"reason": _NOT_TOLD}),
        }

    def sound(self, most: int = SOUND_NOTES) -> dict[str, Any]:
        """Reconstructions against the notes: `inversion` (no model) and `model`, each as `summarise_sounds` says."""
        rows = self.rows[spread_over(self.library.notes.iloc[self.rows], most)]
        found = self._over(rows, self._sounds, "sound")
        instrument = self.library.notes["instrument"].to_numpy()[[row for row, _ in found]]
        tables = [pd.DataFrame([pair[side] for _, pair in found]).assign(instrument=instrument) for side in (0, 1)]
        return {name: summarise_sounds(table) for name, table in zip(("inversion", "model"), tables, strict=True)}

    def listening(self, tests: Sequence[ListeningTest]) -> dict[str, Any]:
        """Agreement with listening tests: see `agreement`; `mfcc` beside it, and how many sounds the space could not use."""
        left_out = len(self.skipped)
        told = agreement(tests, self._distances)
        return (
            told | mfcc_agreement(tests) | {"left_out": len(self.skipped) - left_out, "distance": self.space.distance}
        )

    def _rows_to_fit_on(self) -> np.ndarray:
        """Notes of the library's other instruments, where they are of at least half of the families asked for."""
        notes = self.library.notes
        own = set(notes["instrument"].iloc[self.rows])
        others = np.flatnonzero(~notes["instrument"].isin(own).to_numpy())
        families = set(notes["family"].iloc[self.rows])
        if 2 * len(families & set(notes["family"].iloc[others])) < max(2, len(families)):
            return others[:0]
        return others[spread_over(notes.iloc[others], FIT_NOTES)]

    def _codes(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        code = self.space.code(self.library.load(row, self.space.sample_rate), self._pitch(row))
        return code, mfcc_mean_and_deviation(self.library.load(row, _MFCC_RATE), _MFCC_RATE)

    def _sounds(self, row: int) -> tuple[dict[str, float], dict[str, float]]:
        rate, pitch = self._rate(row), self._pitch(row)
        wanted = Profile(self.library.load(row, rate), rate, pitch)
        inverted, made = self.space.both(self.library.load(row, self.space.sample_rate), pitch)
        own = self.space.sample_rate
        return sound_measures(wanted, resampled(inverted, own, rate)), sound_measures(
            wanted, resampled(made, own, rate)
        )

    def _pair(self, pair: Pair, others: dict[str, Shifter]) -> pd.DataFrame:
        """The pair's rows of `measure_pairs`, at the rate of its recordings where that is lower than the space's."""
        try:
            rate = min(self._rate(pair.source), self._rate(pair.target))
        except TimbreError as error:
            self._skip(pair.source, error)
            return pd.DataFrame()
        velocity = float(self.library.notes["velocity"].to_numpy(np.float64)[pair.target])
        own, told = self.space.sample_rate, None if math.isnan(velocity) else velocity

        def shifter(way: AtPitch) -> Shifter:
            return lambda audio, rate, pitch, to_pitch: resampled(
                way(resampled(audio, rate, own), pitch, to_pitch, told), own, rate
            )

        every = {name: shifter(way) for name, way in self.space.at_pitch.items()} | others
        return measure_pairs([pair], self.library.notes, lambda row: self.library.load(row, rate), rate, every, False)

    def _distances(self, test: ListeningTest) -> np.ndarray:
        """The space's distances, NaN of a sound that it cannot use."""
        sounds = read_sounds(test, self.space.sample_rate)
        codes: list[np.ndarray | None] = []
        for path, audio in zip(test.sounds, sounds, strict=True):
            try:
                codes.append(self.space.code(audio, None))
            except TimbreError as error:
                self.skipped.append((str(path), str(error)))
                codes.append(None)
        known = [place for place, code in enumerate(codes) if code is not None]
        distances = np.full((len(codes), len(codes)), math.nan)
        if known:
            distances[np.ix_(known, known)] = code_distances(np.stack([code for code in codes if code is not None]))
        return distances

    def _over(
        self, rows: Iterable[int] | np.ndarray, what: Callable[[int], Result], title: str
    ) -> list[tuple[int, Result]]:
        """What is found of each row that can be used; the others are told and left out."""

        def tried(row: int) -> tuple[int, Result] | None:
            try:
                return row, what(row)
            except TimbreError as error:
                self._skip(row, error)
                return None

        with threads(1):
            tries = in_threads(tried, [int(row) for row in rows], "note", title, self.progress)
            found = [each for _, each in tries if each is not None]
        if not found:
            raise TimbreError(f"no usable note in {', '.join(self.library.roots)}: give --data with other notes.")
        return found

    def _pitch(self, row: int) -> float | None:
        pitch = float(self.library.notes["pitch"].to_numpy(np.float64)[row])
        return None if math.isnan(pitch) else pitch

    def _rate(self, row: int) -> int:
        """Hz that a note is compared at: nothing is above its own rate, nothing of the space above the space's."""
        return min(self.space.sample_rate, self.library.native_rate(row))

    def _skip(self, row: int, error: TimbreError) -> None:
        name = str(self.library.notes["note_id"].iloc[row])
        self.skipped.append((name, str(error)))
        if name not in self.named:
            self.named.add(name)
            tqdm.write(f"skipped {name}: {error}", file=sys.stderr)


def resampled(audio: np.ndarray, rate: int, to_rate: int) -> np.ndarray:
    """Audio (n_samples,) at another sample rate, Hz."""
    if rate == to_rate:
        return audio
    import soxr

    return np.asarray(soxr.resample(np.asarray(audio, dtype=np.float32), rate, to_rate, quality="HQ"))


def _not_asked(reason: str) -> dict[str, Any]:
    return {"pairs": 0, "methods": {}, "log_mel_db": None, "best_share": None, "reason": reason}
