"""Items on latent traits: simulate, fit, recover. 95 % intervals cover 95 %."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.fit import intervals
from alsight.infer.items.fit import fit_items
from alsight.models.latent.items import Items
from infer.item_people import PAIR, SMALL, item_people, item_truth
from montecarlo import proportion_tolerance

FULL = bool(os.environ.get("ALSIGHT_FULL"))
MANY = msgspec.structs.replace(PAIR, draws=128)
"""With 32 draws the correlation of two rates comes out a tenth too small."""


@pytest.mark.slow
@pytest.mark.parametrize(("model", "quick"), [(SMALL, 200), (MANY, 60)], ids=["one trait", "two traits"])
def test_intervals_cover(model: Items, quick: int, record_property: Callable[[str, object], None]) -> None:
    """Few sets may be left without a maximum (few events of a score), never many."""
    truth, sets = item_truth(model), 1000 if FULL else quick
    hits: list[np.ndarray] = []
    for seed in range(sets):
        fit = fit_items(item_people(10_000 + seed, 300, model), rate="~ bulbar", model=model)
        if fit.status != Status.CONVERGED:
            continue
        values = np.array([truth[name] for name in fit.names])
        low, high = intervals(fit.estimates, fit.errors(), [p.scale for p in fit.parameters], 0.95)
        hits.append((low <= values) & (values <= high))
    assert len(hits) >= 0.98 * sets
    covered = np.mean(hits, axis=0)
    record_property("coverage", dict(zip(fit.names, covered.tolist(), strict=True)))
    np.testing.assert_array_less(np.abs(covered - 0.95), proportion_tolerance(0.95, len(hits)))
