"""Evaluations side by side: the same figures of several checkpoints, the best of each marked.

Evaluations are what `analysis.evaluation.evaluate` returns, read from JSON files that may be old or written by others: a
figure that is missing, or is no number, is simply not there.
"""

from __future__ import annotations

import html
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from timbre_core.analysis.figures import FIGURES, Figure
from timbre_core.datasets.vocabulary import Vocabulary
from timbre_core.wording import counted

Evaluations = Mapping[str, Mapping[str, Any]]
"""A checkpoint's name as people read it -> its evaluation."""


@dataclass(frozen=True)
class Cell:
    """A figure of one checkpoint as people read it: an empty text where it was not measured."""

    text: str
    aside: str = ""
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One figure of all checkpoints, in their order."""

    figure: Figure
    cells: list[Cell]


def number(evaluation: Mapping[str, Any], section: str, name: str) -> float | None:
    """A figure of an evaluation, None where it is missing or no finite number; `name` may have dots, see `Figure`."""
    value: Any = evaluation.get(section)
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


USUAL_WORDS = Vocabulary()


def compare(
    evaluations: Evaluations, features: Mapping[str, Hashable] | None = None, words: Vocabulary = USUAL_WORDS
) -> list[Row]:
    """A row for each figure that at least one checkpoint has.

    features: what each checkpoint reads (its recipe's features); None: all the same. The best are marked among those of
    the same features that were measured on the same notes, where two or more have the figure and it tells them apart.
    words: what the notes' families are called.
    """
    kinds = [
        (None if features is None else features.get(name), _measured(evaluation))
        for name, evaluation in evaluations.items()
    ]
    rows = (_row(_worded(figure, words), evaluations, kinds, words) for figure in FIGURES)
    return [row for row in rows if any(cell.text for cell in row.cells)]


def _worded(figure: Figure, words: Vocabulary) -> Figure:
    if words.family == USUAL_WORDS.family:
        return figure
    title, meaning = (
        text.replace("Family", words.title("family"))
        .replace("instrument family", words.family)
        .replace("the family", f"the {words.family}")
        .replace("families", f"{words.family}s")
        .replace("instruments", f"{words.instrument}s")
        for text in (figure.title, figure.meaning)
    )
    return replace(figure, title=title, meaning=meaning)


def _row(figure: Figure, evaluations: Evaluations, kinds: Sequence[Hashable], words: Vocabulary) -> Row:
    values = [number(evaluation, figure.section, figure.name) for evaluation in evaluations.values()]
    texts = ["" if value is None else figure.form.format(value * figure.scale) for value in values]
    if figure.name in _OF_SAMPLING:
        texts = [
            text and (text if _samples(evaluation) else "-")
            for text, evaluation in zip(texts, evaluations.values(), strict=True)
        ]
    asides = [_aside(figure, evaluation, words) for evaluation in evaluations.values()]
    best = {
        kind: _best(figure, [(v, t) for v, t, k in zip(values, texts, kinds, strict=True) if k == kind])
        for kind in kinds
    }
    cells = [
        Cell(text, aside if text else "", bool(text) and text == best[kind])
        for text, aside, kind in zip(texts, asides, kinds, strict=True)
    ]
    return Row(figure, cells)


def _best(figure: Figure, told: Sequence[tuple[float | None, str]]) -> str:
    """The best of some values, as it is written; nothing where they do not differ."""
    measured = [(value, text) for value, text in told if value is not None]
    # Compared as they are written: figures that look the same are the same.
    if not figure.better or len({text for _, text in measured}) < 2:
        return ""
    return (min if figure.better == "lower" else max)(measured)[1]


_OF_SAMPLING = ("kl_total", "active_units")
"""Figures that hold latents against the prior: a model that draws none has its own scale, and nothing to hold against it."""


def _samples(evaluation: Mapping[str, Any]) -> bool:
    """Whether the model draws its latents, as far as its evaluation tells."""
    return not kl_per_dimension(evaluation) or any(kl_per_dimension(evaluation))


def _aside(figure: Figure, evaluation: Mapping[str, Any], words: Vocabulary) -> str:
    if figure.name in _OF_SAMPLING and not _samples(evaluation):
        return "no sampling"
    if figure.name == "active_units":
        return f"of {len(kl_per_dimension(evaluation))}" if kl_per_dimension(evaluation) else ""
    named = ((("chance", figure.chance),) if figure.chance else ()) + figure.beside
    values = [(words, number(evaluation, figure.section, name)) for words, name in named]
    told = [f"{words} {figure.form.format(value * figure.scale)}" for words, value in values if value is not None]
    part = evaluation.get(figure.section)
    fitted = part.get("fitted_on") if isinstance(part, Mapping) else None
    if figure.fitted and isinstance(fitted, Mapping) and isinstance(fitted.get(figure.fitted), str):
        on = fitted[figure.fitted].replace("instrument", words.instrument).replace("notes", f"{words.note}s")
        told.append(f"fitted on {on}")
    return ", ".join(told)


def kl_per_dimension(evaluation: Mapping[str, Any]) -> list[float]:
    """KL of each latent dimension in nats, largest first; empty where it was not measured."""
    return sorted(_latent_numbers(evaluation, "kl_per_dim"), reverse=True)


def explained_per_component(evaluation: Mapping[str, Any]) -> list[float]:
    """Share of the latents' variance in their first 1, 2, ... principal components; empty where it was not measured."""
    return _latent_numbers(evaluation, "pca_explained")


def _latent_numbers(evaluation: Mapping[str, Any], name: str) -> list[float]:
    latent = evaluation.get("latent")
    values = latent.get(name) if isinstance(latent, Mapping) else None
    if not isinstance(values, Sequence) or not all(isinstance(value, int | float) for value in values):
        return []
    return [float(value) for value in values if math.isfinite(value)]


@dataclass(frozen=True)
class PitchErrors:
    """MSE at one MIDI pitch, and on how many notes."""

    pitch: int
    mse: float
    notes: int


def errors_by_pitch(evaluation: Mapping[str, Any]) -> list[PitchErrors]:
    """MSE per MIDI pitch, lowest pitch first."""
    part = evaluation.get("reconstruction")
    found = part.get("by_pitch") if isinstance(part, Mapping) else None
    errors = []
    for pitch, entry in found.items() if isinstance(found, Mapping) else ():
        mse = number({"entry": entry}, "entry", "mse")
        if str(pitch).isascii() and str(pitch).isdecimal() and mse is not None:
            errors.append(PitchErrors(int(pitch), mse, int(number({"entry": entry}, "entry", "notes") or 0)))
    return sorted(errors, key=lambda error: error.pitch)


def pitch_rows(evaluations: Evaluations) -> list[tuple[int, list[float | None]]]:
    """(MIDI pitch, MSE of each checkpoint or None), lowest pitch first."""
    found = [{error.pitch: error.mse for error in errors_by_pitch(evaluation)} for evaluation in evaluations.values()]
    return [(pitch, [errors.get(pitch) for errors in found]) for pitch in sorted(set().union(*found))]


def measured_on(evaluations: Evaluations, words: Vocabulary = USUAL_WORDS) -> str:
    """A sentence that says on which notes, when all were measured on the same ones, or nothing."""
    first = next(iter(evaluations.values()), {})
    if not first.get("notes") or measured_differently(evaluations):
        return ""
    return f"Measured on the same {_notes(first.get('split'), first['notes'], first.get('instruments'), words)}."


def _notes(split: object, notes: object, instruments: object, words: Vocabulary) -> str:
    return f"{counted(notes, words.note)} of {counted(instruments, words.instrument)}, split {split}"


def _measured(evaluation: Mapping[str, Any]) -> tuple[str, Any, Any, tuple[tuple[int, int], ...]]:
    """On what was measured, as far as an evaluation tells: split, notes, instruments, and how many notes of each pitch."""
    by_pitch = tuple((error.pitch, error.notes) for error in errors_by_pitch(evaluation))
    return str(evaluation.get("split")), evaluation.get("notes"), evaluation.get("instruments"), by_pitch


_MANY_NOTES, _MANY_INSTRUMENTS = 100, 8  # from here on nothing is said


def few_notes(evaluation: Mapping[str, Any], words: Vocabulary = USUAL_WORDS) -> str:
    """A sentence that says how unsure figures are that were measured on few notes, or nothing.

    A share of n notes has a standard error of at most 1 / (2 sqrt(n)): twice that is what is told.
    """
    notes, instruments = (number({"all": evaluation}, "all", name) for name in ("notes", "instruments"))
    if not notes or notes >= _MANY_NOTES:
        return ""
    told = f"a share of {counted(int(notes), words.note)} is sure to {100 / math.sqrt(notes):.0f} points in 100"
    if instruments and instruments < _MANY_INSTRUMENTS:
        few = counted(int(instruments), words.instrument)
        told += f", and {few} {'says' if instruments == 1 else 'say'} little of others"
    return f"{told}: smaller differences may be chance"


def read_differently(features: Mapping[str, Hashable]) -> str:
    """A sentence that says so when checkpoints do not read the same features, or nothing."""
    if len(set(features.values())) < 2:
        return ""
    return (
        "These models read different features (spectra of other kinds, rates or ranges), so their errors do not compare: "
        "the best are marked only among those of the same features."
    )


def measured_differently(evaluations: Evaluations, words: Vocabulary = USUAL_WORDS) -> str:
    """A sentence that says so when the evaluations are not of the same notes, or nothing."""
    alike: list[tuple[Any, list[str]]] = []
    for name, evaluation in evaluations.items():
        what = _measured(evaluation)
        names = next((names for other, names in alike if other == what), None)
        if names is None:
            alike.append((what, [name]))
        else:
            names.append(name)
    if len(alike) < 2:
        return ""
    each = "; ".join(f"{', '.join(names)}: {_notes(what[0], what[1], what[2], words)}" for what, names in alike)
    return f"These were measured on different notes ({each}), so their figures do not compare exactly."


def each_measured_on(evaluations: Evaluations, words: Vocabulary = USUAL_WORDS) -> list[str]:
    """For each checkpoint, on which notes, when these are not the same ones; empty texts when they are."""
    if not measured_differently(evaluations):
        return [""] * len(evaluations)
    return [_notes(*_measured(evaluation)[:3], words) for evaluation in evaluations.values()]


def table_html(rows: Sequence[Row], names: Sequence[str], colours: Sequence[str], asides: Sequence[str] = ()) -> str:
    """The rows as an HTML table (class `tx-compare`): a column per checkpoint, each with its colour and what `asides` says."""
    heads = "".join(
        f'<th scope="col"><i style="background:{html.escape(colour)}"></i>{html.escape(name)}'
        + (f"<span>{html.escape(aside)}</span></th>" if aside else "</th>")
        for name, colour, aside in zip(names, colours, asides or [""] * len(names), strict=True)
    )
    lines = []
    for row in rows:
        cells = "".join(_cell_html(cell) for cell in row.cells)
        better = f" <small>({row.figure.better} is better)</small>" if row.figure.better else ""
        lines.append(
            f'<tr><th scope="row">{html.escape(row.figure.title)}{better}'
            f"<span>{html.escape(row.figure.meaning)}</span></th>{cells}</tr>"
        )
    return (
        f'<table class="tx-compare"><thead><tr><th scope="col">Figure</th>{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _cell_html(cell: Cell) -> str:
    if not cell.text:
        return '<td class="tx-none">not measured</td>'
    aside = f"<span>{html.escape(cell.aside)}</span>" if cell.aside else ""
    if cell.best:
        return f'<td class="tx-best"><b>{html.escape(cell.text)}</b> <em>best</em>{aside}</td>'
    return f"<td>{html.escape(cell.text)}{aside}</td>"
