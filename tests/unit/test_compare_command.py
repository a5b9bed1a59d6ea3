"""The command compare: saved evaluations side by side, the file that holds it all, and what it warns of."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.unit.test_comparison import A, changed
from timbre_core.__main__ import main
from timbre_core.checkpoint import default_checkpoints_folder


@pytest.fixture
def two(tiny_checkpoint: Path) -> list[Path]:
    """Two checkpoints with made-up evaluations."""
    other = tiny_checkpoint.with_name("other")
    shutil.copytree(tiny_checkpoint, other)
    (tiny_checkpoint / "evaluation.json").write_text(json.dumps(A))
    (other / "evaluation.json").write_text(json.dumps(changed(reconstruction__l1=0.2)))
    return [tiny_checkpoint, other]


def test_saved_evaluations_side_by_side(two: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert main(["compare", *map(str, two), "--html", str(page)]) == 0
    said = capsys.readouterr()
    assert re.search(r"Reconstruction L1 +0\.1000 \* +0\.2000", said.out)
    assert re.search(r"C4 \(60\) +0\.0200 +0\.0200", said.out)
    assert "evaluation.json" in said.err
    assert "different notes" not in said.err
    text = page.read_text(encoding="utf-8")
    assert text.count('class="plotly-graph-div"') == 3, "none of principal components, which nobody measured"
    assert "<h1>tiny, other</h1>" in text
    assert '<td class="tx-best"><b>0.1000</b>' in text
    # Nothing is fetched: no script, style or picture comes from an address.
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)


def test_what_is_no_timbre_space_does_not_count(two: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    others = [str(default_checkpoints_folder() / name) for name in ("mel-magnitude", "note-classifier")]
    assert main(["compare", *others, *map(str, two), *others[:1] * 5]) == 0
    assert capsys.readouterr().err.count("no timbre space.") == 7


def test_long_remarks_stand_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *(str(default_checkpoints_folder() / name) for name in ("nsynth-cvae", "nsynth-vae"))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) < 140
    below = [line.partition(" ")[0] for line in lines if re.match(r"\[\d\]", line)]
    assert below
    for number in below:
        assert any(number in line and not line.startswith("[") for line in lines), "each is asked for in the table"


def test_digits_are_called_digits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoken = [str(default_checkpoints_folder() / name) for name in ("fsdd-mel-vae", "fsdd-stft-vae")]
    page, kept = tmp_path / "page.html", tmp_path / "figures.json"
    assert main(["compare", *spoken, "--html", str(page), "--json", str(kept)]) == 0
    said = capsys.readouterr().out
    assert "Digit found" in said
    assert "Family" not in said
    assert "MSE per pitch" not in said, "digits have none"
    text = page.read_text(encoding="utf-8")
    assert "of 6 speakers, split test" in text
    assert "per pitch" not in text
    assert text.count('class="plotly-graph-div"') == 3
    figures = json.loads(kept.read_text())
    assert list(figures) == ["fsdd-mel-vae", "fsdd-stft-vae"]
    assert f"{figures['fsdd-mel-vae']['reconstruction']['l1']:.4f}" in said


def test_a_warning_when_they_were_measured_on_other_notes(two: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    (two[1] / "evaluation.json").write_text(json.dumps(changed(notes=99)))
    assert main(["compare", *map(str, two)]) == 0
    assert "warning: These were measured on different notes" in capsys.readouterr().err


def test_measured_on_the_same_notes(
    two: list[Path], tiny_nsynth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [
        "--data",
        str(tiny_nsynth),
        "--octave",
        "off",
        "--limit",
        "12",
        "--only",
        "reconstruction",
        "generalisation",
    ]
    assert main(["compare", *map(str, two), *options]) == 0
    said = capsys.readouterr().out
    line = next(line for line in said.splitlines() if line.startswith("Reconstruction L1"))
    first, second = re.findall(r"\d\.\d{4}", line)
    assert first == second != "0.1000", "the same weights on the same notes"
    assert "*" not in line, "neither is the best"
    assert "Family of unseen instruments" in said
    assert "Plays the pitch asked for" not in said, "what was not asked for"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{0}"], "name 2 to"),
        (["{0}", "{0}"], "named twice"),
        (["{0}", "nowhere"], "no such checkpoint folder"),
        (["{0}", "{1}", "--limit", "0"], "choose 1 or more"),
        (["{0}"] * 9, "9 timbre spaces given: name 2 to"),
        (["{0}", "{1}", "--html", "{0}"], "it is a folder"),
        (["{0}", "{0}", "--html", "README.md/x.html"], "--html README.md: README.md is a file"),
        (["{0}", "{1}", "--control-notes", "-1"], "choose 0 or more"),
        (["{0}", "mnist-vae", "--data", "starter"], "mnist-vae: of pictures, the others of sounds"),
        (["{0}", "{1}", "--json", "README.md/x.json"], "--json README.md: README.md is a file"),
    ],
)
def test_wrong_use_is_told_in_one_line(
    two: list[Path], arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *(argument.format(*two) for argument in arguments)]) == 1
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said


def test_instruments_that_a_recipe_holds_out_are_not_missed_elsewhere(
    two: list[Path], tiny_nsynth: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = two[0] / "recipe.yaml"
    recipe.write_text(re.sub(r"held_out: \[\]", "held_out: [nobody]", recipe.read_text()))
    assert "nobody" in recipe.read_text()
    options = ["--data", str(tiny_nsynth), "--octave", "off", "--limit", "4", "--only", "reconstruction"]
    assert main(["compare", *map(str, two), *options]) == 0
    assert "nobody" not in capsys.readouterr().err


def test_inverters_are_compared_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "mel-inverter", "mel-magnitude"]) == 1
    assert "evaluate SPACE --inverters" in capsys.readouterr().err


def test_one_that_was_never_evaluated(two: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    (two[1] / "evaluation.json").unlink()
    assert main(["compare", *map(str, two)]) == 1
    assert "never evaluated: give --data" in capsys.readouterr().err
