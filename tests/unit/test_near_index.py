"""The nearest of many points, before and after an index is made."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.analysis.near_index import NearIndex


def test_most_of_the_nearest_are_found_and_their_distances_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).normal(size=(4000, 8)).astype(np.float32)
    index = NearIndex(points)
    wanted = [np.argsort(np.linalg.norm(points - points[row], axis=1), kind="stable")[:10] for row in range(40)]
    with_index = index.ready()
    for found_by in (True, False):
        if not found_by:
            monkeypatch.setattr(index, "_index", None)
        hits = 0
        for row, near in enumerate(wanted):
            found = index.nearest(points[row], 10)
            assert found[0] == (row, 0.0)
            assert [distance for _, distance in found] == sorted(distance for _, distance in found)
            for place, distance in found:
                assert distance == pytest.approx(float(np.linalg.norm(points[place] - points[row])), abs=1e-5)
            hits += len({place for place, _ in found} & set(near.tolist()))
        assert hits >= (380 if found_by and with_index else 400)
