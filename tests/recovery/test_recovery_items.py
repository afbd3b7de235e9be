"""Items model: simulate, fit, recover. 95 % intervals cover 95 %."""

from __future__ import annotations

import os

import msgspec
import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.fit import intervals
from alsight.infer.items.fit import fit_items
from infer.item_people import PAIR, RATE, SLOPES, THRESHOLDS, item_people
from montecarlo import proportion_tolerance

SETS = 1000 if os.environ.get("ALSIGHT_FULL") else 60


@pytest.mark.slow
def test_intervals_cover() -> None:
    items = [value for slope, steps in zip(SLOPES, THRESHOLDS, strict=True) for value in (slope, *steps)]
    # Correlations pair by pair: levels 0.5, each level with its own rate 0.3, with the other's 0, rates 0.6.
    tail = [RATE["sd"], RATE["sd"], 0.5, 0.3, 0.0, 0.0, 0.3, 0.6]
    truth = np.array([*items, *items, *[RATE["mean"], RATE["bulbar"]] * 2, *tail])
    model = msgspec.structs.replace(PAIR, draws=48)
    hits = np.zeros((SETS, len(truth)), bool)
    for seed in range(SETS):
        fit = fit_items(item_people(10_000 + seed, 300, PAIR), rate="~ bulbar", model=model)
        assert fit.status == Status.CONVERGED
        low, high = intervals(fit.estimates, fit.errors(), [p.scale for p in fit.parameters], 0.95)
        hits[seed] = (low <= truth) & (truth <= high)
    np.testing.assert_array_less(np.abs(hits.mean(axis=0) - 0.95), proportion_tolerance(0.95, SETS))
    # All parameters together say more than each alone; their estimates are correlated, so a mean over sets is compared.
    spread = hits.mean(axis=1).std() / np.sqrt(SETS)
    assert abs(hits.mean() - 0.95) < 4 * spread
