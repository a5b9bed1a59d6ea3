"""What codes of notes tell about instruments that nothing was fitted on: retrieval across pitches, family of unseen ones."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from timbre_core.analysis.yardsticks.intervals import bootstrap

_FOLDS = 5


def retrieval(codes: np.ndarray, pitch: np.ndarray, instrument: np.ndarray) -> dict[str, Any]:
    """Is the nearest note at another pitch of the same instrument?

    Each note with a known pitch is asked for in turn; all notes at another key are ranked by the Euclidean distance of their
    codes to its own, and those of its instrument are right.

    Args:
        codes: (n, dim). pitch: MIDI (n,), NaN unknown (left out). instrument: labels (n,).

    Returns:
        map: mean average precision over notes that have a right answer (Manning et al., "Introduction to Information
        Retrieval", 2008, section 8.4); interval: its bootstrap interval over instruments; nearest: share whose nearest note
        is right; chance: the mean share of right notes, what a random order reaches (a little more with few notes); notes.
        None where no instrument plays two keys.
    """
    known = ~np.isnan(np.asarray(pitch, dtype=np.float64))
    codes, instrument = np.asarray(codes, dtype=np.float64)[known], np.asarray(instrument)[known]
    key = np.rint(np.asarray(pitch, dtype=np.float64)[known])
    precision, first, share = np.full((3, len(codes)), math.nan)
    for note in range(len(codes)):
        others = key != key[note]
        right = instrument[others] == instrument[note]
        if not right.any():
            continue
        order = np.argsort(np.linalg.norm(codes[others] - codes[note], axis=1), kind="stable")
        places = np.flatnonzero(right[order])
        precision[note] = np.mean(np.arange(1, len(places) + 1) / (places + 1))
        first[note], share[note] = places[0] == 0, right.mean()
    asked = int(np.isfinite(precision).sum())
    if not asked:
        return {"map": None, "interval": None, "nearest": None, "chance": None, "notes": 0}
    return {
        "map": float(np.nanmean(precision)),
        "interval": bootstrap(precision, instrument),
        "nearest": float(np.nanmean(first)),
        "chance": float(np.nanmean(share)),
        "notes": asked,
    }


def family_probe(
    codes: np.ndarray, family: np.ndarray, instrument: np.ndarray, fit: np.ndarray | None = None
) -> dict[str, Any]:
    """Is the family of an instrument in its notes' codes? A linear probe that was fitted on notes of other instruments.

    Multinomial logistic regression on codes standardised by the notes it is fitted on.

    Args:
        codes: (n, dim). family, instrument: labels (n,).
        fit: (n,) whether a note is one to fit on, of instruments that none of the others is of; None: cross-validated by
            instrument, five folds in which each family has notes on both sides as far as it can.

    Returns:
        accuracy; interval: its bootstrap interval over instruments; balanced_accuracy, the mean over families; majority, what
        always naming the commonest family reaches; fitted_instruments, instruments, notes: how many it was fitted and tested
        on (cross-validated: fitted on all but the fold's). None without two families, or families to fit on.

    Raises:
        ValueError: an instrument is on both sides.
    """
    codes = np.asarray(codes, dtype=np.float64)
    family, instrument = np.asarray(family), np.asarray(instrument)
    if fit is None:
        tested = np.ones(len(codes), dtype=bool)
        folds = _by_instrument(codes, family, instrument)
    else:
        tested = ~np.asarray(fit, dtype=bool)
        if set(instrument[tested]) & set(instrument[~tested]):
            raise ValueError("a probe of unseen instruments must not be fitted on notes of theirs")
        folds = [(np.flatnonzero(~tested), np.flatnonzero(tested))]
    folds = [(train, test) for train, test in folds if len(test) and len(set(family[train])) > 1]
    if not folds or len(set(family[tested])) < 2:
        names = ("accuracy", "interval", "balanced_accuracy", "majority")
        return dict.fromkeys(names) | {"fitted_instruments": 0, "instruments": 0, "notes": 0}
    said = np.empty(len(codes), dtype=family.dtype)
    for train, test in folds:
        said[test] = _linear_probe(codes[train], family[train]).predict(codes[test])
    places = np.concatenate([test for _, test in folds])
    right = (said[places] == family[places]).astype(np.float64)
    families, counts = np.unique(family[places], return_counts=True)
    return {
        "accuracy": float(right.mean()),
        "interval": bootstrap(right, instrument[places]),
        "balanced_accuracy": float(np.mean([right[family[places] == name].mean() for name in families])),
        "majority": float(counts.max() / counts.sum()),
        "fitted_instruments": int(np.mean([len(set(instrument[train])) for train, _ in folds])),
        "instruments": len(set(instrument[places])),
        "notes": len(places),
    }


def _by_instrument(
    codes: np.ndarray, family: np.ndarray, instrument: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedGroupKFold

    count = min(_FOLDS, len(set(instrument)), int(np.unique(family, return_counts=True)[1].max()))
    if count < 2:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a family of fewer instruments than folds: the score tells
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=0)
        return list(splitter.split(codes, family, groups=instrument))


def _linear_probe(codes: np.ndarray, family: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an iteration limit reached: the score tells
        return make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000)).fit(codes, family)
