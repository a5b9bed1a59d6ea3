"""The commands evaluate and project: the JSON that is a contract, bad files, wrong use, a map made again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tones import LATENTS, write_notes
from timbre_core.analysis.evaluation import evaluate
from timbre_core.checkpoint import Checkpoint, open_checkpoint
from timbre_core.cli import evaluate as evaluate_verb
from timbre_core.cli import project as project_verb
from timbre_core.cli.shell import command_parser, guarded
from timbre_core.datasets.library import Library, open_library


def contract() -> dict[str, Any]:
    """The keys that other tools rely on."""
    return {
        "": ["checkpoint", "notes", "instruments", "reconstruction", "latent", "control"],
        "reconstruction": ["l1", "l1_mean", "mse", "log_mel_mae_db", "by_pitch"],
        "latent": [
            *("kl_per_dim", "kl_total", "active_units", "pitch_probe_accuracy", "pitch_chance", "pitch_probe_r2"),
            *("family_probe_accuracy", "family_chance", "family_silhouette"),
        ],
        "control": ["within_50_cents", "within_octave_error", "notes"],
        "generalisation": [
            *("family_probe_accuracy", "family_probe_balanced", "family_majority", "family_probe_accuracy_mfcc"),
            *("retrieval_map", "retrieval_map_mfcc", "pitch_probe_accuracy", "pitch_probe_r2", "fitted_on"),
        ],
        "cross_pitch": ["pairs", "methods", "log_mel_db", "best_share"],
        "sound": ["inversion", "model"],
    }


def run(verb: Any, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command_parser(parser, verb)
    args = parser.parse_args(list(arguments))
    return guarded(lambda: args.run(args))


def test_evaluate_writes_the_contract(
    tone_checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "evaluation.json"
    again = tmp_path / "again.json"
    for path in (out, again):
        few = ["--control-notes", "4", "--pairs", "2", "--sound-notes", "3"]
        assert run(evaluate_verb, str(tone_checkpoint.path), *few, "--json", str(path)) == 0
    assert out.read_text() == again.read_text(), "the same command must give the same figures"
    result = json.loads(out.read_text(), parse_constant=pytest.fail)
    for part, keys in contract().items():
        assert set(keys) <= set(result[part] if part else result)
    assert result["checkpoint"] == "small"
    assert result["split"] == "unseen"
    assert result["instruments"] == 3
    assert result["control"]["notes"] == 4
    printed = capsys.readouterr().out
    assert f"{result['reconstruction']['l1']:.4f}" in printed
    assert "24 of 3 instruments" in printed
    assert "a share of 24 notes is sure to 20 points in 100, and 3 instruments say little of others" in printed
    assert "2 pairs of notes of one instrument (too few to tell methods apart)" in printed


def test_evaluate_goes_on_past_a_bad_file(
    tone_checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_notes(tmp_path / "other", {"flute_a": "flute", "organ_a": "organ"}, [50, 60, 70])
    (other / "audio" / "flute_a-060-100.wav").write_bytes(b"not audio")
    result = evaluate(tone_checkpoint, open_library([other]), control_notes=2, progress=False)
    assert result["notes"] == 5
    assert result["skipped"] == 1
    assert "flute_a-060-100" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit", "0"], "--limit 0"),
        (["--control-notes", "-1"], "--control-notes -1"),
        (["--pairs", "0"], "--pairs 0"),
        (["--sound-notes", "0"], "--sound-notes 0"),
        (["--ratings", "nowhere"], "nowhere"),
        (["--data", "nowhere"], "nowhere"),
        (["--device", "abacus"], "--device abacus"),
    ],
)
def test_evaluate_refuses_in_one_line(
    tone_checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(evaluate_verb, str(tone_checkpoint.path), *arguments) == 1
    error = capsys.readouterr().err.strip()
    assert error.startswith("error: ")
    assert message in error
    assert "\n" not in error


def test_project_rewrites_the_map(tone_checkpoint: Checkpoint, tone_library: Library) -> None:
    assert run(project_verb, str(tone_checkpoint.path), "--methods", "pca", "--limit", "12", "--keep-doubles") == 0
    latents = open_checkpoint(tone_checkpoint.path).latents
    assert latents is not None
    assert len(latents) == 12
    assert list(latents.columns[: len(tone_library.notes.columns)]) == list(tone_library.notes.columns)
    assert {"mu", "logvar", "trajectory", "recon_l1", "pca_1", "pca_2", "pca_3"} <= set(latents.columns)
    assert "umap_1" not in latents
    row = latents.iloc[3]
    assert len(row["mu"]) == len(row["logvar"]) == LATENTS
    # Kept latents are rounded to a 256th of their spread or finer.
    np.testing.assert_allclose(row["trajectory"].reshape(-1, LATENTS).mean(axis=0), row["mu"], atol=2e-3)
    assert open_checkpoint(tone_checkpoint.path).latents_roots == tone_library.roots
    before = (tone_checkpoint.path / "latents.parquet").read_bytes()
    assert run(project_verb, str(tone_checkpoint.path), "--methods", "mds") == 1
    assert (tone_checkpoint.path / "latents.parquet").read_bytes() == before
