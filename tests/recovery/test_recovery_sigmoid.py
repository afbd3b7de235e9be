"""Sigmoid courses: simulate, fit, recover. 95 % intervals cover 95 %."""

from __future__ import annotations

import os

import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.fit import intervals
from alsight.infer.sigmoid import fit_sigmoid
from alsight.models.latent.sigmoid import Sigmoid
from infer.sigmoid_people import TRUTH, sigmoid_people
from montecarlo import proportion_tolerance

SETS = 1000 if os.environ.get("ALSIGHT_FULL") else 40


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["normal", "student"])
def test_intervals_cover(noise: str) -> None:
    sets, degrees = (SETS, np.inf) if noise == "normal" else (SETS if SETS == 1000 else SETS // 2, 5.0)
    truth = np.array([*TRUTH.values(), *([degrees] if noise == "student" else [])])
    model = Sigmoid(noise=noise)  # pyright: ignore[reportArgumentType]
    hits = np.zeros((sets, len(truth)), bool)
    for seed in range(sets):
        fit = fit_sigmoid(sigmoid_people(10_000 + seed, 200, degrees=degrees), d50="~ bulbar", model=model)
        assert fit.status == Status.CONVERGED
        low, high = intervals(fit.estimates, fit.errors(), [p.scale for p in fit.parameters], 0.95)
        hits[seed] = (low <= truth) & (truth <= high)
    np.testing.assert_array_less(np.abs(hits.mean(axis=0) - 0.95), proportion_tolerance(0.95, sets))
