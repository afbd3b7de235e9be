"""Mixtures of classes: simulate, fit, recover. 95 % intervals cover 95 %."""

from __future__ import annotations

import os

import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.fit import intervals
from alsight.infer.mixture.fit import fit_mixture
from alsight.models.latent.mixture import Mixture
from infer.mixture_people import TRUTH, mixture_people
from montecarlo import proportion_tolerance

SETS = 1000 if os.environ.get("ALSIGHT_FULL") else 40


@pytest.mark.slow
def test_intervals_cover() -> None:
    truth = np.array(list(TRUTH.values()))
    hits = np.zeros((SETS, len(truth)), bool)
    for seed in range(SETS):
        table = mixture_people(10_000 + seed, 300)
        fit = fit_mixture(table, "score ~ months", member="~ bulbar", model=Mixture(starts=2))
        assert fit.status == Status.CONVERGED
        low, high = intervals(fit.estimates, fit.errors(), [p.scale for p in fit.parameters], 0.95)
        hits[seed] = (low <= truth) & (truth <= high)
    np.testing.assert_array_less(np.abs(hits.mean(axis=0) - 0.95), proportion_tolerance(0.95, SETS))
