"""Evaluations side by side: what is best, what is missing, what does not compare."""

from __future__ import annotations

import copy
import json
from itertools import combinations
from typing import Any

import pytest

from timbre_core.analysis.comparison import (
    compare,
    errors_by_pitch,
    few_notes,
    kl_per_dimension,
    measured_differently,
    measured_on,
    pitch_rows,
    read_differently,
    table_html,
)
from timbre_core.analysis.comparison_plots import (
    LINE_COLOURS,
    MOST_LINES,
    kl_plot,
    line_styles,
    pitch_plot,
    probe_plot,
    variance_plot,
)

A: dict[str, Any] = {
    "split": "test",
    "notes": 10,
    "instruments": 2,
    "reconstruction": {
        "l1": 0.1,
        "mse": 0.03,
        "by_pitch": {"61": {"mse": 0.04, "l1": 0.1, "notes": 4}, "60": {"mse": 0.02, "l1": 0.1, "notes": 6}},
    },
    "latent": {
        "kl_per_dim": [0.2, 1.0, 0.5],
        "kl_total": 1.7,
        "active_units": 3,
        "family_probe_accuracy": 0.9,
        "family_chance": 0.25,
        "pitch_probe_accuracy": 0.1,
        "pitch_chance": 0.05,
    },
    "control": {"within_50_cents": 0.85, "unvoiced": None},
}


def changed(**changes: Any) -> dict[str, Any]:
    """A with changes such as latent__kl_total=3."""
    other = copy.deepcopy(A)
    for path, value in changes.items():
        *sections, last = path.split("__")
        part = other
        for section in sections:
            part = part[section]
        part[last] = value
    return other


def marked(evaluations: dict[str, dict[str, Any]], features: dict[str, Any] | None = None) -> dict[str, list[bool]]:
    return {row.figure.name: [cell.best for cell in row.cells] for row in compare(evaluations, features)}


def test_the_best_is_one_of_those_that_compare() -> None:
    b, other = changed(reconstruction__l1=0.2), changed(reconstruction__l1=0.01)
    of = {"a": A, "b": b, "other": other}
    assert marked(of)["l1"] == [False, False, True]
    assert marked(of, {"a": "mel", "b": "mel", "other": "stft"})["l1"] == [True, False, False]
    assert marked(of, {"a": "mel", "b": "stft", "other": "bark"})["l1"] == [False, False, False]
    elsewhere = {**of, "other": changed(reconstruction__l1=0.01, notes=99)}
    assert marked(elsewhere)["l1"] == [True, False, False], "measured on other notes"
    assert read_differently({"a": "mel", "b": "mel"}) == ""
    assert "do not compare" in read_differently({"a": "mel", "b": "stft"})


def test_none_is_the_best_where_all_are_alike() -> None:
    same = {"a": changed(reconstruction__mse=0.0), "b": changed(reconstruction__l1=0.2, reconstruction__mse=0.0)}
    best = marked(same)
    assert best["mse"] == [False, False]
    assert best["l1"] == [True, False]


def test_the_best_of_each_row_is_marked() -> None:
    b = changed(reconstruction__l1=0.2, latent__family_probe_accuracy=0.95, latent__pitch_probe_accuracy=0.3)
    best = marked({"a": A, "b": b})
    assert best["l1"] == [True, False]
    assert best["family_probe_accuracy"] == [False, True]
    assert best["pitch_probe_accuracy"] == [True, False], "a timbre space does not hold the pitch"
    assert best["kl_total"] == [False, False], "neither more nor less information is better"
    assert "unvoiced" not in best, "what nobody has is no row"


def test_figures_that_are_written_alike_are_both_best() -> None:
    assert marked({"a": A, "b": changed(reconstruction__l1=0.100004), "c": changed(reconstruction__l1=0.11)})["l1"] == [
        True,
        True,
        False,
    ]


