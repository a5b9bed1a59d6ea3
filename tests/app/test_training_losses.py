"""Curves of losses on the page Training: what is drawn compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pages.training.runs import open_run
from tests.app.test_training_page import Open, figure, record, running, traces, training, write

__all__ = ["running", "training"]


def total_curves(app: Any) -> dict[str, list[float]]:
    """The curves of the first panel, by whether they are of training or validation."""
    dashes = {"dot": "training", "solid": "validation"}
    shown = [trace for trace in traces(app) if trace.get("xaxis", "x") == "x" and len(trace.get("x") or ()) > 1]
    return {dashes[trace["line"]["dash"]]: trace["y"] for trace in shown}


def test_total_losses_of_a_warm_up_compare(training: Open, running: Path) -> None:
    full, weight = 2.0, 1.0
    recipe = open_run("gamma", running).recipe
    assert recipe is not None
    assert (recipe.objective.beta, recipe.model.likelihood.weight) == (full, weight)
    losses = {"recon": 0.3, "kl_raw": 0.4, "kl_fb": 0.5}
    write(
        running,
        [
            record(
                epoch,
                beta=beta,
                train=losses | {"total": weight * 0.3 + beta * 0.5},
                val=losses | {"total": weight * 0.3 + full * 0.5},
            )
            for epoch, beta in ((1, 0.5), (2, 1.5), (3, full))
        ],
    )
    app = training(run=["gamma"])
    curves = total_curves(app)
    assert curves["training"] == pytest.approx(curves["validation"])
    assert "Total loss (at the full beta)" in [note["text"] for note in figure(app)["layout"]["annotations"]]
    (running / "recipe.yaml").write_text("name: [")
    app.run()
    assert total_curves(app)["training"] == pytest.approx([0.55, 1.05, 1.3]), "as recorded where weights are not known"
    assert "Total loss (training: epoch’s beta)" in [note["text"] for note in figure(app)["layout"]["annotations"]]
