"""Which sounds of one's own library may be the same recording, before they are heard."""

from __future__ import annotations

import numpy as np

from timbre_core.datasets.duplicates import Near, alike_groups
from timbre_core.features.recording import BANDS


def test_sounds_that_may_be_the_same_are_grouped_through_others() -> None:
    marks = np.zeros((6, BANDS), np.float32)
    turned = np.array([0.0, 0.1, 0.2, 2.0, 2.1, 1.0])  # radians: neighbours are within reach, their neighbours not
    marks[:, 0], marks[:, 1] = np.cos(turned), np.sin(turned)
    assert [group.tolist() for group in alike_groups(Near(marks))] == [[0, 1, 2], [3, 4]]
    assert alike_groups(Near(marks[:1])) == []