def test_cells_say_chance_and_what_is_missing() -> None:
    nan = changed(reconstruction__l1=float("nan"), reconstruction__mse="0.1", control={})
    rows = {row.figure.name: row.cells for row in compare({"a": A, "nan": nan})}
    assert rows["family_probe_accuracy"][0].text == "90.0 %"
    assert rows["family_probe_accuracy"][0].aside == "chance 25.0 %"
    assert rows["active_units"][0].aside == "of 3"
    assert [cell.text for cell in rows["l1"]] == ["0.1000", ""]
    assert rows["l1"][0].best is False, "one value alone is not the best"
    assert rows["mse"][1].text == "", "text is no number"
    assert rows["within_50_cents"][1].text == ""


def test_a_model_without_sampling_says_so() -> None:
    plain = changed(latent__kl_per_dim=[0.0, 0.0], latent__kl_total=0.0)
    row = next(row for row in compare({"a": A, "plain": plain}) if row.figure.name == "kl_total")
    assert [cell.aside for cell in row.cells] == ["", "no sampling"]


@pytest.mark.parametrize(
    "nonsense", [{}, {"latent": 3, "reconstruction": []}, {"reconstruction": {"by_pitch": {"x": 1}}}]
)
def test_nonsense_breaks_nothing(nonsense: dict[str, Any]) -> None:
    assert errors_by_pitch(nonsense) == []
    assert kl_per_dimension(nonsense) == []
    assert [cell.text for cell in compare({"a": A, "x": nonsense})[0].cells] == ["0.1000", ""]
    styles = line_styles(["a", "x"], ["a", "x"])
    for plot in (pitch_plot, probe_plot, kl_plot):
        assert plot({"a": A, "x": nonsense}, styles).data


def test_variance_explained_is_a_line_where_it_was_measured() -> None:
    styles = line_styles(["a", "x"], ["a", "x"])
    plot = variance_plot({"a": changed(latent__pca_explained=[0.6, 0.9, 1.0]), "x": A}, styles)
    assert [(line.name, tuple(line.y)) for line in plot.data] == [("a", (0.6, 0.9, 1.0))]


def test_pitches_and_dimensions_are_sorted() -> None:
    assert [(error.pitch, error.mse, error.notes) for error in errors_by_pitch(A)] == [(60, 0.02, 6), (61, 0.04, 4)]
    assert kl_per_dimension(A) == [1.0, 0.5, 0.2]
    other = changed(reconstruction__by_pitch={"59": {"mse": 0.5, "notes": 1}, "60": {"mse": 0.1, "notes": 1}})
    assert pitch_rows({"a": A, "b": other}) == [(59, [None, 0.5]), (60, [0.02, 0.1]), (61, [0.04, None])]


def test_other_notes_are_told() -> None:
    assert measured_differently({"a": A, "b": copy.deepcopy(A)}) == ""
    assert measured_on({"a": A, "b": copy.deepcopy(A)}) == "Measured on the same 10 notes of 2 instruments, split test."
    assert measured_on({"a": A, "b": changed(notes=12)}) == measured_on({}) == ""
    said = measured_differently({"a": A, "b": changed(notes=12)})
    assert "10 notes of 2 instruments, split test" in said
    assert "b: 12 notes" in said
    same_count = changed(reconstruction__by_pitch={"60": {"mse": 0.02, "notes": 5}, "61": {"mse": 0.02, "notes": 5}})
    assert measured_differently({"a": A, "b": same_count})


def test_text_from_data_is_no_markup() -> None:
    evil = "<script>alert(1)</script>"
    assert evil not in table_html(compare({evil: A}), [evil], ["#000000"])
    assert evil not in json.dumps(pitch_plot({evil: A}, line_styles([evil], [evil])).to_plotly_json(), default=str)


