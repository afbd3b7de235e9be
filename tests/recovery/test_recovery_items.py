"""Items on latent traits: simulate, fit, recover. 95 % intervals cover 95 %."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.fit import intervals
from alsight.infer.items.fit import fit_items
from alsight.models.latent.items import Items
from infer.item_people import PAIR, SMALL, item_people, item_truth
from montecarlo import proportion_tolerance

SETS = 1000 if os.environ.get("ALSIGHT_FULL") else 40


@pytest.mark.slow
@pytest.mark.parametrize(("model", "visits"), [(SMALL, 6), (PAIR, 10)], ids=["one", "two"])
def test_intervals_cover(model: Items, visits: int, record_property: Callable[[str, object], None]) -> None:
    """One trait and two; few people may be left without a maximum (few events of a score), never many."""
    truth = item_truth(model)
    hits: list[np.ndarray] = []
    for seed in range(SETS):
        fit = fit_items(item_people(10_000 + seed, 300, model, visits), rate="~ bulbar", model=model)
        if fit.status != Status.CONVERGED:
            continue
        values = np.array([truth[name] for name in fit.names])
        low, high = intervals(fit.estimates, fit.errors(), [p.scale for p in fit.parameters], 0.95)
        hits.append((low <= values) & (values <= high))
    assert len(hits) >= 0.98 * SETS
    covered = np.mean(hits, axis=0)
    record_property("coverage", dict(zip(fit.names, covered.tolist(), strict=True)))
    np.testing.assert_array_less(np.abs(covered - 0.95), proportion_tolerance(0.95, len(hits)))
