"""Do distances agree with what listeners call similar? Published listening tests, and the share of triplets ordered alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.analysis.yardsticks.mfcc import mfcc_in_time, mfcc_mean
from timbre_core.errors import TimbreError
from timbre_core.features.audio import load_audio

RATINGS = "dissimilarity.txt"
"""The file of a listening test that holds its mean ratings."""

MARGIN = 0.1
"""Of the range of a test's ratings: pairs that people rated nearer to each other than this have no order."""

_ENDINGS = (".aiff", ".aif", ".wav", ".flac")
_MFCC_RATE = 44_100


@dataclass(frozen=True)
class ListeningTest:
    """Sounds, and how dissimilar people rated each pair: `rated` (n, n), symmetric, 0 on the diagonal, scaled to 0..1."""

    name: str
    sounds: tuple[Path, ...]
    rated: np.ndarray


Distances = Callable[[ListeningTest], np.ndarray]
"""A model's distances (n, n) between the sounds of a test."""


def read_listening_tests(folder: Path | str) -> list[ListeningTest]:
    """The listening tests in a folder, by name: one folder each (or the folder itself), sounds and `dissimilarity.txt`.

    The sounds (.aiff, .aif, .wav, .flac) belong, in the order of their names, to the rows and columns of the matrix, whose upper
    triangle is read; ratings are scaled so that 0 stays the same sound and 1 is the largest. Raises TimbreError, naming the
    file, where there is none, or sounds and ratings do not fit together.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise TimbreError(f"{folder}: there is no such folder: give the folder of listening tests.")
    tests = [folder] if (folder / RATINGS).is_file() else sorted(path.parent for path in folder.glob(f"*/{RATINGS}"))
    if not tests:
        raise TimbreError(
            f"{folder}: no folder in it holds a {RATINGS}: give a folder with one folder per listening test."
        )
    return [_read(test) for test in tests]


def _read(folder: Path) -> ListeningTest:
    file = folder / RATINGS
    sounds = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS))
    try:
        rows = [
            [float(word) for word in line.replace(",", " ").split()] for line in file.read_text("utf-8").splitlines()
        ]
    except (OSError, ValueError) as error:
        raise TimbreError(f"{file}: not readable as numbers ({error}): get it again.") from error
    count, rows = len(sounds), [row for row in rows if row]
    if count < 3:
        raise TimbreError(f"{folder}: {count} sounds make no triplet: a listening test needs three or more.")
    if not count - 1 <= len(rows) <= count or any(len(row) != count for row in rows):
        raise TimbreError(
            f"{file}: no {count - 1} or {count} rows of {count} ratings, as the {count} sounds beside it need."
        )
    matrix = np.zeros((count, count))
    matrix[: len(rows)] = rows
    upper = np.triu(matrix, 1)
    if not np.isfinite(upper).all() or upper.min() < 0 or upper.max() <= 0:
        raise TimbreError(f"{file}: dissimilarities must be finite, 0 or more, and not all the same: get it again.")
    return ListeningTest(folder.name, sounds, (upper + upper.T) / upper.max())


def triplet_agreement(rated: np.ndarray, distances: np.ndarray, margin: float = MARGIN) -> np.ndarray:
    """Share of triplets that distances order as people do, for each sound as anchor: (n,), NaN for an anchor without any.

    For an anchor, of all pairs of other sounds whose rated dissimilarities to it differ by more than `margin`, those count as
    ordered alike whose distances to it differ in the same direction: equal distances do not. Both matrices are (n, n) and
    symmetric, `rated` is scaled to 0..1. Chance is 0.5. Raises TimbreError for distances of another shape or not finite.
    """
    rated, distances = np.asarray(rated, dtype=np.float64), np.asarray(distances, dtype=np.float64)
    if rated.shape != distances.shape or not np.isfinite(distances).all():
        raise TimbreError(
            f"distances of shape {distances.shape} do not fit ratings of {rated.shape}, or are not finite."
        )
    shares = np.full(len(rated), math.nan)
    for anchor in range(len(rated)):
        others = np.arange(len(rated)) != anchor
        people = np.subtract.outer(rated[anchor, others], rated[anchor, others])
        model = np.subtract.outer(distances[anchor, others], distances[anchor, others])
        ordered = people > margin
        if ordered.any():
            shares[anchor] = (model[ordered] > 0).mean()
    return shares


def code_distances(codes: np.ndarray) -> np.ndarray:
    """Euclidean distances (n, n) of codes (n, dim)."""
    codes = np.asarray(codes, dtype=np.float64)
    return np.linalg.norm(codes[:, None] - codes[None], axis=2)


def embedding_distances(embed: Callable[[np.ndarray], np.ndarray], sample_rate: int) -> Distances:
    """Euclidean distances of what `embed` makes of audio (n_samples,) at `sample_rate`; see `read_sounds`."""

    def distances(test: ListeningTest) -> np.ndarray:
        return code_distances(np.stack([embed(audio) for audio in read_sounds(test, sample_rate)]))

    return distances


def read_sounds(test: ListeningTest, sample_rate: int, one_length: bool = False) -> list[np.ndarray]:
    """Audio (n_samples,) of a test's sounds at `sample_rate`; with `one_length` followed by silence up to the longest."""
    sounds = [load_audio(path, sample_rate) for path in test.sounds]
    longest = max(map(len, sounds))
    return [np.pad(audio, (0, longest - len(audio))) for audio in sounds] if one_length else sounds


def agreement(tests: Sequence[ListeningTest], distances: Distances) -> dict[str, Any]:
    """`agreement`, over all anchors of all tests; `by_test`; how many `tests` and `sounds`.

    A sound whose distance to itself is NaN is left out of its test. None, and no test, where no test has three others.
    """
    by_test: dict[str, float] = {}
    weights: list[int] = []
    for test in tests:
        found = distances(test)
        known = np.flatnonzero(np.isfinite(np.diag(found)))
        if len(known) < 3:
            continue
        shares = triplet_agreement(test.rated[np.ix_(known, known)], found[np.ix_(known, known)])
        if np.isfinite(shares).any():
            by_test[test.name] = float(np.nanmean(shares))
            weights.append(len(known))
    # Tests weighted by their number of sounds: the mean over all anchors, where each has a triplet.
    whole = float(np.average(list(by_test.values()), weights=weights)) if by_test else None
    return {"agreement": whole, "by_test": by_test, "tests": len(by_test), "sounds": sum(weights)}


def mfcc_agreement(tests: Sequence[ListeningTest]) -> dict[str, float]:
    """What MFCC reach: `mfcc` with time kept (sounds of a test at one length), `mfcc_averaged` their mean over time."""

    def kept(test: ListeningTest) -> np.ndarray:
        return code_distances(np.stack([mfcc_in_time(a, _MFCC_RATE) for a in read_sounds(test, _MFCC_RATE, True)]))

    averaged = embedding_distances(partial(mfcc_mean, sample_rate=_MFCC_RATE), _MFCC_RATE)
    return {
        "mfcc": agreement(tests, kept)["agreement"],
        "mfcc_averaged": agreement(tests, averaged)["agreement"],
    }
