"""How sure a figure is: bootstrap intervals over instruments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_DRAWS = 1000


def bootstrap(
    values: np.ndarray,
    groups: np.ndarray,
    statistic: Callable[[np.ndarray], float] = np.mean,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float] | None:
    """The interval in which a statistic of `values` (n,) lies with probability `level`, drawing whole groups with replacement.

    Notes of one instrument are alike: drawing notes would make figures look surer than they are (a cluster bootstrap, Davison
    & Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8; percentile intervals). `groups` (n,) are labels.
    NaN values are left out. None where fewer than two groups are left.
    """
    values = np.asarray(values, dtype=np.float64)
    groups = np.asarray(groups)[~np.isnan(values)]
    values = values[~np.isnan(values)]
    members = [values[groups == name] for name in np.unique(groups)]
    if len(members) < 2:
        return None
    random = np.random.default_rng(seed)
    drawn = random.integers(0, len(members), (_DRAWS, len(members)))
    found = [statistic(np.concatenate([members[index] for index in draw])) for draw in drawn]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
