"""Probes: how much pitch and how much of the instrument family can be read from note means.

A probe is a standard classifier or regressor trained on latents alone and scored on notes it has not seen. Folds keep
groups together: a pitch probe is scored on instruments, a family probe on pitches that it was not trained on, so that
neither can succeed by recognising a note's neighbours.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOST_NOTES = 5_000
"""Probes see at most this many notes, drawn with a fixed seed: enough to measure a percent, done within a minute."""

_FOLDS = 5
_OTHER_INSTRUMENTS = "other instruments than the notes asked about"
_SAME_INSTRUMENTS = "the same instruments as the notes asked about, at other {}"


@dataclass
class ProbeResults:
    """values: name -> share of notes right, R2 or silhouette; None where it is undefined, with the reason in `notes_on`.

    fitted_on: `pitch_probe` and `family_probe` -> in words, on which instruments they were fitted.
    """

    values: dict[str, float | None] = field(default_factory=dict)
    fitted_on: dict[str, str] = field(default_factory=dict)
    notes_on: dict[str, str] = field(default_factory=dict)


def probe(mu: np.ndarray, pitch: np.ndarray, family: np.ndarray, instrument: np.ndarray, seed: int = 0) -> ProbeResults:
    """Probe note means.

    Args:
        mu: (n, latent_dim). pitch: MIDI (n,), NaN unknown. family, instrument: labels (n,).

    Returns, in `values`:
        pitch_probe_accuracy: exact key (rounded pitch) by multinomial logistic regression, cross-validated by instrument.
        pitch_probe_r2: R2 of MIDI pitch by ridge regression, same folds; 0 is no better than the mean, below is worse.
        pitch_chance, family_chance: accuracy, in the same folds, of always naming the commonest training label, or of guessing
            any label where that is better: with few notes the commonest of the others may never be right.
        family_probe_accuracy: by multinomial logistic regression, cross-validated by pitch. Where no note has one, as spoken
            digits have not, by instrument: a digit is read from speakers that the probe was not fitted on; and by note
            where there is one instrument alone.
        family_silhouette: mean silhouette of the families (Rousseeuw 1987), -1 to 1, Euclidean.
        and pitch_probe_accuracy_nonlinear, pitch_probe_r2_nonlinear, family_probe_accuracy_nonlinear: the same folds with
        support vector machines (radial basis functions), which find what no plane separates. Of the usual probes they
        read the most out of NSynth latents (others: a neural network, random trees, nearest neighbours, boosting).
        All latents are standardised with the training folds' mean and deviation.
    """
    results = ProbeResults()
    chosen = np.arange(len(mu))
    if len(mu) > MOST_NOTES:
        chosen = np.sort(np.random.default_rng(seed).choice(len(mu), MOST_NOTES, replace=False))
    mu, pitch, family, instrument = (np.asarray(array)[chosen] for array in (mu, pitch, family, instrument))
    known = ~np.isnan(pitch)
    _pitch_probes(results, mu[known], pitch[known], instrument[known])
    _family_probes(results, mu, pitch, family, instrument)
    return results


def _pitch_probes(results: ProbeResults, mu: np.ndarray, pitch: np.ndarray, instrument: np.ndarray) -> None:
    key = np.rint(pitch).astype(np.int64)
    names = ("pitch_probe_accuracy", "pitch_chance", "pitch_probe_r2")
    nonlinear = ("pitch_probe_accuracy_nonlinear", "pitch_probe_r2_nonlinear")
    reason = _undefined(key, instrument, "instruments", "pitches")
    if reason:
        _leave_out(results, (*names, *nonlinear), reason)
        return
    results.fitted_on["pitch_probe"] = _OTHER_INSTRUMENTS
    folds = _folds(mu, instrument)
    accuracy = {
        "pitch_probe_accuracy": _logistic(),
        "pitch_chance": _commonest(),
        "pitch_probe_accuracy_nonlinear": _curved(),
    }
    for name, model in accuracy.items():
        results.values[name] = float((_predicted(model, mu, key, folds) == key).mean())
    _no_worse_than_guessing(results, "pitch_chance", key)
    for name, model in {"pitch_probe_r2": _ridge(), "pitch_probe_r2_nonlinear": _curved_regressor()}.items():
        residual = _predicted(model, mu, pitch, folds) - pitch
        results.values[name] = float(1.0 - (residual**2).sum() / ((pitch - pitch.mean()) ** 2).sum())


def _family_probes(
    results: ProbeResults, mu: np.ndarray, pitch: np.ndarray, family: np.ndarray, instrument: np.ndarray
) -> None:
    from sklearn.metrics import silhouette_score

    names = ("family_probe_accuracy", "family_chance", "family_probe_accuracy_nonlinear")
    known = ~np.isnan(pitch)
    label = np.unique(family, return_inverse=True)[1]
    key = np.rint(np.where(known, pitch, 0)).astype(np.int64)
    results.fitted_on["family_probe"] = _SAME_INSTRUMENTS.format("pitches")
    if not known.any():
        known = np.ones(len(mu), dtype=bool)
        key = np.unique(instrument, return_inverse=True)[1]
        several = len(set(key)) > 1
        results.fitted_on["family_probe"] = _OTHER_INSTRUMENTS if several else _SAME_INSTRUMENTS.format("notes")
        key = key if several else np.arange(len(mu))
    reason = _undefined(label[known], key[known], "pitches", "families")
    if reason:
        _leave_out(results, names, reason)
    else:
        folds = _folds(mu[known], key[known])
        for name, model in zip(names, (_logistic(), _commonest(), _curved()), strict=True):
            results.values[name] = float((_predicted(model, mu[known], label[known], folds) == label[known]).mean())
        _no_worse_than_guessing(results, "family_chance", label[known])
    if 2 <= len(set(label)) < len(label):
        results.values["family_silhouette"] = float(silhouette_score(mu, label))
    else:
        _leave_out(results, ("family_silhouette",), "a silhouette needs two families, and more notes than families")


def _no_worse_than_guessing(results: ProbeResults, chance: str, label: np.ndarray) -> None:
    results.values[chance] = max(results.values[chance] or 0.0, 1 / len(set(label.tolist())))


def _undefined(label: np.ndarray, group: np.ndarray, groups: str, labels: str) -> str:
    """Why there is nothing to probe, or nothing."""
    if len(set(group)) < 2:
        return f"cross-validation needs notes of at least two {groups} whose pitch is known"
    if len(set(label)) < 2:
        return f"there are no two different {labels} to tell apart"
    return ""


def _leave_out(results: ProbeResults, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        results.values[name] = None
        results.notes_on[name] = reason


def _folds(mu: np.ndarray, group: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import GroupKFold

    return list(GroupKFold(min(_FOLDS, len(set(group)))).split(mu, groups=group))


def _predicted(
    model: Callable[[], Any], mu: np.ndarray, target: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """What models trained on the other folds say about each note."""
    predicted = np.empty(len(target), dtype=target.dtype)
    for train, test in folds:
        if len(set(target[train])) < 2:  # nothing to learn: a classifier would refuse
            predicted[test] = target[train][0]
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an iteration limit reached, a class of one note: the score tells
            predicted[test] = model().fit(mu[train], target[train]).predict(mu[test])
    return predicted


def _logistic() -> Callable[[], Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return lambda: make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=300))


def _ridge() -> Callable[[], Any]:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return lambda: make_pipeline(StandardScaler(), Ridge(alpha=1.0))


def _commonest() -> Callable[[], Any]:
    from sklearn.dummy import DummyClassifier

    return lambda: DummyClassifier(strategy="most_frequent")


def _curved() -> Callable[[], Any]:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return lambda: make_pipeline(StandardScaler(), SVC(C=100.0))


def _curved_regressor() -> Callable[[], Any]:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    return lambda: TransformedTargetRegressor(
        make_pipeline(StandardScaler(), SVR(C=10.0)), transformer=StandardScaler()
    )