def test_lines_are_told_apart_by_colour_and_by_mark() -> None:
    names = [f"model-{n}" for n in range(20)]
    styles = line_styles(names[3:11], names)
    for one, other in combinations(styles.values(), 2):
        assert one.colour != other.colour
        assert one.symbol != other.symbol
    assert line_styles([names[3]], names)[names[3]] == styles[names[3]], "a line keeps its colour when others go"
    assert line_styles([names[1], names[9]], names)[names[1]].colour == LINE_COLOURS[1]
    with pytest.raises(ValueError, match="more than"):
        line_styles(names[: MOST_LINES + 1], names)


def test_probe_bars_have_their_chance_lines() -> None:
    plot = probe_plot({"a": A, "b": changed(latent__family_chance=0.5)}, line_styles("ab", "ab"))
    bars, chance = plot.data[:2], plot.data[-1]
    assert [list(bar.y) for bar in bars] == [[0.9, 0.1], [0.9, 0.1]]
    assert {level for level in chance.y if level is not None} == {0.25, 0.05, 0.5}
    left, right = chance.x[0], chance.x[1]
    assert left < bars[0].x[0] < right, "the line lies across its own bar"


def test_what_a_listener_would_notice_is_told_in_words() -> None:
    heard = {
        "generalisation": {"family_probe_accuracy": 0.43, "family_majority": 0.23, "family_probe_accuracy_mfcc": 0.26},
        "cross_pitch": {"log_mel_db": 5.7, "best_share": 0.2, "best_other_db": 4.1},
        "sound": {
            "model": {
                "stft": {"median": 1.06},
                "level_lu": {"median": -3.0, "size": 3.2},
                "vibrato_depth": {"median": None},
            },
            "inversion": {"stft": {"median": 0.46}},
        },
        "listening": {"agreement": 0.63, "mfcc": 0.693},
    }
    worse = copy.deepcopy(heard) | {"listening": {"agreement": 0.6, "mfcc": 0.693}}
    rows = {row.figure.title: row.cells for row in compare({"a": A | heard, "b": A | worse})}
    assert rows["Family of unseen instruments"][0].text == "43.0 %"
    assert rows["Family of unseen instruments"][0].aside == "commonest 23.0 %, MFCC 26.0 %"
    assert rows["At other pitches, error as heard"][0].aside == "best pitch shifter 4.1 dB"
    assert rows["Spectral distance of the sound"][0].text == "1.06"
    assert rows["Spectral distance of the sound"][0].aside == "without the model 0.46"
    assert rows["Loudness"][0].text == "3.2 LU"
    assert "Vibrato kept" not in rows
    assert [cell.best for cell in rows["Agrees with listeners"]] == [True, False]


def test_a_probe_says_on_what_it_was_fitted() -> None:
    told = changed(
        latent__fitted_on={"family_probe": "the same instruments as the notes asked about, at other pitches"}
    )
    row = next(row for row in compare({"a": told}) if row.figure.title == "Family found")
    assert row.cells[0].aside.endswith("fitted on the same instruments as the notes asked about, at other pitches")


def test_no_two_lines_or_bars_are_told_apart_by_colour_alone() -> None:
    names = [f"model-{number}" for number in range(MOST_LINES)]
    styles = line_styles(names, names)
    same = dict.fromkeys(names, A)
    for plot in (pitch_plot(same, styles), kl_plot(same, styles), variance_plot(same, styles)):
        assert len({trace.marker.symbol for trace in plot.data}) == len(plot.data)
    bars = [trace for trace in probe_plot(same, styles).data if trace.type == "bar"]
    assert len({bar.marker.pattern.shape for bar in bars}) == len(bars) == MOST_LINES


def test_few_notes_are_told() -> None:
    assert few_notes(changed(notes=100)) == ""
    assert few_notes({}) == few_notes({"notes": None}) == few_notes({"notes": "?"}) == ""
    told = few_notes(changed(notes=16, instruments=2))
    assert told.startswith("a share of 16 notes is sure to 25 points in 100, and 2 instruments say little of others")
    assert "others" not in few_notes(changed(notes=99, instruments=8))
